// RequestLimits: what a request says of its turn and its time, for whichever model answers it.
#pragma once

#include <chrono>

#include "core/context/request_context.h"
#include "core/inference/batching/queue_policy.h"
#include "core/inference/package/model_package.h"

namespace starling::models {

struct RequestLimits {
  RequestLimits(const RequestContext& context, inference::QueueTerms said)
      : caller(context),
        whole(said.timeout.count() == 0
                  ? context
                  : context.WithDeadline(std::chrono::steady_clock::now() + said.timeout)),
        terms(said) {}

  // The time-out is one of waiting where the model says so, else one of the whole request.
  const RequestContext& For(const inference::ModelPackage& model) const {
    const auto& queue = model.batching.queue;
    return queue.PolicyOf(queue.LevelOf(terms.priority)).allow_timeout_override ? caller : whole;
  }

  RequestContext caller;  // without the request's time-out
  RequestContext whole;   // with that as the deadline of all of it
  inference::QueueTerms terms;
};

}  // namespace starling::models
