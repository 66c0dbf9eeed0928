#include "backends/inference_upstream/rest_messages.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/utf8.h"
#include "core/inference/tensor.h"

namespace starling::inference_remote {
namespace {

using inference::DataType;
namespace dom = simdjson::dom;

constexpr size_t kMaxErrorBytes = 300;

void AppendText(std::string_view text, std::string* out) {
  *out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      *out += "\\u00";
      *out += kDigits[static_cast<unsigned char>(c) >> 4];
      *out += kDigits[c & 15];
    } else {
      *out += c;
    }
  }
  *out += '"';
}

// False for what JSON has not.
template <typename T>
bool AppendNumbers(std::string_view raw, std::string* out) {
  std::array<char, 40> text;
  for (size_t at = 0; at + sizeof(T) <= raw.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, raw.data() + at, sizeof value);
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) return false;
    }
    if (at > 0) *out += ',';
    out->append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
  }
  return true;
}

// Each with its length before it, in 4 bytes.
bool AppendStrings(std::string_view raw, std::string* out) {
  for (bool first = true; raw.size() >= 4; first = false) {
    uint32_t size = 0;
    std::memcpy(&size, raw.data(), sizeof size);
    const std::string_view text = raw.substr(4, size);
    if (!IsValidUtf8(text)) return false;
    if (!first) *out += ',';
    AppendText(text, out);
    raw.remove_prefix(4 + text.size());
  }
  return true;
}

bool AppendElements(DataType datatype, std::string_view raw, std::string* out) {
  switch (datatype) {
    case DataType::kBool:
      for (size_t i = 0; i < raw.size(); ++i)
        *out += StrCat(i > 0 ? "," : "", raw[i] != 0 ? "true" : "false");
      return true;
    case DataType::kInt8:
      return AppendNumbers<int8_t>(raw, out);
    case DataType::kInt16:
      return AppendNumbers<int16_t>(raw, out);
    case DataType::kInt32:
      return AppendNumbers<int32_t>(raw, out);
    case DataType::kInt64:
      return AppendNumbers<int64_t>(raw, out);
    case DataType::kUint8:
      return AppendNumbers<uint8_t>(raw, out);
    case DataType::kUint16:
      return AppendNumbers<uint16_t>(raw, out);
    case DataType::kUint32:
      return AppendNumbers<uint32_t>(raw, out);
    case DataType::kUint64:
      return AppendNumbers<uint64_t>(raw, out);
    case DataType::kFp32:
      return AppendNumbers<float>(raw, out);
    case DataType::kFp64:
      return AppendNumbers<double>(raw, out);
    case DataType::kBytes:
      return AppendStrings(raw, out);
    default:
      return false;
  }
}

// Calls `each` for the elements of a list, or of lists in it, until it gives false.
template <typename Each>
bool Flatten(const dom::array& list, const Each& each) {
  for (const dom::element element : list) {
    dom::array inner;
    const bool ok = element.get(inner) == simdjson::SUCCESS ? Flatten(inner, each) : each(element);
    if (!ok) return false;
  }
  return true;
}

template <typename T>
bool ReadNumbers(const dom::array& list, std::string* raw) {
  // 64 bits of its sign, or a double.
  using Wide = std::conditional_t<std::is_floating_point_v<T>, double,
                                  std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;
  // A number that is nearer to the largest float than to the next power of two is that float.
  constexpr auto kMost = std::is_same_v<T, float> ? static_cast<Wide>(0x1.ffffffp+127)
                                                  : static_cast<Wide>(std::numeric_limits<T>::max());
  constexpr auto kLeast =
      std::is_same_v<T, float> ? -kMost : static_cast<Wide>(std::numeric_limits<T>::lowest());
  return Flatten(list, [raw](const dom::element& element) {
    Wide wide;
    bool truth = false;
    if (std::is_same_v<T, uint8_t> && element.get(truth) == simdjson::SUCCESS) {
      wide = static_cast<Wide>(truth);
    } else if (element.get(wide) != simdjson::SUCCESS || wide < kLeast || wide > kMost) {
      return false;
    }
    const T value = static_cast<T>(std::clamp(wide, static_cast<Wide>(std::numeric_limits<T>::lowest()),
                                              static_cast<Wide>(std::numeric_limits<T>::max())));
    raw->append(reinterpret_cast<const char*>(&value), sizeof value);
    return true;
  });
}

