#include "services/models/oip/rest/rest_routes.h"

#include <string>
#include <string_view>

#include "base/strings.h"
#include "services/models/oip/open_inference_contract.h"
#include "services/models/oip/rest/rest_media.h"

namespace starling::models::oip {
namespace {

struct Row {
  std::string_view verb;
  std::string_view path;
  Operation operation;
  std::string_view method;   // of the contract: says who may call, and counts with it
  std::string_view summary;  // for /openapi.json
};

constexpr Row kRows[] = {
    {"GET", "/v2", kServerMetadata, "ServerMetadata", "Name, version and extensions of the server"},
    {"GET", "/v2/health/live", kServerLive, "ServerLive", "Whether the server can be asked anything"},
    {"GET", "/v2/health/ready", kServerReady, "ServerReady", "Whether all models that should be are ready"},
    {"GET", "/v2/models/stats", kModelStatistics, "ModelStatistics",
     "How often models were asked, and how long that took"},
    {"GET", "/v2/models/{model}/trace/setting", kGetTrace, "TraceSetting", "How many requests are traced"},
    {"POST", "/v2/models/{model}/trace/setting", kSetTrace, "TraceSetting",
     "Changes how many requests are traced"},
    {"GET", "/v2/trace/setting", kGetTrace, "TraceSetting", "How many requests are traced"},
    {"POST", "/v2/trace/setting", kSetTrace, "TraceSetting", "Changes how many requests are traced"},
    {"GET", "/v2/logging", kGetLogging, "LogSettings", "What is logged"},
    {"POST", "/v2/logging", kSetLogging, "LogSettings", "Changes what is logged"},
    {"POST", "/v2/repository/index", kRepositoryIndex, "RepositoryIndex",
     "Every model that is known, loaded or not"},
    {"POST", "/v2/repository/models/{model}/load", kModelLoad, "RepositoryModelLoad",
     "Loads a model, or looks at its folder again"},
    {"POST", "/v2/repository/models/{model}/unload", kModelUnload, "RepositoryModelUnload",
     "Takes a model out of memory"},
    {"GET", "/v2/systemsharedmemory/status", kMemoryStatus, "SystemSharedMemoryStatus",
     "The regions of shared memory that are known"},
    {"GET", "/v2/systemsharedmemory/region/{region}/status", kMemoryStatus, "SystemSharedMemoryStatus",
     "The regions of shared memory that are known"},
    {"POST", "/v2/systemsharedmemory/region/{region}/register", kMemoryRegister, "SystemSharedMemoryRegister",
     "Makes a region known, so that inferences may name it"},
    {"POST", "/v2/systemsharedmemory/unregister", kMemoryUnregister, "SystemSharedMemoryUnregister",
     "Forgets all regions"},
    {"POST", "/v2/systemsharedmemory/region/{region}/unregister", kMemoryUnregister,
     "SystemSharedMemoryUnregister", "Forgets one region"},
    {"GET", "/v2/cudasharedmemory/status", kCudaStatus, "CudaSharedMemoryStatus",
     "Always none: models run on processors here"},
    {"GET", "/v2/cudasharedmemory/region/{region}/status", kCudaStatus, "CudaSharedMemoryStatus",
     "Always none: models run on processors here"},
    {"POST", "/v2/cudasharedmemory/region/{region}/register", kCudaRegister, "CudaSharedMemoryRegister",
     "Always refused: models run on processors here"},
    {"POST", "/v2/cudasharedmemory/unregister", kCudaUnregister, "CudaSharedMemoryUnregister",
     "Nothing to forget"},
    {"POST", "/v2/cudasharedmemory/region/{region}/unregister", kCudaUnregister, "CudaSharedMemoryUnregister",
     "Nothing to forget"},
};

// Below a model, with and without a version.
constexpr Row kModelRows[] = {
    {"GET", "", kModelMetadata, "ModelMetadata", "Versions and tensors of a model"},
    {"GET", "/ready", kModelReady, "ModelReady", "Whether the model is ready"},
    {"GET", "/config", kModelConfig, "ModelConfig", "The model's configuration"},
    {"GET", "/stats", kModelStatistics, "ModelStatistics",
     "How often the model was asked, and how long that took"},
    {"POST", "/infer", kInfer, "ModelInfer",
     "One inference, in JSON or with tensors as binary data behind it"},
};

http::RouteDescription Description(const Row& row) {
  http::RouteDescription description{.summary = row.summary};
  if (row.verb == "POST") description.body = {"application/json"};
  const RestMedia media = MediaOf(row.operation);
  description.body_json = media.body;
  description.answer_json = media.answer;
  switch (row.operation) {
    case kInfer:
      description.body.emplace_back("application/octet-stream");
      description.answer.emplace_back("application/octet-stream");
      break;
    case kServerLive:
    case kServerReady:
    case kModelReady:
      description.answer.clear();
      break;
    default:
      break;
  }
  return description;
}

http::AdapterRoute Route(const Row& row, std::string_view prefix) {
  const rpc::Method& method = OpenInferenceMethod(row.method);
  http::AdapterRoute route;
  route.verb = std::string(row.verb);
  route.path = StrCat(prefix, row.path);
  route.operation = row.operation;
  route.access = method.access;
  route.scope = std::string(method.scope);
  route.admitted_as = &method;
  route.description = Description(row);
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
