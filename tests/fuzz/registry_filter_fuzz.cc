// A search as callers of the registry write it, up to the statement that it becomes.
#include <algorithm>
#include <string>

#include "fuzz.h"
#include "services/registry/search.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using starling::fuzz::Require;
  namespace registry = starling::registry;
  static const registry::Searched runs = {
      .table = "runs",
      .join = {"tenant", "id"},
      .columns = {{"status", "runs.status"}, {"start_time", "runs.started", true}},
      .tags = "run_tags",
      .params = "run_params",
      .metrics = "run_metrics",
      .then = "runs.id ASC"};
  const std::string text(starling::fuzz::Text(data, size));
  // Everything after the first line is an order.
  const size_t line = std::min(text.find('\n'), text.size());
  const std::string order = line < text.size() ? text.substr(line + 1) : "status";
  const auto search =
      registry::MakeSearch(runs, "runs.tenant = ?", {"t"}, text.substr(0, line), {order}, 10, "");
  if (!search.ok()) {
    Require(search.status().code() == absl::StatusCode::kInvalidArgument, "it is the caller's fault");
    return 0;
  }
  const auto places = std::count(search->sql.begin(), search->sql.end(), '?');
  Require(static_cast<size_t>(places) == search->values.size(), "one place for each value");
  // All that a statement consists of; none of it can be a caller's quote, comment or second statement.
  const std::string_view allowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.,?()=<>'\\ ";
  Require(search->sql.find_first_not_of(allowed) == std::string::npos, "only words of our own");
  return 0;
}
