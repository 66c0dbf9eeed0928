#include "services/models/oip/open_inference_service.h"

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "services/models/oip/model_messages.h"
#include "services/models/oip/server_name.h"

namespace starling::models::oip {

namespace pb = ::inference;

template <typename Response>
using Answer = async::Task<absl::StatusOr<Response>>;

Answer<pb::ServerLiveResponse> OpenInferenceService::ServerLive(RequestContext,
                                                                const pb::ServerLiveRequest&) {
  pb::ServerLiveResponse response;
  response.set_live(true);
  co_return response;
}

Answer<pb::ServerReadyResponse> OpenInferenceService::ServerReady(RequestContext,
                                                                  const pb::ServerReadyRequest&) {
  pb::ServerReadyResponse response;
  response.set_ready(repository_.WhyNotReady().empty());
  co_return response;
}

Answer<pb::ModelReadyResponse> OpenInferenceService::ModelReady(RequestContext,
                                                                const pb::ModelReadyRequest& request) {
  pb::ModelReadyResponse response;
  response.set_ready(repository_.Find(request.name(), request.version()).ok());
  co_return response;
}

Answer<pb::ServerMetadataResponse> OpenInferenceService::ServerMetadata(RequestContext,
                                                                        const pb::ServerMetadataRequest&) {
  pb::ServerMetadataResponse response;
  response.set_name(kServerName);
  response.set_version(kServerVersion);
  for (const char* extension : {"binary_tensor_data", "classification", "logging", "model_configuration",
                                "model_repository", "parameters", "statistics", "trace"}) {
    response.add_extensions(extension);
  }
  if (shared_memory_.enabled()) response.add_extensions("system_shared_memory");
  co_return response;
}

Answer<pb::ModelMetadataResponse> OpenInferenceService::ModelMetadata(
    RequestContext, const pb::ModelMetadataRequest& request) {
  CO_ASSIGN_OR_RETURN(const ModelInfo model, repository_.Get(request.name(), request.version()));
  std::vector<std::string> versions;
  for (const ModelInfo& one : repository_.Index()) {
    if (one.name == model.name && one.state == ModelState::kReady) versions.push_back(one.version);
  }
  co_return ToMetadata(model, versions);
}

Answer<pb::ModelConfigResponse> OpenInferenceService::ModelConfig(RequestContext,
                                                                  const pb::ModelConfigRequest& request) {
  CO_ASSIGN_OR_RETURN(const ModelInfo model, repository_.Get(request.name(), request.version()));
  pb::ModelConfigResponse response;
  *response.mutable_config() = ToConfig(model);
  co_return response;
}

Answer<pb::ModelStatisticsResponse> OpenInferenceService::ModelStatistics(
    RequestContext, const pb::ModelStatisticsRequest& request) {
  CO_ASSIGN_OR_RETURN(const auto statistics, repository_.Statistics(request.name(), request.version()));
  pb::ModelStatisticsResponse response;
  for (const auto& one : statistics) *response.add_model_stats() = ToStatistics(one);
  co_return response;
}

Answer<pb::RepositoryIndexResponse> OpenInferenceService::RepositoryIndex(
    RequestContext, const pb::RepositoryIndexRequest& request) {
  pb::RepositoryIndexResponse response;
  if (!request.repository_name().empty()) co_return NotFound("There is one repository here, without a name.");
  for (const ModelInfo& model : repository_.Index()) {
    if (request.ready() && model.state != ModelState::kReady) continue;
    auto& entry = *response.add_models();
    entry.set_name(model.name);
    entry.set_version(model.version);
    entry.set_state(std::string(RepositoryState(model.state)));
    entry.set_reason(model.reason);
  }
  co_return response;
}

Answer<pb::RepositoryModelLoadResponse> OpenInferenceService::RepositoryModelLoad(
    RequestContext context, const pb::RepositoryModelLoadRequest& request) {
  for (const auto& [name, value] : request.parameters()) {
    co_return Unimplemented("The parameter '", name,
                            "' of load is not supported: models come from their folders alone.");
  }
  auto load = repository_.Load(std::move(context), request.model_name());
  CO_RETURN_IF_ERROR(co_await std::move(load));
  co_return pb::RepositoryModelLoadResponse();
}

Answer<pb::RepositoryModelUnloadResponse> OpenInferenceService::RepositoryModelUnload(
    RequestContext context, const pb::RepositoryModelUnloadRequest& request) {
  for (const auto& [name, value] : request.parameters()) {
    // No model here is loaded for another's sake.
    if (name != "unload_dependents")
      co_return InvalidArgument("There is no parameter '", name, "' of unload.");
  }
  auto unload = repository_.Unload(std::move(context), request.model_name());
  CO_RETURN_IF_ERROR(co_await std::move(unload));
  co_return pb::RepositoryModelUnloadResponse();
}

Answer<pb::SystemSharedMemoryStatusResponse> OpenInferenceService::SystemSharedMemoryStatus(
    RequestContext, const pb::SystemSharedMemoryStatusRequest& request) {
  CO_ASSIGN_OR_RETURN(const auto regions, shared_memory_.List(request.name()));
  pb::SystemSharedMemoryStatusResponse response;
  for (const SharedMemory::Region& region : regions) {
    auto& status = (*response.mutable_regions())[region.name];
    status.set_name(region.name);
    status.set_key(region.key);
    status.set_offset(region.offset);
    status.set_byte_size(region.byte_size);
  }
  co_return response;
}

Answer<pb::SystemSharedMemoryRegisterResponse> OpenInferenceService::SystemSharedMemoryRegister(
    RequestContext, const pb::SystemSharedMemoryRegisterRequest& request) {
  CO_RETURN_IF_ERROR(
      shared_memory_.Register({request.name(), request.key(), request.offset(), request.byte_size()}));
  co_return pb::SystemSharedMemoryRegisterResponse();
}

Answer<pb::SystemSharedMemoryUnregisterResponse> OpenInferenceService::SystemSharedMemoryUnregister(
    RequestContext, const pb::SystemSharedMemoryUnregisterRequest& request) {
  shared_memory_.Unregister(request.name());
  co_return pb::SystemSharedMemoryUnregisterResponse();
}

Answer<pb::CudaSharedMemoryStatusResponse> OpenInferenceService::CudaSharedMemoryStatus(
    RequestContext, const pb::CudaSharedMemoryStatusRequest&) {
  co_return pb::CudaSharedMemoryStatusResponse();
}

Answer<pb::CudaSharedMemoryRegisterResponse> OpenInferenceService::CudaSharedMemoryRegister(
    RequestContext, const pb::CudaSharedMemoryRegisterRequest&) {
  co_return Unimplemented("CUDA shared memory is not supported: models run on processors here.");
}

Answer<pb::CudaSharedMemoryUnregisterResponse> OpenInferenceService::CudaSharedMemoryUnregister(
    RequestContext, const pb::CudaSharedMemoryUnregisterRequest&) {
  co_return pb::CudaSharedMemoryUnregisterResponse();
}

Answer<pb::TraceSettingResponse> OpenInferenceService::TraceSetting(RequestContext,
                                                                    const pb::TraceSettingRequest& request) {
  TraceSettings changes;
  for (const auto& [name, setting] : request.settings())
    changes[name] = {setting.value().begin(), setting.value().end()};
  if (!request.model_name().empty()) {
    CO_RETURN_IF_ERROR(repository_.Get(request.model_name(), "").status());
    if (!changes.empty())
      co_return Unimplemented("Trace settings of one model are not supported: they hold for all.");
  }
  CO_ASSIGN_OR_RETURN(const TraceSettings settings, ChangeTraceSettings(changes));
  pb::TraceSettingResponse response;
  for (const auto& [name, values] : settings) {
    auto& setting = (*response.mutable_settings())[name];
    for (const std::string& value : values) setting.add_value(value);
  }
  co_return response;
}

Answer<pb::LogSettingsResponse> OpenInferenceService::LogSettings(RequestContext,
                                                                  const pb::LogSettingsRequest& request) {
  oip::LogSettings changes;
  for (const auto& [name, setting] : request.settings()) {
    using Setting = pb::LogSettingsRequest::SettingValue;
    switch (setting.parameter_choice_case()) {
      case Setting::kBoolParam:
        changes[name] = setting.bool_param();
        break;
      case Setting::kUint32Param:
        changes[name] = setting.uint32_param();
        break;
      case Setting::kStringParam:
        changes[name] = setting.string_param();
        break;
      default:
        co_return InvalidArgument("Log setting '", name, "' has no value.");
    }
  }
  CO_ASSIGN_OR_RETURN(const oip::LogSettings settings, ChangeLogSettings(changes));
  pb::LogSettingsResponse response;
  for (const auto& [name, value] : settings) {
    auto& setting = (*response.mutable_settings())[name];
    if (const auto* flag = std::get_if<bool>(&value)) setting.set_bool_param(*flag);
    if (const auto* number = std::get_if<uint32_t>(&value)) setting.set_uint32_param(*number);
    if (const auto* text = std::get_if<std::string>(&value)) setting.set_string_param(*text);
  }
  co_return response;
}

Answer<pb::ModelInferResponse> OpenInferenceService::ModelInfer(RequestContext,
                                                                const pb::ModelInferRequest&) {
  co_return Unimplemented("Tensors go by OpenInferenceEndpoint.");
}

async::Stream<pb::ModelStreamInferResponse> OpenInferenceService::ModelStreamInfer(
    RequestContext, async::Stream<pb::ModelInferRequest>) {
  return async::FailedStream<pb::ModelStreamInferResponse>(
      Unimplemented("Tensors go by OpenInferenceEndpoint."));
}

}  // namespace starling::models::oip
