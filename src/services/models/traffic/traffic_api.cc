#include "services/models/traffic/traffic_api.h"

#include <utility>

#include "base/status.h"

namespace starling::models {
namespace {

std::string WhoOf(const RequestContext& context) {
  const std::string& name = context.principal().name;
  return name.empty() ? "anonymous" : name;
}

absl::Status NoKeeper() {
  return FailedPrecondition(
      "There are no traffic rules: models.traffic.sqlite.path or models.traffic.postgres.url must say where "
      "they "
      "are kept.");
}

}  // namespace

async::Task<absl::StatusOr<v1::TrafficState>> TrafficApi::SetTrafficRule(
    RequestContext context, const v1::SetTrafficRuleRequest& request) {
  if (keeper_ == nullptr) co_return NoKeeper();
  co_return co_await keeper_->Set(WhoOf(context), request);
}

async::Task<absl::StatusOr<v1::TrafficState>> TrafficApi::GetTrafficRule(
    RequestContext, const v1::GetTrafficRuleRequest& request) {
  if (keeper_ == nullptr) co_return NoKeeper();
  co_return co_await keeper_->Get(request.model(), request.alias());
}

async::Task<absl::StatusOr<v1::ListTrafficRulesResponse>> TrafficApi::ListTrafficRules(
    RequestContext, const v1::ListTrafficRulesRequest&) {
  if (keeper_ == nullptr) co_return v1::ListTrafficRulesResponse();
  co_return co_await keeper_->List();
}

async::Task<absl::StatusOr<v1::DeleteTrafficRuleResponse>> TrafficApi::DeleteTrafficRule(
    RequestContext context, const v1::DeleteTrafficRuleRequest& request) {
  if (keeper_ == nullptr) co_return NoKeeper();
  const absl::Status done = co_await keeper_->Delete(WhoOf(context), request);
  CO_RETURN_IF_ERROR(done);
  co_return v1::DeleteTrafficRuleResponse();
}

async::Task<absl::StatusOr<v1::TrafficState>> TrafficApi::PromoteVersion(
    RequestContext context, const v1::PromoteVersionRequest& request) {
  if (keeper_ == nullptr) co_return NoKeeper();
  co_return co_await keeper_->Promote(WhoOf(context), request);
}

async::Task<absl::StatusOr<v1::TrafficState>> TrafficApi::RollBackVersion(
    RequestContext context, const v1::RollBackVersionRequest& request) {
  if (keeper_ == nullptr) co_return NoKeeper();
  co_return co_await keeper_->RollBack(WhoOf(context), request);
}

async::Task<absl::StatusOr<v1::ListTrafficMovesResponse>> TrafficApi::ListTrafficMoves(
    RequestContext, const v1::ListTrafficMovesRequest& request) {
  if (keeper_ == nullptr) co_return NoKeeper();
  co_return co_await keeper_->Moves(request);
}

}  // namespace starling::models
