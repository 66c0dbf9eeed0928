#include "services/models/oip/rest_routes.h"

#include <string>
#include <string_view>

#include "base/strings.h"
#include "services/models/oip/open_inference_contract.h"

namespace starling::models::oip {
namespace {

struct Row {
  std::string_view verb;
  std::string_view path;
  Operation operation;
  std::string_view method;  // of the contract: says who may call, and counts with it
};

constexpr Row kRows[] = {
    {"GET", "/v2", kServerMetadata, "ServerMetadata"},
    {"GET", "/v2/health/live", kServerLive, "ServerLive"},
    {"GET", "/v2/health/ready", kServerReady, "ServerReady"},
    {"GET", "/v2/models/stats", kModelStatistics, "ModelStatistics"},
    {"GET", "/v2/models/{model}/trace/setting", kGetTrace, "TraceSetting"},
    {"POST", "/v2/models/{model}/trace/setting", kSetTrace, "TraceSetting"},
    {"GET", "/v2/trace/setting", kGetTrace, "TraceSetting"},
    {"POST", "/v2/trace/setting", kSetTrace, "TraceSetting"},
    {"GET", "/v2/logging", kGetLogging, "LogSettings"},
    {"POST", "/v2/logging", kSetLogging, "LogSettings"},
    {"POST", "/v2/repository/index", kRepositoryIndex, "RepositoryIndex"},
    {"POST", "/v2/repository/models/{model}/load", kModelLoad, "RepositoryModelLoad"},
    {"POST", "/v2/repository/models/{model}/unload", kModelUnload, "RepositoryModelUnload"},
    {"GET", "/v2/systemsharedmemory/status", kMemoryStatus, "SystemSharedMemoryStatus"},
    {"GET", "/v2/systemsharedmemory/region/{region}/status", kMemoryStatus, "SystemSharedMemoryStatus"},
    {"POST", "/v2/systemsharedmemory/region/{region}/register", kMemoryRegister,
     "SystemSharedMemoryRegister"},
    {"POST", "/v2/systemsharedmemory/unregister", kMemoryUnregister, "SystemSharedMemoryUnregister"},
    {"POST", "/v2/systemsharedmemory/region/{region}/unregister", kMemoryUnregister,
     "SystemSharedMemoryUnregister"},
    {"GET", "/v2/cudasharedmemory/status", kCudaStatus, "CudaSharedMemoryStatus"},
    {"GET", "/v2/cudasharedmemory/region/{region}/status", kCudaStatus, "CudaSharedMemoryStatus"},
    {"POST", "/v2/cudasharedmemory/region/{region}/register", kCudaRegister, "CudaSharedMemoryRegister"},
    {"POST", "/v2/cudasharedmemory/unregister", kCudaUnregister, "CudaSharedMemoryUnregister"},
    {"POST", "/v2/cudasharedmemory/region/{region}/unregister", kCudaUnregister,
     "CudaSharedMemoryUnregister"},
};

// Below a model, with and without a version.
constexpr Row kModelRows[] = {
    {"GET", "", kModelMetadata, "ModelMetadata"},    {"GET", "/ready", kModelReady, "ModelReady"},
    {"GET", "/config", kModelConfig, "ModelConfig"}, {"GET", "/stats", kModelStatistics, "ModelStatistics"},
    {"POST", "/infer", kInfer, "ModelInfer"},
};

http::AdapterRoute Route(const Row& row, std::string_view prefix) {
  const rpc::Method& method = OpenInferenceMethod(row.method);
  http::AdapterRoute route;
  route.verb = std::string(row.verb);
  route.path = StrCat(prefix, row.path);
  route.operation = row.operation;
  route.access = method.access;
  route.scope = std::string(method.scope);
  route.admitted_as = &method;
  return route;
}

}  // namespace

std::vector<http::AdapterRoute> RestRoutes() {
  std::vector<http::AdapterRoute> routes;
  for (const Row& row : kRows) routes.push_back(Route(row, ""));
  for (const Row& row : kModelRows) {
    routes.push_back(Route(row, "/v2/models/{model}"));
    routes.push_back(Route(row, "/v2/models/{model}/versions/{version}"));
  }
  return routes;
}

}  // namespace starling::models::oip
