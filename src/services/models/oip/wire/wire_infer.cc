#include "services/models/oip/wire/wire_infer.h"

#include <cstring>
#include <utility>

#include "base/status.h"
#include "services/models/oip/wire/wire.h"
#include "services/models/oip/wire/wire_contents.h"
#include "services/models/oip/wire/wire_parameters.h"

namespace starling::models::oip {
namespace {

using Type = WireReader::Type;

// The fields of ModelInferRequest and ModelInferResponse, which have the first four in common.
enum MessageField : uint32_t {
  kModelName = 1,
  kModelVersion = 2,
  kId = 3,
  kParameters = 4,
  kRequestInputs = 5,
  kRequestOutputs = 6,
  kRawInputs = 7,
  kResponseOutputs = 5,
  kRawOutputs = 6,
};
// Of InferInputTensor and InferOutputTensor.
enum TensorField : uint32_t { kName = 1, kDatatype = 2, kShape = 3, kTensorParameters = 4, kContents = 5 };

struct WireTensor {
  std::string name;
  inference::DataType datatype = inference::DataType::kFp32;
  inference::Shape shape;
  Parameters parameters;
  std::vector<std::string_view> contents;
};

absl::StatusOr<WireTensor> ReadTensor(const WireReader& field) {
  if (field.type() != Type::kLengthDelimited) return MalformedMessage();
  WireTensor tensor;
  bool has_datatype = false;
  WireReader reader(field.bytes());
  while (reader.Next()) {
    switch (reader.field()) {
      case kName: {
        ASSIGN_OR_RETURN(tensor.name, WireText(reader));
        break;
      }
      case kDatatype: {
        const auto datatype = inference::ParseDataType(reader.bytes());
        if (!datatype.ok())
          return InvalidArgument("Datatype of tensor '", tensor.name, "': ", Message(datatype.status()));
        tensor.datatype = *datatype;
        has_datatype = true;
        break;
      }
      case kShape:
        RETURN_IF_ERROR(AppendWireShape(reader, &tensor.shape));
        break;
      case kTensorParameters:
        RETURN_IF_ERROR(AddWireParameter(reader, &tensor.parameters));
        break;
      case kContents:
        if (reader.type() != Type::kLengthDelimited) return MalformedMessage();
        tensor.contents.push_back(reader.bytes());
        break;
      default:
        break;
    }
  }
  if (!reader.ok()) return MalformedMessage();
  if (!has_datatype) return InvalidArgument("Tensor '", tensor.name, "' has no datatype.");
  return tensor;
}

absl::StatusOr<InferRequestedOutput> ReadRequestedOutput(const WireReader& field) {
  if (field.type() != Type::kLengthDelimited) return MalformedMessage();
  InferRequestedOutput output;
  WireReader reader(field.bytes());
  while (reader.Next()) {
    if (reader.field() == 1) {
      ASSIGN_OR_RETURN(output.name, WireText(reader));
    } else if (reader.field() == 2) {
      RETURN_IF_ERROR(AddWireParameter(reader, &output.parameters));
    }
  }
  if (!reader.ok()) return MalformedMessage();
  return output;
}

// One of the fields that both messages have; false if it is none of them.
template <typename Message>
absl::StatusOr<bool> ReadCommon(const WireReader& reader, Message* message) {
  switch (reader.field()) {
    case kModelName: {
      ASSIGN_OR_RETURN(message->model_name, WireText(reader));
      return true;
    }
    case kModelVersion: {
      ASSIGN_OR_RETURN(message->model_version, WireText(reader));
      return true;
    }
    case kId: {
      ASSIGN_OR_RETURN(message->id, WireText(reader));
      return true;
    }
    case kParameters:
      RETURN_IF_ERROR(AddWireParameter(reader, &message->parameters));
      return true;
    default:
      return false;
  }
}

template <typename Message>
void AppendCommon(const Message& message, std::string* out) {
  AppendTextField(kModelName, message.model_name, out);
  AppendTextField(kModelVersion, message.model_version, out);
  AppendTextField(kId, message.id, out);
  AppendParameterFields(kParameters, message.parameters, out);
}

void AppendTensor(uint32_t field, std::string_view name, inference::DataType datatype,
                  const inference::Shape& shape, const Parameters& parameters, std::string* out) {
  std::string tensor;
  AppendTextField(kName, name, &tensor);
  AppendTextField(kDatatype, inference::Name(datatype), &tensor);
  AppendShapeField(kShape, shape, &tensor);
  AppendParameterFields(kTensorParameters, parameters, &tensor);
  AppendBytesField(field, tensor, out);
}

// Gives each input its elements, from wherever they are.
absl::Status FillInputs(const Bytes& message, const std::vector<WireTensor>& tensors,
                        const std::vector<std::string_view>& raw, InferRequest* request) {
  size_t next = 0;
  for (const WireTensor& tensor : tensors) {
    InferInput input{tensor.name, tensor.datatype, tensor.shape, tensor.parameters, Bytes()};
    if (InSharedMemory(input.parameters)) {
      if (!tensor.contents.empty())
        return InvalidArgument("Input '", input.name, "' has contents, and lies in shared memory.");
    } else if (raw.empty() && !tensor.contents.empty()) {
      ASSIGN_OR_RETURN(auto made, ReadContents(input.name, input.datatype, input.shape, tensor.contents));
      input.data = std::move(made.data);
    } else {
      if (!tensor.contents.empty()) {
        return InvalidArgument("Input '", input.name,
                               "' has contents; with raw_input_contents all inputs must be there.");
      }
      if (next < raw.size())
        input.data = SliceOf(message, raw[next++]);
      else if (!raw.empty())
        return InvalidArgument("raw_input_contents has nothing for input '", input.name, "'.");
      ASSIGN_OR_RETURN(auto checked, TensorOf(input));
      input.data = std::move(checked.data);
    }
    request->inputs.push_back(std::move(input));
  }
  if (next != raw.size())
    return InvalidArgument("raw_input_contents has ", raw.size(), " items for ", next, " inputs.");
  return absl::OkStatus();
}

}  // namespace

size_t WireMessage::size() const {
  size_t bytes = head.size();
  for (const Bytes& one : raw) bytes += 1 + VarintBytes(one.size()) + one.size();
  return bytes;
}

absl::StatusOr<InferRequest> ReadInferRequest(const Bytes& message) {
  InferRequest request;
  std::vector<WireTensor> tensors;
  std::vector<std::string_view> raw;
  WireReader reader(message.view());
  while (reader.Next()) {
    ASSIGN_OR_RETURN(const bool common, ReadCommon(reader, &request));
    if (common) continue;
    if (reader.field() == kRequestInputs) {
      ASSIGN_OR_RETURN(WireTensor tensor, ReadTensor(reader));
      tensors.push_back(std::move(tensor));
    } else if (reader.field() == kRequestOutputs) {
      ASSIGN_OR_RETURN(InferRequestedOutput output, ReadRequestedOutput(reader));
      request.outputs.push_back(std::move(output));
    } else if (reader.field() == kRawInputs) {
      if (reader.type() != Type::kLengthDelimited) return MalformedMessage();
      raw.push_back(reader.bytes());
    }
  }
  if (!reader.ok()) return MalformedMessage();
  RETURN_IF_ERROR(FillInputs(message, tensors, raw, &request));
  RETURN_IF_ERROR(CheckNames(request.inputs, "input"));
  RETURN_IF_ERROR(CheckNames(request.outputs, "output"));
  return request;
}

WireMessage WriteInferRequest(const InferRequest& request) {
  WireMessage message{.head = {}, .raw_field = kRawInputs, .raw = {}};
  AppendCommon(request, &message.head);
  for (const InferInput& input : request.inputs) {
    AppendTensor(kRequestInputs, input.name, input.datatype, input.shape, input.parameters, &message.head);
    if (!InSharedMemory(input.parameters)) message.raw.push_back(input.data);
  }
  for (const InferRequestedOutput& output : request.outputs) {
    std::string one;
    AppendTextField(1, output.name, &one);
    AppendParameterFields(2, output.parameters, &one);
    AppendBytesField(kRequestOutputs, one, &message.head);
  }
  return message;
}

absl::StatusOr<InferResponse> ReadInferResponse(const Bytes& message) {
  InferResponse response;
  std::vector<std::string_view> raw;
  WireReader reader(message.view());
  while (reader.Next()) {
    ASSIGN_OR_RETURN(const bool common, ReadCommon(reader, &response));
    if (common) continue;
    if (reader.field() == kResponseOutputs) {
      ASSIGN_OR_RETURN(WireTensor tensor, ReadTensor(reader));
      response.outputs.push_back({std::move(tensor.name),
                                  std::move(tensor.parameters),
                                  {tensor.datatype, std::move(tensor.shape), Bytes()}});
    } else if (reader.field() == kRawOutputs) {
      if (reader.type() != Type::kLengthDelimited) return MalformedMessage();
      raw.push_back(reader.bytes());
    }
  }
  if (!reader.ok() || raw.size() != response.outputs.size()) return MalformedMessage();
  for (size_t i = 0; i < raw.size(); ++i) {
    InferOutput& output = response.outputs[i];
    if (InSharedMemory(output.parameters)) continue;
    ASSIGN_OR_RETURN(output.tensor, TensorOf({output.name, output.tensor.datatype, output.tensor.shape,
                                              output.parameters, SliceOf(message, raw[i])}));
  }
  return response;
}

WireMessage WriteInferResponse(const InferResponse& response) {
  WireMessage message{.head = {}, .raw_field = kRawOutputs, .raw = {}};
  AppendCommon(response, &message.head);
  for (const InferOutput& output : response.outputs) {
    AppendTensor(kResponseOutputs, output.name, output.tensor.datatype, output.tensor.shape,
                 output.parameters, &message.head);
    // Clients find an output's bytes by its place, so that one in shared memory has an empty one.
    message.raw.push_back(InSharedMemory(output.parameters) ? Bytes() : output.tensor.data);
  }
  return message;
}

WireMessage WriteStreamedInfer(std::string_view error_message, const InferResponse& response) {
  if (!error_message.empty()) {
    WireMessage message;
    AppendBytesField(kStreamedError, error_message, &message.head);
    return message;
  }
  WireMessage inner = WriteInferResponse(response);
  std::string head;
  AppendTag(kStreamedResponse, Type::kLengthDelimited, &head);
  AppendVarint(inner.size(), &head);
  inner.head.insert(0, head);
  return inner;
}

}  // namespace starling::models::oip