bool ReadStrings(const dom::array& list, std::string* raw) {
  return Flatten(list, [raw](const dom::element& element) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) return false;
    const auto size = static_cast<uint32_t>(text.size());
    raw->append(reinterpret_cast<const char*>(&size), sizeof size);
    raw->append(text);
    return true;
  });
}

bool ReadElements(DataType datatype, const dom::array& list, std::string* raw) {
  switch (datatype) {
    case DataType::kInt8:
      return ReadNumbers<int8_t>(list, raw);
    case DataType::kInt16:
      return ReadNumbers<int16_t>(list, raw);
    case DataType::kInt32:
      return ReadNumbers<int32_t>(list, raw);
    case DataType::kInt64:
      return ReadNumbers<int64_t>(list, raw);
    case DataType::kBool:
    case DataType::kUint8:
      return ReadNumbers<uint8_t>(list, raw);
    case DataType::kUint16:
      return ReadNumbers<uint16_t>(list, raw);
    case DataType::kUint32:
      return ReadNumbers<uint32_t>(list, raw);
    case DataType::kUint64:
      return ReadNumbers<uint64_t>(list, raw);
    case DataType::kFp32:
      return ReadNumbers<float>(list, raw);
    case DataType::kFp64:
      return ReadNumbers<double>(list, raw);
    case DataType::kBytes:
      return ReadStrings(list, raw);
    default:
      return false;
  }
}

