#include "services/models/oip/rest/rest_adapter.h"

#include <string>
#include <utility>

#include "base/json_quote.h"
#include "base/status.h"
#include "inference/model_config.starling.h"
#include "services/models/oip/json/json_bodies.h"
#include "services/models/oip/rest/rest_routes.h"

namespace starling::models::oip {
namespace {

namespace pb = ::inference;
using http::AdapterCall;

constexpr size_t kPoolQueue = 256;

std::string Variable(const AdapterCall& call, size_t index) {
  return index < call.variables().size() ? call.variables()[index] : std::string();
}

async::Task<absl::Status> Json(AdapterCall& call, std::string json, int status = 200) {
  http::Headers headers;
  headers.Add("content-type", "application/json");
  return call.Respond(status, std::move(headers), Bytes(std::move(json)));
}

template <typename Message>
std::string ToJson(const rpc::MessageType& type, const Message& message) {
  std::string json;
  type.to_json(message, &json);
  return json;
}

template <typename Request>
Request ForModel(const AdapterCall& call) {
  Request request;
  request.set_name(Variable(call, 0));
  request.set_version(Variable(call, 1));
  return request;
}

}  // namespace

RestAdapter::RestAdapter(rpc::Endpoint& endpoint)
    : stub_(endpoint),
      pool_("oip-tensors", async::AvailableCores(), kPoolQueue),
      infer_(endpoint, stub_, pool_) {}

async::Task<absl::Status> RestAdapter::Handle(AdapterCall& call) {
  switch (call.route().operation) {
    case kInfer:
      return infer_.Handle(call);
    case kServerLive:
    case kServerReady:
      return Ready(call);
    case kModelReady:
      return ModelReady(call);
    case kRepositoryIndex:
      return Index(call);
    case kModelLoad:
    case kModelUnload:
      return Control(call);
    case kGetLogging:
    case kSetLogging:
      return Logging(call);
    case kGetTrace:
    case kSetTrace:
      return Trace(call);
    case kMemoryStatus:
    case kMemoryRegister:
    case kMemoryUnregister:
      return Memory(call);
    case kCudaStatus:
    case kCudaRegister:
    case kCudaUnregister:
      return Cuda(call);
    default:
      return Describe(call);
  }
}

async::Task<absl::Status> RestAdapter::Ready(AdapterCall& call) {
  if (call.route().operation == kServerLive) {
    const pb::ServerLiveRequest request;
    CO_RETURN_IF_ERROR((co_await stub_.ServerLive(call.context(), request)).status());
    co_return co_await Json(call, R"({"live":true})");
  }
  const pb::ServerReadyRequest request;
  CO_ASSIGN_OR_RETURN(const auto response, co_await stub_.ServerReady(call.context(), request));
  if (response.ready()) co_return co_await Json(call, R"({"live":true,"ready":true})");
  co_return Unavailable("Not all models are ready.");
}

async::Task<absl::Status> RestAdapter::ModelReady(AdapterCall& call) {
  const auto request = ForModel<pb::ModelReadyRequest>(call);
  CO_ASSIGN_OR_RETURN(const auto response, co_await stub_.ModelReady(call.context(), request));
  if (response.ready())
    co_return co_await Json(call, StrCat("{\"name\":", JsonQuote(request.name()), ",\"ready\":true}"));
  // 404 for a model that there is not, 503 for one that is not ready.
  const auto same = ForModel<pb::ModelMetadataRequest>(call);
  CO_RETURN_IF_ERROR((co_await stub_.ModelMetadata(call.context(), same)).status());
  co_return Unavailable("Model '", request.name(), "' is not ready.");
}

async::Task<absl::Status> RestAdapter::Describe(AdapterCall& call) {
  switch (call.route().operation) {
    case kServerMetadata: {
      const pb::ServerMetadataRequest request;
      CO_ASSIGN_OR_RETURN(const auto response, co_await stub_.ServerMetadata(call.context(), request));
      co_return co_await Json(call, ToJson(pb::ServerMetadataResponseType(), response));
    }
    case kModelMetadata: {
      const auto request = ForModel<pb::ModelMetadataRequest>(call);
      CO_ASSIGN_OR_RETURN(const auto response, co_await stub_.ModelMetadata(call.context(), request));
      co_return co_await Json(call, ToJson(pb::ModelMetadataResponseType(), response));
    }
    case kModelConfig: {
      const auto request = ForModel<pb::ModelConfigRequest>(call);
      CO_ASSIGN_OR_RETURN(const auto response, co_await stub_.ModelConfig(call.context(), request));
      co_return co_await Json(call, ToJson(pb::ModelConfigType(), response.config()));
    }
    default: {
      const auto request = ForModel<pb::ModelStatisticsRequest>(call);
      CO_ASSIGN_OR_RETURN(const auto response, co_await stub_.ModelStatistics(call.context(), request));
      co_return co_await Json(call, ToJson(pb::ModelStatisticsResponseType(), response));
    }
  }
}

async::Task<absl::Status> RestAdapter::Index(AdapterCall& call) {
  CO_ASSIGN_OR_RETURN(const Bytes body, co_await call.ReadAll());
  CO_ASSIGN_OR_RETURN(const Parameters fields, ReadFlatBody(body));
  CO_ASSIGN_OR_RETURN(const auto ready, fields.Bool("ready"));
  pb::RepositoryIndexRequest request;
  request.set_ready(ready.value_or(false));
  CO_ASSIGN_OR_RETURN(const auto response, co_await stub_.RepositoryIndex(call.context(), request));
  std::string json = "[";
  for (const auto& model : response.models()) {
    if (json.size() > 1) json.push_back(',');
    json.append(ToJson(pb::RepositoryIndexResponse_ModelIndexType(), model));
  }
  co_return co_await Json(call, json + "]");
}

namespace {

template <typename Request>
Request ControlRequest(const AdapterCall& call, const Parameters& parameters) {
  Request request;
  request.set_model_name(Variable(call, 0));
  for (const auto& [name, value] : parameters) {
    auto& out = (*request.mutable_parameters())[name];
    if (const auto* flag = std::get_if<bool>(&value)) out.set_bool_param(*flag);
    if (const auto* text = std::get_if<std::string>(&value)) out.set_string_param(*text);
  }
  return request;
}

}  // namespace

async::Task<absl::Status> RestAdapter::Control(AdapterCall& call) {
  CO_ASSIGN_OR_RETURN(const Bytes body, co_await call.ReadAll());
  CO_ASSIGN_OR_RETURN(const Parameters parameters, ReadParametersBody(body));
  if (call.route().operation == kModelLoad) {
    const auto request = ControlRequest<pb::RepositoryModelLoadRequest>(call, parameters);
    CO_RETURN_IF_ERROR((co_await stub_.RepositoryModelLoad(call.context(), request)).status());
  } else {
    const auto request = ControlRequest<pb::RepositoryModelUnloadRequest>(call, parameters);
    CO_RETURN_IF_ERROR((co_await stub_.RepositoryModelUnload(call.context(), request)).status());
  }
  co_return co_await Json(call, "{}");
}

async::Task<absl::Status> RestAdapter::Logging(AdapterCall& call) {
  pb::LogSettingsRequest request;
  if (call.route().operation == kSetLogging) {
    CO_ASSIGN_OR_RETURN(const Bytes body, co_await call.ReadAll());
    CO_ASSIGN_OR_RETURN(const Parameters changes, ReadFlatBody(body));
    for (const auto& [name, value] : changes) {
      auto& setting = (*request.mutable_settings())[name];
      if (const auto* flag = std::get_if<bool>(&value)) setting.set_bool_param(*flag);
      if (const auto* text = std::get_if<std::string>(&value)) setting.set_string_param(*text);
      if (const auto* number = std::get_if<int64_t>(&value)) {
        if (*number < 0 || *number > UINT32_MAX)
          co_return InvalidArgument("'", name, "' must be a number of at least 0.");
        setting.set_uint32_param(static_cast<uint32_t>(*number));
      }
    }
  }
  CO_ASSIGN_OR_RETURN(const auto response, co_await stub_.LogSettings(call.context(), request));
  std::string json = "{";
  for (const auto& [name, setting] : response.settings()) {
    StrAppend(&json, json.size() > 1 ? "," : "", JsonQuote(name), ":");
    using Setting = pb::LogSettingsResponse::SettingValue;
    if (setting.parameter_choice_case() == Setting::kBoolParam) {
      json.append(setting.bool_param() ? "true" : "false");
    } else if (setting.parameter_choice_case() == Setting::kUint32Param) {
      StrAppend(&json, setting.uint32_param());
    } else {
      AppendJsonString(setting.string_param(), &json);
    }
  }
  co_return co_await Json(call, json + "}");
}

async::Task<absl::Status> RestAdapter::Trace(AdapterCall& call) {
  pb::TraceSettingRequest request;
  request.set_model_name(Variable(call, 0));
  if (call.route().operation == kSetTrace) {
    CO_ASSIGN_OR_RETURN(const Bytes body, co_await call.ReadAll());
    CO_ASSIGN_OR_RETURN(const TraceSettings changes, ReadTraceBody(body));
    for (const auto& [name, values] : changes) {
      auto& setting = (*request.mutable_settings())[name];
      for (const std::string& value : values) setting.add_value(value);
    }
  }
  CO_ASSIGN_OR_RETURN(const auto response, co_await stub_.TraceSetting(call.context(), request));
  std::string json = "{";
  for (const auto& [name, setting] : response.settings()) {
    StrAppend(&json, json.size() > 1 ? "," : "", JsonQuote(name), ":");
    // The level alone is a list.
    const bool list = name == "trace_level";
    if (list) json.push_back('[');
    for (int i = 0; i < setting.value_size(); ++i) {
      if (i > 0) json.push_back(',');
      AppendJsonString(setting.value(i), &json);
    }
    if (list) json.push_back(']');
  }
  co_return co_await Json(call, json + "}");
}

async::Task<absl::Status> RestAdapter::Memory(AdapterCall& call) {
  if (call.route().operation == kMemoryStatus) {
    pb::SystemSharedMemoryStatusRequest request;
    request.set_name(Variable(call, 0));
    CO_ASSIGN_OR_RETURN(const auto response,
                        co_await stub_.SystemSharedMemoryStatus(call.context(), request));
    std::string json = "[";
    for (const auto& [name, region] : response.regions()) {
      if (json.size() > 1) json.push_back(',');
      json.append(ToJson(pb::SystemSharedMemoryStatusResponse_RegionStatusType(), region));
    }
    co_return co_await Json(call, json + "]");
  }
  CO_ASSIGN_OR_RETURN(const Bytes body, co_await call.ReadAll());
  if (call.route().operation == kMemoryUnregister) {
    pb::SystemSharedMemoryUnregisterRequest request;
    request.set_name(Variable(call, 0));
    CO_RETURN_IF_ERROR((co_await stub_.SystemSharedMemoryUnregister(call.context(), request)).status());
    co_return co_await Json(call, "{}");
  }
  CO_ASSIGN_OR_RETURN(const Parameters fields, ReadFlatBody(body));
  CO_ASSIGN_OR_RETURN(const auto key, fields.Text("key"));
  CO_ASSIGN_OR_RETURN(const auto offset, fields.Count("offset"));
  CO_ASSIGN_OR_RETURN(const auto byte_size, fields.Count("byte_size"));
  if (!key.has_value() || !byte_size.has_value())
    co_return InvalidArgument("'key' and 'byte_size' must be given.");
  pb::SystemSharedMemoryRegisterRequest request;
  request.set_name(Variable(call, 0));
  request.set_key(*key);
  request.set_offset(offset.value_or(0));
  request.set_byte_size(*byte_size);
  CO_RETURN_IF_ERROR((co_await stub_.SystemSharedMemoryRegister(call.context(), request)).status());
  co_return co_await Json(call, "{}");
}

async::Task<absl::Status> RestAdapter::Cuda(AdapterCall& call) {
  if (call.route().operation == kCudaStatus) co_return co_await Json(call, "[]");
  CO_RETURN_IF_ERROR((co_await call.ReadAll()).status());
  if (call.route().operation == kCudaUnregister) co_return co_await Json(call, "{}");
  const pb::CudaSharedMemoryRegisterRequest request;
  co_return (co_await stub_.CudaSharedMemoryRegister(call.context(), request)).status();
}

}  // namespace starling::models::oip
