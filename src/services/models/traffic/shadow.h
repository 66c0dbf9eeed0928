// Shadow: asks a second version what a first one was asked, and compares.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/async/pool.h"
#include "core/async/task.h"
#include "core/context/cancel.h"
#include "services/models/repository/model_repository.h"
#include "services/models/traffic/active_rule.h"

namespace starling::models {

struct ShadowOptions {
  size_t max_requests = 16;             // under way at a time, of all rules
  size_t max_bytes = 64 * 1024 * 1024;  // of their inputs and the answers that they are compared with
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
};

// What does not fit into the bounds is dropped and counted, so nobody waits for a shadow and nothing fails by it. It has its own
// deadline and goes on when the caller has left. Thread-safe; called on loops.
class Shadow {
 public:
  // The repository outlives it.
  Shadow(ModelRepository& repository, ShadowOptions options);
  // Cancels what is under way and waits for it.
  ~Shadow();
  Shadow(const Shadow&) = delete;

  // `inputs` and `outputs` of `model`, in the order of its package. They are shared, not copied: a tensor never changes.
  void Mirror(std::shared_ptr<const ActiveRule> rule, ModelLease model, std::vector<inference::Tensor> inputs,
              std::vector<inference::Tensor> outputs);
  void MirrorTexts(std::shared_ptr<const ActiveRule> rule, std::vector<std::string> texts,
                   std::vector<inference::TextClass> classes);

 private:
  struct Load {
    std::mutex mutex;
    std::condition_variable changed;
    size_t requests = 0;
    size_t bytes = 0;
  };
  class Ticket;

  // Null if there is no room.
  std::unique_ptr<Ticket> Admit(const ActiveRule& rule, size_t bytes);
  RequestContext Context() const;
  async::Task<void> Run(std::unique_ptr<Ticket> ticket, std::shared_ptr<const ActiveRule> rule,
                        ModelLease model, std::vector<inference::Tensor> inputs,
                        std::vector<inference::Tensor> outputs);
  async::Task<void> RunTexts(std::unique_ptr<Ticket> ticket, std::shared_ptr<const ActiveRule> rule,
                             std::vector<std::string> texts, std::vector<inference::TextClass> classes);
  // How long the model took is counted, and whether it failed. False: there is nothing to compare.
  static bool CountRun(const ActiveRule& rule, MonotonicTime begin, const absl::Status& status);
  static void CountComparison(const ActiveRule& rule, bool agree);

  ModelRepository& repository_;
  const ShadowOptions options_;
  const std::shared_ptr<Load> load_ = std::make_shared<Load>();
  CancelSource cancel_;
  async::Pool pool_;  // compares what is large
};

}  // namespace starling::models
