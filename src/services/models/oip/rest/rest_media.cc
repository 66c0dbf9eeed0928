#include "services/models/oip/rest/rest_media.h"

namespace starling::models::oip {
namespace {

// The example is for the model sentiment, which comes with the program.
constexpr std::string_view kInferBody = R"({
"schema": {
  "type": "object",
  "required": ["inputs"],
  "properties": {
    "id": {"type": "string", "description": "Comes back with the answer."},
    "parameters": {"type": "object", "description": "priority; timeout (microseconds); binary_data_output: all outputs come as binary data.",
                   "additionalProperties": {"type": ["string", "number", "boolean"]}},
    "inputs": {
      "type": "array", "minItems": 1,
      "items": {
        "type": "object",
        "required": ["name", "datatype", "shape"],
        "properties": {
          "name": {"type": "string"},
          "datatype": {"type": "string", "enum": ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BF16", "BYTES"]},
          "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
          "data": {"type": "array", "items": {"type": ["number", "string", "boolean", "array"]},
                   "description": "The elements in row-major order, flat or nested exactly as the shape says; texts for BYTES."},
          "parameters": {"type": "object", "description": "binary_data_size: so many bytes behind the JSON are its data; shared_memory_region, shared_memory_byte_size, shared_memory_offset: where they are.",
                         "additionalProperties": {"type": ["string", "number", "boolean"]}}
        }
      }
    },
    "outputs": {
      "type": "array", "description": "Those that are wanted; all without it.",
      "items": {
        "type": "object",
        "required": ["name"],
        "properties": {
          "name": {"type": "string"},
          "parameters": {"type": "object", "description": "binary_data; classification: so many of the best classes in place of the numbers.",
                         "additionalProperties": {"type": ["string", "number", "boolean"]}}
        }
      }
    }
  }
},
"example": {
  "inputs": [
    {"name": "text", "datatype": "BYTES", "shape": [1, 1], "data": ["This is wonderful."]}]
}})";

constexpr std::string_view kInferAnswer = R"({
"schema": {
  "type": "object",
  "required": ["model_name", "outputs"],
  "properties": {
    "model_name": {"type": "string"},
    "model_version": {"type": "string"},
    "id": {"type": "string"},
    "parameters": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
    "outputs": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["name", "datatype", "shape"],
        "properties": {
          "name": {"type": "string"},
          "datatype": {"type": "string"},
          "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
          "data": {"type": "array", "items": {"type": ["number", "string", "boolean"]}},
          "parameters": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
        }
      }
    }
  }
}})";

constexpr std::string_view kServerMetadataAnswer = R"({
"schema": {
  "type": "object",
  "required": ["name", "version", "extensions"],
  "properties": {
    "name": {"type": "string"},
    "version": {"type": "string"},
    "extensions": {"type": "array", "items": {"type": "string"}}
  }
}})";

constexpr std::string_view kModelMetadataAnswer = R"({
"schema": {
  "type": "object",
  "required": ["name"],
  "properties": {
    "name": {"type": "string"},
    "versions": {"type": "array", "items": {"type": "string"}},
    "platform": {"type": "string"},
    "inputs": {"type": "array", "items": {
      "type": "object",
      "properties": {"name": {"type": "string"}, "datatype": {"type": "string"},
                     "shape": {"type": "array", "items": {"type": "integer"}, "description": "-1: any size."}}}},
    "outputs": {"type": "array", "items": {
      "type": "object",
      "properties": {"name": {"type": "string"}, "datatype": {"type": "string"},
                     "shape": {"type": "array", "items": {"type": "integer"}, "description": "-1: any size."}}}}
  }
}})";

constexpr std::string_view kIndexBody = R"({
"schema": {"type": "object", "properties": {"ready": {"type": "boolean", "description": "Only models that are ready."}}},
"example": {"ready": false}})";

constexpr std::string_view kIndexAnswer = R"({
"schema": {"type": "array", "items": {
  "type": "object",
  "required": ["name"],
  "properties": {"name": {"type": "string"}, "version": {"type": "string"}, "state": {"type": "string"}, "reason": {"type": "string"}}}}})";

// What a client may say when it loads or unloads.
constexpr std::string_view kControlBody = R"({
"schema": {"type": "object", "properties": {
  "parameters": {"type": "object", "description": "unload_dependents when a model is unloaded; there are no others.",
                 "additionalProperties": {"type": ["string", "number", "boolean"]}}}},
"example": {}})";

constexpr std::string_view kEmptyAnswer = R"({"schema": {"type": "object"}})";

constexpr std::string_view kLogging = R"({
"schema": {"type": "object", "properties": {
  "log_info": {"type": "boolean"},
  "log_warning": {"type": "boolean"},
  "log_error": {"type": "boolean"},
  "log_verbose_level": {"type": "integer", "minimum": 0},
  "log_file": {"type": "string"},
  "log_format": {"type": "string"}}},
"example": {"log_verbose_level": 1}})";

constexpr std::string_view kTrace = R"({
"schema": {"type": "object", "description": "null sets a setting back.", "properties": {
  "trace_level": {"type": ["array", "string", "null"], "items": {"type": "string"}},
  "trace_rate": {"type": ["string", "integer", "array", "null"], "description": "One of so many requests that begin a trace."},
  "trace_count": {"type": ["string", "integer", "array", "null"]},
  "log_frequency": {"type": ["string", "integer", "array", "null"]},
  "trace_file": {"type": ["string", "array", "null"]},
  "trace_mode": {"type": ["string", "array", "null"]}}},
"example": {"trace_rate": "100"}})";

constexpr std::string_view kMemoryBody = R"({
"schema": {
  "type": "object",
  "required": ["key", "byte_size"],
  "properties": {
    "key": {"type": "string", "description": "Its name for shm_open, which must begin as models.shared_memory_prefix says."},
    "offset": {"type": "integer", "minimum": 0},
    "byte_size": {"type": "integer", "minimum": 1}}},
"example": {"key": "/starling-inputs", "offset": 0, "byte_size": 4096}})";

constexpr std::string_view kMemoryAnswer = R"({
"schema": {"type": "array", "items": {
  "type": "object",
  "properties": {"name": {"type": "string"}, "key": {"type": "string"}, "offset": {"type": "integer"}, "byte_size": {"type": "integer"}}}}})";

}  // namespace

RestMedia MediaOf(Operation operation) {
  switch (operation) {
    case kInfer:
      return {kInferBody, kInferAnswer};
    case kServerMetadata:
      return {{}, kServerMetadataAnswer};
    case kModelMetadata:
      return {{}, kModelMetadataAnswer};
    case kRepositoryIndex:
      return {kIndexBody, kIndexAnswer};
    case kModelLoad:
    case kModelUnload:
      return {kControlBody, kEmptyAnswer};
    case kGetLogging:
    case kSetLogging:
      return {kLogging, kLogging};
    case kGetTrace:
    case kSetTrace:
      return {kTrace, kTrace};
    case kMemoryRegister:
      return {kMemoryBody, kEmptyAnswer};
    case kMemoryStatus:
      return {{}, kMemoryAnswer};
    default:
      return {};
  }
}

}  // namespace starling::models::oip
