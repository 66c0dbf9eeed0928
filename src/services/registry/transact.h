// A method of a contract as one transaction.
#pragma once

#include <utility>

#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/store/sql.h"
#include "services/registry/caller.h"

namespace starling::registry {

template <typename Request, typename Response>
using Step = absl::StatusOr<Response> (*)(store::SqlTransaction& transaction, const Caller& caller,
                                          const Request& request);

// `step` may run more than once, so it works on nothing but the transaction.
template <typename Request, typename Response>
async::Task<absl::StatusOr<Response>> Write(store::SqlDatabase& database, RequestContext context,
                                            const Request& request, Step<Request, Response> step) {
  const Caller caller = CallerOf(context);
  std::function<absl::StatusOr<Response>(store::SqlTransaction&)> work =
      [&](store::SqlTransaction& transaction) { return step(transaction, caller, request); };
  co_return co_await store::WriteFor<Response>(database, std::move(work));
}

template <typename Request, typename Response>
async::Task<absl::StatusOr<Response>> Read(store::SqlDatabase& database, RequestContext context,
                                           const Request& request, Step<Request, Response> step) {
  const Caller caller = CallerOf(context);
  std::function<absl::StatusOr<Response>(store::SqlTransaction&)> work =
      [&](store::SqlTransaction& transaction) { return step(transaction, caller, request); };
  co_return co_await store::ReadFor<Response>(database, std::move(work));
}

}  // namespace starling::registry
