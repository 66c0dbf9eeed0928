// One inference from its request to its response: finds the model, gives its tensors their order, runs it, names what comes out.
#pragma once

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "services/models/oip/infer.h"
#include "services/models/oip/shared_memory.h"
#include "services/models/repository/model_repository.h"
#include "services/models/request_limits.h"
#include "services/models/traffic/traffic_router.h"

namespace starling::models::oip {

// Thread-safe. What it refers to outlives it.
class InferRunner {
 public:
  // A request to a text classifier may hold so many texts.
  InferRunner(ModelRepository& repository, TrafficRouter& traffic, const SharedMemory& shared_memory,
              size_t max_texts)
      : repository_(repository), traffic_(traffic), shared_memory_(shared_memory), max_texts_(max_texts) {}

  // The request lives until the task is done. INVALID_ARGUMENT for a tensor that is missing, unknown or not as the model wants it; errors
  // of ModelRepository::Acquire and ServedModel::Infer. Request parameters (Triton's schedule policy): "timeout", in microseconds, shortens the model's
  // queue time-out where its policy allows that, else the deadline; "priority", 1 the highest, says whose turn it is before others';
  // "sequence_id" other than 0 is UNIMPLEMENTED; "sticky_key" keeps requests at one version of an alias with traffic rules.
  async::Task<absl::StatusOr<InferResponse>> Infer(RequestContext context, const InferRequest& request) const;

 private:
  // The limits live until the task is done.
  async::Task<absl::StatusOr<InferResponse>> Ask(std::string name, std::string version,
                                                 const RequestLimits& limits,
                                                 const InferRequest& request) const;
  // Of a text classifier, asked in text: see text_tensors.h.
  async::Task<absl::StatusOr<InferResponse>> AskText(const TrafficRoute& route, const ModelLease& model,
                                                     const RequestLimits& limits,
                                                     const InferRequest& request) const;
  absl::StatusOr<inference::Tensor> TextOf(const InferRequest& request) const;
  absl::StatusOr<std::vector<inference::Tensor>> OrderInputs(const ServedModel& model,
                                                             const InferRequest& request) const;
  absl::StatusOr<Bytes> DataOf(const InferInput& input) const;
  absl::StatusOr<InferResponse> Assemble(const ServedModel& model, const InferRequest& request,
                                         const std::vector<inference::TensorSpec>& specs,
                                         const std::vector<inference::Tensor>& results) const;
  absl::StatusOr<TrafficRoute> Route(const std::string& name, const std::string& version,
                                     const RequestContext& context, const InferRequest& request) const;
  absl::StatusOr<InferOutput> MakeOutput(const ServedModel& model, const InferRequestedOutput& wanted,
                                         const inference::Tensor& result) const;

  ModelRepository& repository_;
  TrafficRouter& traffic_;
  const SharedMemory& shared_memory_;
  const size_t max_texts_;
};

}  // namespace starling::models::oip
