#include "app/commands/traffic_command.h"

#include <charconv>
#include <cstdio>
#include <ctime>
#include <utility>

#include "base/status.h"
#include "starling/models/v1/traffic.starling.h"

namespace starling::app {
namespace {

namespace v1 = models::v1;

struct Target {
  std::string model;
  std::string alias;
};

absl::StatusOr<Target> ReadTarget(const std::string& text) {
  const size_t at = text.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    return InvalidArgument("'", text, "' must be MODEL@ALIAS, for example fraud@champion.");
  return Target{text.substr(0, at), text.substr(at + 1)};
}

absl::StatusOr<double> ReadNumber(std::string_view text, std::string_view where) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return InvalidArgument("'", where, "': '", text, "' is not a number.");
  return number;
}

// "2=10"; without '=' the number is `usual`, if there is one.
absl::StatusOr<std::pair<std::string, double>> ReadPair(const std::string& text, const double* usual) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos && usual != nullptr) return std::make_pair(text, *usual);
  if (equals == std::string::npos || equals == 0)
    return InvalidArgument("'", text, "' must be a name, '=' and a number.");
  ASSIGN_OR_RETURN(const double number, ReadNumber(std::string_view(text).substr(equals + 1), text));
  return std::make_pair(text.substr(0, equals), number);
}

absl::Status ReadLimits(const std::vector<std::string>& texts, v1::TrafficLimits* limits) {
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(const auto limit, ReadPair(text, nullptr));
    const auto& [name, value] = limit;
    if (name == "min_requests") {
      limits->set_min_requests(static_cast<int64_t>(value));
    } else if (name == "max_error_excess") {
      limits->set_max_error_excess(value);
    } else if (name == "max_p99_ratio") {
      limits->set_max_p99_ratio(value);
    } else if (name == "max_mean_ratio") {
      limits->set_max_mean_ratio(value);
    } else if (name == "min_agreement") {
      limits->set_min_agreement(value);
    } else {
      return InvalidArgument("There is no limit '", name, "'.");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::TrafficRule> ReadRule(const TrafficArguments& arguments) {
  v1::TrafficRule rule;
  rule.set_stable(arguments.stable);
  for (const std::string& text : arguments.weights) {
    ASSIGN_OR_RETURN(const auto weight, ReadPair(text, nullptr));
    rule.add_weights()->set_version(weight.first);
    rule.mutable_weights()->rbegin()->set_percent(weight.second);
  }
  if (!arguments.shadow.empty()) {
    constexpr double kAlways = 100;
    ASSIGN_OR_RETURN(const auto shadow, ReadPair(arguments.shadow, &kAlways));
    rule.mutable_shadow()->set_version(shadow.first);
    rule.mutable_shadow()->set_percent(shadow.second);
    rule.mutable_shadow()->set_absolute_tolerance(arguments.absolute_tolerance);
    rule.mutable_shadow()->set_relative_tolerance(arguments.relative_tolerance);
  }
  if (arguments.sticky_by_caller) rule.set_sticky_by(v1::STICKY_BY_CALLER);
  rule.set_window_s(arguments.window_s);
  if (!arguments.roll_back.empty())
    RETURN_IF_ERROR(ReadLimits(arguments.roll_back, rule.mutable_roll_back()));
  if (!arguments.promote.empty()) RETURN_IF_ERROR(ReadLimits(arguments.promote, rule.mutable_promote()));
  return rule;
}

void Print(const v1::TrafficState& state) {
  std::printf("%s@%s, revision %lld\n", state.model().c_str(), state.alias().c_str(),
              static_cast<long long>(state.revision()));
  std::printf("  %-16s %8s %10s %10s %12s %12s %10s %10s\n", "VERSION", "SHARE", "REQUESTS", "FAILED",
              "MEAN MS", "P99 MS", "COMPARED", "DIFFER");
  for (const v1::TrafficArm& arm : state.arms()) {
    std::printf("  %-16s %7g%% %10lld %10lld %12.3f %12.3f %10lld %10lld\n", arm.version().c_str(),
                arm.percent(), static_cast<long long>(arm.requests()), static_cast<long long>(arm.failures()),
                arm.latency_mean_ms(), arm.latency_p99_ms(), static_cast<long long>(arm.compared()),
                static_cast<long long>(arm.differing()));
  }
}

void Print(const v1::TrafficMove& move) {
  const std::time_t seconds = static_cast<std::time_t>(move.time_ms() / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char time[32];
  std::strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%SZ", &utc);
  constexpr std::string_view kPrefix = "TRAFFIC_MOVE_KIND_";
  const std::string kind = v1::TrafficMoveKind_Name(move.kind()).substr(kPrefix.size());
  std::printf("%6lld  %s  %-12s %-14s %6s -> %-6s %s\n", static_cast<long long>(move.number()), time,
              kind.c_str(), move.who().c_str(), move.from_version().c_str(), move.to_version().c_str(),
              move.reason().c_str());
}

template <typename Request>
Request For(const Target& target) {
  Request request;
  request.set_model(target.model);
  request.set_alias(target.alias);
  return request;
}

absl::Status Shown(const absl::StatusOr<v1::TrafficState>& state) {
  if (state.ok()) Print(*state);
  return state.status();
}

absl::Status Run(const TrafficArguments& arguments) {
  ASSIGN_OR_RETURN(const auto client, ServerClient::Open(arguments.server));
  v1::TrafficServiceStub stub(client->endpoint());
  const auto context = client->context();
  if (arguments.action == "get" && arguments.target.empty()) {
    ASSIGN_OR_RETURN(const auto all,
                     client->Wait(stub.ListTrafficRules(context, v1::ListTrafficRulesRequest())));
    for (const v1::TrafficState& state : all.rules()) Print(state);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Target target, ReadTarget(arguments.target));
  if (arguments.action == "get")
    return Shown(client->Wait(stub.GetTrafficRule(context, For<v1::GetTrafficRuleRequest>(target))));
  if (arguments.action == "history") {
    ASSIGN_OR_RETURN(const auto history,
                     client->Wait(stub.ListTrafficMoves(context, For<v1::ListTrafficMovesRequest>(target))));
    for (const v1::TrafficMove& move : history.moves()) Print(move);
    return absl::OkStatus();
  }
  if (arguments.action == "set") {
    auto request = For<v1::SetTrafficRuleRequest>(target);
    request.set_reason(arguments.reason);
    ASSIGN_OR_RETURN(*request.mutable_rule(), ReadRule(arguments));
    return Shown(client->Wait(stub.SetTrafficRule(context, request)));
  }
  if (arguments.action == "promote") {
    auto request = For<v1::PromoteVersionRequest>(target);
    request.set_reason(arguments.reason);
    request.set_version(arguments.version);
    return Shown(client->Wait(stub.PromoteVersion(context, request)));
  }
  if (arguments.action == "rollback") {
    auto request = For<v1::RollBackVersionRequest>(target);
    request.set_reason(arguments.reason);
    return Shown(client->Wait(stub.RollBackVersion(context, request)));
  }
  auto request = For<v1::DeleteTrafficRuleRequest>(target);
  request.set_reason(arguments.reason);
  return client->Wait(stub.DeleteTrafficRule(context, request)).status();
}

}  // namespace

int RunTraffic(const TrafficArguments& arguments) {
  const absl::Status done = Run(arguments);
  if (done.ok()) return 0;
  std::fprintf(stderr, "starling: %s\n", WhyNoAnswer(done, arguments.server).c_str());
  return 1;
}

}  // namespace starling::app
