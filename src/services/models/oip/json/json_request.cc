#include "services/models/oip/json/json_request.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "services/models/oip/json/json_fields.h"
#include "services/models/oip/json/json_tensor_reader.h"
#include "services/models/oip/json/padded_json.h"

namespace starling::models::oip {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view kBinarySize = "binary_data_size";
constexpr std::string_view kBinaryOutput = "binary_data_output";
constexpr std::string_view kBinary = "binary_data";

// One request being read. simdjson goes from front to back once, and `data` may come before the shape that it needs: then it is passed
// over and read at the end.
class RequestReader {
 public:
  RequestReader(const PaddedJson& json, Bytes binary) : json_(json), binary_(std::move(binary)) {}

  absl::StatusOr<JsonInferRequest> Read() {
    RETURN_IF_ERROR(ReadDocument([this](ondemand::object& object) {
      return ReadMembers(object, "the request", [this](std::string_view key, ondemand::value value) {
        return ReadField(key, value);
      });
    }));
    if (!has_inputs_) return InvalidArgument("'inputs' is missing.");
    RETURN_IF_ERROR(CheckNames(result_.request.inputs, "input"));
    RETURN_IF_ERROR(CheckNames(result_.request.outputs, "output"));
    if (!binary_.empty()) {
      return InvalidArgument("Behind the tensors that the JSON names there are ", binary_.size(),
                             " more bytes.");
    }
    if (auto all = result_.request.parameters.Bool(kBinaryOutput); !all.ok())
      return all.status();
    else
      result_.binary.all = all->value_or(false);
    return std::move(result_);
  }

  absl::StatusOr<InferInput> ReadOneInput() {
    InferInput input;
    RETURN_IF_ERROR(ReadDocument([&](ondemand::object& object) -> absl::Status {
      ASSIGN_OR_RETURN(input, ReadInput(object));
      return absl::OkStatus();
    }));
    return input;
  }

 private:
  template <typename Read>
  absl::Status ReadDocument(Read&& read) {
    ondemand::document document;
    if (const auto error = Parser().iterate(json_.view()).get(document)) return MalformedJson(error);
    ondemand::object object;
    if (document.get_object().get(object)) return InvalidArgument("The request must be a JSON object.");
    RETURN_IF_ERROR(read(object));
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      return InvalidArgument("The request is not valid JSON: something follows its end.");
    }
    return absl::OkStatus();
  }

  // Keeps what it has allocated for the next request on this thread.
  static ondemand::parser& Parser() {
    thread_local ondemand::parser parser;
    return parser;
  }

  absl::Status ReadField(std::string_view key, ondemand::value value) {
    InferRequest& request = result_.request;
    if (key == "id") {
      ASSIGN_OR_RETURN(request.id, ReadText(value, "'id'"));
    } else if (key == "parameters") {
      ASSIGN_OR_RETURN(request.parameters, ReadParameters(value, "the request"));
    } else if (key == "inputs") {
      has_inputs_ = true;
      return ReadList(value, "'inputs'", [this](ondemand::object& object) -> absl::Status {
        ASSIGN_OR_RETURN(InferInput input, ReadInput(object));
        result_.request.inputs.push_back(std::move(input));
        return absl::OkStatus();
      });
    } else if (key == "outputs") {
      return ReadList(value, "'outputs'", [this](ondemand::object& object) { return ReadOutput(object); });
    }
    return absl::OkStatus();
  }

  template <typename Read>
  static absl::Status ReadList(ondemand::value value, std::string_view name, Read&& read) {
    ondemand::array items;
    if (value.get_array().get(items)) return InvalidArgument(name, " must be a list of objects.");
    for (auto item : items) {
      ondemand::object object;
      if (item.get_object().get(object)) return InvalidArgument(name, " must be a list of objects.");
      RETURN_IF_ERROR(read(object));
    }
    return absl::OkStatus();
  }

  // What is known of an input while its members come.
  struct Draft {
    InferInput input;
    bool has_name = false, has_datatype = false, has_shape = false, has_data = false;
    std::string_view late_data;  // `data` that came too early
    std::string Where(std::string_view what) const {
      return has_name ? StrCat("'", what, "' of input '", input.name, "'")
                      : StrCat("'", what, "' of an input");
    }
  };

  absl::StatusOr<InferInput> ReadInput(ondemand::object& object) {
    Draft draft;
    RETURN_IF_ERROR(ReadMembers(object, "an input", [&](std::string_view key, ondemand::value value) {
      return ReadInputField(key, value, &draft);
    }));
    InferInput& input = draft.input;
    if (!draft.has_name) return InvalidArgument("An input has no 'name'.");
    if (!draft.has_datatype) return InvalidArgument("Input '", input.name, "' has no 'datatype'.");
    if (!draft.has_shape) return InvalidArgument("Input '", input.name, "' has no 'shape'.");
    if (!draft.late_data.empty()) RETURN_IF_ERROR(ReadLateData(&draft));
    ASSIGN_OR_RETURN(const auto binary, input.parameters.Count(kBinarySize));
    if (binary.has_value() || InSharedMemory(input.parameters)) {
      if (draft.has_data) {
        return InvalidArgument("Input '", input.name,
                               "' has 'data', and parameters that say it lies elsewhere.");
      }
      if (binary.has_value()) RETURN_IF_ERROR(TakeBinary(*binary, &input));
    } else if (!draft.has_data) {
      return InvalidArgument("Input '", input.name, "' has no 'data'.");
    }
    return std::move(input);
  }