// One member of "outputs"; `rest` are the binary tensors that were not read yet.
template <typename Output>
absl::Status ReadOutput(const dom::element& member, Output* output, std::string* raw,
                        std::string_view* rest) {
  std::string_view name;
  std::string_view datatype;
  dom::array shape;
  if (member["name"].get(name) != simdjson::SUCCESS ||
      member["datatype"].get(datatype) != simdjson::SUCCESS ||
      member["shape"].get(shape) != simdjson::SUCCESS) {
    return Internal("The upstream's answer has an output without name, datatype or shape.");
  }
  output->set_name(std::string(name));
  output->set_datatype(std::string(datatype));
  for (const dom::element size : shape) {
    int64_t number = 0;
    if (size.get(number) != simdjson::SUCCESS)
      return Internal("The upstream's output '", name, "' has no such shape.");
    output->add_shape(number);
  }
  uint64_t bytes = 0;
  if (member["parameters"]["binary_data_size"].get(bytes) == simdjson::SUCCESS) {
    if (bytes > rest->size()) return Internal("The upstream's output '", name, "' is not whole.");
    *raw = rest->substr(0, bytes);
    rest->remove_prefix(bytes);
    return absl::OkStatus();
  }
  const auto type = inference::ParseDataType(output->datatype());
  dom::array data;
  if (!type.ok() || member["data"].get(data) != simdjson::SUCCESS || !ReadElements(*type, data, raw)) {
    return Internal("The upstream's output '", name, "' has no data that ", datatype, " can be.");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RestBody> WriteRestRequest(const ::inference::ModelInferRequest& request, bool binary) {
  RestBody body;
  std::string& json = body.bytes;
  json = binary ? R"({"parameters":{"binary_data_output":true},"inputs":[)" : R"({"inputs":[)";
  for (int i = 0; i < request.inputs_size(); ++i) {
    const auto& input = request.inputs(i);
    const std::string_view raw = request.raw_input_contents(i);
    json += i > 0 ? R"(,{"name":)" : R"({"name":)";
    AppendText(input.name(), &json);
    StrAppend(&json, R"(,"datatype":")", input.datatype(), R"(","shape":[)");
    for (int j = 0; j < input.shape_size(); ++j) StrAppend(&json, j > 0 ? "," : "", input.shape(j));
    if (binary) {
      StrAppend(&json, R"(],"parameters":{"binary_data_size":)", raw.size(), "}}");
      continue;
    }
    json += R"(],"data":[)";
    const auto datatype = inference::ParseDataType(input.datatype());
    if (!datatype.ok() || !AppendElements(*datatype, raw, &json)) {
      return InvalidArgument(
          "Input '", input.name(), "' (", input.datatype(),
          ") holds what JSON cannot say, and the model's upstream takes no binary tensors.");
    }
    json += "]}";
  }
  json += R"(],"outputs":[)";
  for (int i = 0; i < request.outputs_size(); ++i) {
    json += i > 0 ? R"(,{"name":)" : R"({"name":)";
    AppendText(request.outputs(i).name(), &json);
    json += binary ? R"(,"parameters":{"binary_data":true}})" : "}";
  }
  json += "]}";
  body.json_bytes = json.size();
  if (binary) {
    for (const std::string& raw : request.raw_input_contents()) body.bytes += raw;
  }
  return body;
}

absl::StatusOr<::inference::ModelInferResponse> ReadRestResponse(std::string_view body, size_t json_bytes) {
  dom::parser parser;
  dom::array outputs;
  if (json_bytes > body.size() ||
      parser.parse(body.data(), json_bytes)["outputs"].get(outputs) != simdjson::SUCCESS) {
    return Internal("The upstream's answer is no JSON with outputs.");
  }
  ::inference::ModelInferResponse response;
  std::string_view rest = body.substr(json_bytes);
  for (const dom::element member : outputs)
    RETURN_IF_ERROR(ReadOutput(member, response.add_outputs(), response.add_raw_output_contents(), &rest));
  return response;
}

absl::StatusOr<::inference::ModelMetadataResponse> ReadRestMetadata(std::string_view body) {
  dom::parser parser;
  dom::element document;
  if (parser.parse(body.data(), body.size()).get(document) != simdjson::SUCCESS)
    return InvalidArgument("what it says of the model is no JSON.");
  ::inference::ModelMetadataResponse metadata;
  const auto read = [&document](const char* kind, auto* tensors) {
    dom::array members;
    if (document[kind].get(members) != simdjson::SUCCESS) return false;
    for (const dom::element member : members) {
      std::string_view name;
      std::string_view datatype;
      dom::array shape;
      if (member["name"].get(name) != simdjson::SUCCESS ||
          member["datatype"].get(datatype) != simdjson::SUCCESS ||
          member["shape"].get(shape) != simdjson::SUCCESS) {
        return false;
      }
      auto* const tensor = tensors->Add();
      tensor->set_name(std::string(name));
      tensor->set_datatype(std::string(datatype));
      for (const dom::element size : shape) {
        int64_t number = 0;
        if (size.get(number) != simdjson::SUCCESS) return false;
        tensor->add_shape(number);
      }
    }
    return true;
  };
  if (!read("inputs", metadata.mutable_inputs()) || !read("outputs", metadata.mutable_outputs()))
    return InvalidArgument("what it says of the model's inputs and outputs is not as the protocol says.");
  return metadata;
}

bool TakesBinary(std::string_view server_metadata) {
  dom::parser parser;
  dom::array extensions;
  if (parser.parse(server_metadata.data(), server_metadata.size())["extensions"].get(extensions) !=
      simdjson::SUCCESS)
    return false;
  for (const dom::element extension : extensions) {
    std::string_view name;
    if (extension.get(name) == simdjson::SUCCESS && name == "binary_tensor_data") return true;
  }
  return false;
}

bool SaysNotReady(std::string_view body) {
  dom::parser parser;
  bool ready = true;
  return parser.parse(body.data(), body.size())["ready"].get(ready) == simdjson::SUCCESS && !ready;
}

std::string ReadRestError(std::string_view body) {
  dom::parser parser;
  dom::element document;
  if (parser.parse(body.data(), body.size()).get(document) != simdjson::SUCCESS) return "";
  std::string_view text;
  for (const char* name : {"error", "detail"}) {
    if (document[name].get(text) == simdjson::SUCCESS) return std::string(text.substr(0, kMaxErrorBytes));
  }
  dom::element detail;
  if (document["detail"].get(detail) != simdjson::SUCCESS) return "";
  return simdjson::minify(detail).substr(0, kMaxErrorBytes);
}

}  // namespace starling::inference_remote
