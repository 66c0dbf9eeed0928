#include "services/models/oip/json/json_response.h"

#include <utility>
#include <vector>

#include "base/json_quote.h"
#include "base/status.h"
#include "services/models/oip/json/json_tensor_writer.h"

namespace starling::models::oip {
namespace {

void AppendParameter(const Parameter& value, std::string* out) {
  if (const auto* flag = std::get_if<bool>(&value)) return StrAppend(out, *flag ? "true" : "false");
  if (const auto* number = std::get_if<int64_t>(&value)) return StrAppend(out, *number);
  if (const auto* number = std::get_if<uint64_t>(&value)) return StrAppend(out, *number);
  if (const auto* number = std::get_if<double>(&value)) return StrAppend(out, *number);
  AppendJsonString(std::get<std::string>(value), out);
}

// `binary`: the size of a tensor behind the JSON, or null. Nothing at all if there is nothing to say.
void AppendParameters(const Parameters& parameters, const size_t* binary, std::string* out) {
  if (parameters.empty() && binary == nullptr) return;
  out->append(",\"parameters\":{");
  if (binary != nullptr) StrAppend(out, "\"binary_data_size\":", *binary);
  for (const auto& [name, value] : parameters) {
    if (out->back() != '{') out->push_back(',');
    AppendJsonString(name, out);
    out->push_back(':');
    AppendParameter(value, out);
  }
  out->push_back('}');
}

void AppendHead(const InferResponse& response, std::string* out) {
  out->append("{\"model_name\":");
  AppendJsonString(response.model_name, out);
  if (!response.model_version.empty()) {
    out->append(",\"model_version\":");
    AppendJsonString(response.model_version, out);
  }
  if (!response.id.empty()) {
    out->append(",\"id\":");
    AppendJsonString(response.id, out);
  }
  AppendParameters(response.parameters, nullptr, out);
}

absl::Status AppendOutput(const InferOutput& output, bool binary, std::string* out) {
  const inference::Tensor& tensor = output.tensor;
  out->append("{\"name\":");
  AppendJsonString(output.name, out);
  StrAppend(out, ",\"datatype\":\"", inference::Name(tensor.datatype),
            "\",\"shape\":", inference::ToString(tensor.shape));
  const size_t size = tensor.data.size();
  AppendParameters(output.parameters, binary ? &size : nullptr, out);
  if (!binary && !InSharedMemory(output.parameters)) {
    out->append(",\"data\":");
    RETURN_IF_ERROR(AppendJsonTensor(output.name, tensor, out));
  }
  out->push_back('}');
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JsonInferResponse> WriteJsonResponse(const InferResponse& response,
                                                    const BinaryOutputs& binary) {
  std::string body;
  AppendHead(response, &body);
  body.append(",\"outputs\":[");
  std::vector<const InferOutput*> behind;
  size_t behind_bytes = 0;
  for (const InferOutput& output : response.outputs) {
    const bool is_binary = binary.Wants(output.name) && !InSharedMemory(output.parameters);
    if (&output != &response.outputs.front()) body.push_back(',');
    RETURN_IF_ERROR(AppendOutput(output, is_binary, &body));
    if (!is_binary) continue;
    behind.push_back(&output);
    behind_bytes += output.tensor.data.size();
  }
  body.append("]}");
  JsonInferResponse written{.body = {}, .json_bytes = body.size(), .has_binary = !behind.empty()};
  body.reserve(body.size() + behind_bytes);
  for (const InferOutput* output : behind) body.append(output->tensor.data.view());
  written.body = Bytes(std::move(body));
  return written;
}

}  // namespace starling::models::oip