  absl::Status ReadInputField(std::string_view key, ondemand::value value, Draft* draft) {
    InferInput& input = draft->input;
    if (key == "name") {
      ASSIGN_OR_RETURN(input.name, ReadText(value, "'name' of an input"));
      draft->has_name = true;
    } else if (key == "datatype") {
      ASSIGN_OR_RETURN(const std::string name, ReadText(value, draft->Where("datatype")));
      const auto datatype = inference::ParseDataType(name);
      if (!datatype.ok()) return InvalidArgument(draft->Where("datatype"), ": ", Message(datatype.status()));
      input.datatype = *datatype;
      draft->has_datatype = true;
    } else if (key == "shape") {
      ASSIGN_OR_RETURN(input.shape, ReadShape(value, draft->Where("shape")));
      draft->has_shape = true;
    } else if (key == "parameters") {
      ASSIGN_OR_RETURN(input.parameters, ReadParameters(value, draft->Where("parameters")));
    } else if (key == "data") {
      draft->has_data = true;
      if (draft->has_name && draft->has_datatype && draft->has_shape) return ReadData(value, &input);
      ondemand::array list;
      if (value.get_array().get(list)) return NoList(input);
      if (const auto error = list.raw_json().get(draft->late_data)) return MalformedJson(error);
    }
    return absl::OkStatus();
  }

  static absl::Status NoList(const InferInput& input) {
    return InvalidArgument("'data' of input '", input.name, "' must be a list.");
  }

  absl::Status ReadData(ondemand::value value, InferInput* input) {
    ondemand::array list;
    if (value.get_array().get(list)) return NoList(*input);
    return ReadList(list, input);
  }

  absl::Status ReadList(ondemand::array list, InferInput* input) {
    ASSIGN_OR_RETURN(inference::Tensor tensor,
                     ReadJsonTensor(input->name, list, input->datatype, input->shape, json_.view().size()));
    input->data = std::move(tensor.data);
    return absl::OkStatus();
  }

  absl::Status ReadLateData(Draft* draft) {
    ondemand::parser parser;  // the other one is in the middle of the document
    ondemand::document document;
    if (const auto error = parser.iterate(json_.Part(draft->late_data)).get(document))
      return MalformedJson(error);
    ondemand::array list;
    if (document.get_array().get(list)) return NoList(draft->input);
    return ReadList(list, &draft->input);
  }

  absl::Status TakeBinary(uint64_t size, InferInput* input) {
    if (size > binary_.size()) {
      return InvalidArgument("Input '", input->name, "' has the binary_data_size ", size, ", and ",
                             binary_.size(), " bytes are left behind the JSON.");
    }
    input->data = binary_.Slice(0, size);
    binary_ = binary_.Slice(size);
    ASSIGN_OR_RETURN(inference::Tensor tensor, TensorOf(*input));
    input->data = std::move(tensor.data);
    return absl::OkStatus();
  }

  absl::Status ReadOutput(ondemand::object& object) {
    InferRequestedOutput output;
    RETURN_IF_ERROR(
        ReadMembers(object, "an output", [&](std::string_view key, ondemand::value value) -> absl::Status {
          if (key == "name") {
            ASSIGN_OR_RETURN(output.name, ReadText(value, "'name' of an output"));
          } else if (key == "parameters") {
            ASSIGN_OR_RETURN(output.parameters, ReadParameters(value, "an output"));
          }
          return absl::OkStatus();
        }));
    ASSIGN_OR_RETURN(const auto binary, output.parameters.Bool(kBinary));
    if (binary.has_value()) result_.binary.each[output.name] = *binary;
    result_.request.outputs.push_back(std::move(output));
    return absl::OkStatus();
  }

  const PaddedJson& json_;
  Bytes binary_;  // not yet taken
  JsonInferRequest result_;
  bool has_inputs_ = false;
};

}  // namespace

absl::StatusOr<JsonInferRequest> ReadJsonRequest(const Bytes& body, size_t json_bytes) {
  if (json_bytes > body.size()) {
    return InvalidArgument("The JSON is said to have ", json_bytes, " bytes; the body has ", body.size(),
                           ".");
  }
  const PaddedJson json(body.view().substr(0, json_bytes));
  return RequestReader(json, body.Slice(json_bytes)).Read();
}

absl::StatusOr<InferInput> ReadJsonInput(std::string_view text) {
  const PaddedJson json(text);
  return RequestReader(json, Bytes()).ReadOneInput();
}

}  // namespace starling::models::oip
