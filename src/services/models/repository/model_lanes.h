// ModelLanes: work on models that blocks. Each model has one piece done after the other, several models have theirs at the same time.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "core/async/completion.h"
#include "core/async/pool.h"
#include "core/async/task.h"

namespace starling::models {

// Thread-safe. The destructor finishes what was posted.
class ModelLanes {
 public:
  // So many pieces of work run at a time, each on a thread that stays.
  explicit ModelLanes(size_t threads);

  void Post(const std::string& model, std::function<void()> work);
  // False, and nothing is done, if the model has work already.
  bool PostIfIdle(const std::string& model, std::function<void()> work);

  // Goes on on the caller's loop with what the work gave. Going away does not stop it.
  template <typename F, typename R = std::invoke_result_t<F>>
  async::Task<R> Run(std::string model, F work) {
    async::Completion<R> done;
    Post(model, [completer = done.completer(), work = std::move(work)]() mutable { completer.Set(work()); });
    co_return co_await done;
  }

  // Pieces of work that wait for a thread or for another of their model.
  size_t waiting() const;
  size_t running() const;

 private:
  bool Add(const std::string& model, std::function<void()> work, bool if_idle);
  void Next(const std::string& model);

  mutable std::mutex mutex_;
  std::map<std::string, std::deque<std::function<void()>>>
      lanes_;  // a model that has work; what runs is not in its queue
  size_t waiting_ = 0, running_ = 0;
  async::Pool pool_;  // last: its work uses the rest
};

}  // namespace starling::models
