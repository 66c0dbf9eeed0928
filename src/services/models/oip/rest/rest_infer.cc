#include "services/models/oip/rest/rest_infer.h"

#include <charconv>
#include <optional>
#include <utility>

#include "base/status.h"
#include "core/http/gzip.h"
#include "core/rpc/convert.h"
#include "services/models/oip/infer_message.h"
#include "services/models/oip/open_inference_contract.h"

namespace starling::models::oip {
namespace {

using http::AdapterCall;

constexpr std::string_view kHeaderLength = "inference-header-content-length";
// So much JSON takes less than 200 microseconds.
constexpr size_t kLoopBytes = 64 * 1024;
constexpr size_t kLoopElements = 8 * 1024;
constexpr size_t kMostUnpacked = 256 * 1024 * 1024;

// How long the JSON in front of the body is; nullopt: the body is nothing else.
absl::StatusOr<std::optional<size_t>> JsonBytes(const http::Request& request) {
  const auto header = request.headers.Get(kHeaderLength);
  if (!header.has_value()) return std::optional<size_t>();
  size_t bytes = 0;
  const auto [end, error] = std::from_chars(header->data(), header->data() + header->size(), bytes);
  if (error != std::errc() || end != header->data() + header->size()) {
    return InvalidArgument("The header Inference-Header-Content-Length must be a number of bytes.");
  }
  return std::optional<size_t>(bytes);
}

absl::StatusOr<Bytes> Unpacked(const http::Request& request, Bytes body) {
  const auto coding = request.headers.Get("content-encoding");
  if (!coding.has_value() || *coding == "identity") return body;
  if (*coding != "gzip")
    return InvalidArgument("The content-encoding '", *coding, "' is not supported; gzip is.");
  auto plain = http::Gunzip(body.view(), kMostUnpacked);
  if (plain.ok()) return Bytes(*std::move(plain));
  if (plain.status().code() == absl::StatusCode::kResourceExhausted) return plain.status();
  return InvalidArgument("The body is not one gzip stream.");
}

// The one free size of a shape, so that `bytes` fill it.
absl::StatusOr<inference::Shape> DeducedShape(const std::string& name, inference::DataType datatype,
                                              inference::Shape shape, bool batched, size_t bytes) {
  const auto undeducible = [&] {
    return InvalidArgument("Input '", name, "': its shape can't be told from ", bytes,
                           " bytes; send it in JSON.");
  };
  if (batched && !shape.empty()) shape[0] = 1;
  int64_t* free = nullptr;
  int64_t known = 1;
  for (int64_t& size : shape) {
    if (size >= 0)
      known *= size;
    else if (free == nullptr)
      free = &size;
    else
      return undeducible();
  }
  if (datatype == inference::DataType::kBytes) {
    if (free != nullptr) *free = 1;
    return shape;
  }
  const auto row = static_cast<size_t>(known) * inference::BytesPerElement(datatype);
  if (free != nullptr) {
    if (row == 0 || bytes % row != 0) return undeducible();
    *free = static_cast<int64_t>(bytes / row);
  }
  return shape;
}

}  // namespace

async::Task<absl::Status> RestInfer::Handle(AdapterCall& call) const {
  auto reading = Read(call);
  CO_ASSIGN_OR_RETURN(JsonInferRequest request, co_await std::move(reading));
  request.request.model_name = call.variables()[0];
  if (call.variables().size() > 1) request.request.model_version = call.variables()[1];
  static const rpc::Method& method = OpenInferenceMethod("ModelInfer");
  const BinaryOutputs binary = std::move(request.binary);
  auto asking =
      endpoint_.Unary(call.context(), method, MakePayload<InferRequestMessage>(std::move(request.request)));
  CO_ASSIGN_OR_RETURN(rpc::Payload answer, co_await std::move(asking));
  const auto decoded = rpc::Decode(std::move(answer), InferResponseType());
  if (!decoded.ok()) co_return Internal("The service's answer: ", Message(decoded.status()));
  auto writing = Write(static_cast<const InferResponseMessage&>(decoded->message()).value, binary);
  CO_ASSIGN_OR_RETURN(JsonInferResponse response, co_await std::move(writing));
  http::Headers headers;
  headers.Add("content-type", response.has_binary ? "application/octet-stream" : "application/json");
  if (response.has_binary) headers.Add(std::string(kHeaderLength), std::to_string(response.json_bytes));
  co_return co_await call.Respond(200, std::move(headers), std::move(response.body));
}

async::Task<absl::StatusOr<JsonInferRequest>> RestInfer::Read(AdapterCall& call) const {
  CO_ASSIGN_OR_RETURN(const auto json_bytes, JsonBytes(call.request()));
  auto reading = call.ReadAll();
  CO_ASSIGN_OR_RETURN(Bytes body, co_await std::move(reading));
  const bool packed = call.request().headers.Get("content-encoding").has_value();
  if (json_bytes == size_t{0}) {
    CO_ASSIGN_OR_RETURN(Bytes plain, Unpacked(call.request(), std::move(body)));
    auto raw = ReadRaw(call, std::move(plain));
    co_return co_await std::move(raw);
  }
  if (!packed && json_bytes.value_or(body.size()) <= kLoopBytes) {
    co_return ReadJsonRequest(body, json_bytes.value_or(body.size()));
  }
  auto read = [&call, body, json_bytes]() -> absl::StatusOr<JsonInferRequest> {
    ASSIGN_OR_RETURN(const Bytes plain, Unpacked(call.request(), body));
    return ReadJsonRequest(plain, json_bytes.value_or(plain.size()));
  };
  auto work = pool_.Run(std::move(read));
  CO_ASSIGN_OR_RETURN(auto result, co_await std::move(work));
  co_return result;
}

async::Task<absl::StatusOr<JsonInferRequest>> RestInfer::ReadRaw(AdapterCall& call, Bytes body) const {
  ::inference::ModelConfigRequest about;
  about.set_name(call.variables()[0]);
  if (call.variables().size() > 1) about.set_version(call.variables()[1]);
  CO_ASSIGN_OR_RETURN(const auto answer, co_await stub_.ModelConfig(call.context(), about));
  ::inference::ModelMetadataRequest same;
  same.set_name(about.name());
  same.set_version(about.version());
  CO_ASSIGN_OR_RETURN(const auto metadata, co_await stub_.ModelMetadata(call.context(), same));
  if (metadata.inputs_size() != 1) {
    co_return InvalidArgument("A body without JSON is for models with one input; this one has ",
                              metadata.inputs_size(), ".");
  }
  const auto& tensor = metadata.inputs(0);
  InferInput input;
  input.name = tensor.name();
  CO_ASSIGN_OR_RETURN(input.datatype, inference::ParseDataType(tensor.datatype()));
  const inference::Shape shape(tensor.shape().begin(), tensor.shape().end());
  CO_ASSIGN_OR_RETURN(input.shape, DeducedShape(input.name, input.datatype, shape,
                                                answer.config().max_batch_size() > 0, body.size()));
  input.data = std::move(body);
  // The one element is the body, without its length.
  if (input.datatype == inference::DataType::kBytes) {
    const std::string_view element = input.data.view();
    input.data = inference::MakeBytesTensor(input.shape, {&element, 1}).data;
  }
  CO_ASSIGN_OR_RETURN(inference::Tensor checked, TensorOf(input));
  input.data = std::move(checked.data);
  JsonInferRequest request;
  request.request.inputs.push_back(std::move(input));
  request.binary.all = true;
  co_return request;
}

async::Task<absl::StatusOr<JsonInferResponse>> RestInfer::Write(const InferResponse& response,
                                                                const BinaryOutputs& binary) const {
  size_t elements = 0;
  for (const InferOutput& output : response.outputs) {
    if (!binary.Wants(output.name)) elements += output.tensor.data.size() / sizeof(float);
  }
  if (elements <= kLoopElements) co_return WriteJsonResponse(response, binary);
  auto write = [&response, &binary] { return WriteJsonResponse(response, binary); };
  auto work = pool_.Run(std::move(write));
  CO_ASSIGN_OR_RETURN(auto written, co_await std::move(work));
  co_return written;
}

}  // namespace starling::models::oip
