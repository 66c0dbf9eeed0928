// The contract's methods on the keeper.
#pragma once

#include "services/models/traffic/traffic_keeper.h"
#include "starling/models/v1/traffic.starling.h"

namespace starling::models {

// Thread-safe. Without a keeper, which is null where no place for the rules was named, every method but the list is FAILED_PRECONDITION with the
// setting that names one, and there are no rules.
class TrafficApi final : public v1::TrafficService {
 public:
  explicit TrafficApi(TrafficKeeper* keeper) : keeper_(keeper) {}

  async::Task<absl::StatusOr<v1::TrafficState>> SetTrafficRule(
      RequestContext context, const v1::SetTrafficRuleRequest& request) override;
  async::Task<absl::StatusOr<v1::TrafficState>> GetTrafficRule(
      RequestContext context, const v1::GetTrafficRuleRequest& request) override;
  async::Task<absl::StatusOr<v1::ListTrafficRulesResponse>> ListTrafficRules(
      RequestContext context, const v1::ListTrafficRulesRequest& request) override;
  async::Task<absl::StatusOr<v1::DeleteTrafficRuleResponse>> DeleteTrafficRule(
      RequestContext context, const v1::DeleteTrafficRuleRequest& request) override;
  async::Task<absl::StatusOr<v1::TrafficState>> PromoteVersion(
      RequestContext context, const v1::PromoteVersionRequest& request) override;
  async::Task<absl::StatusOr<v1::TrafficState>> RollBackVersion(
      RequestContext context, const v1::RollBackVersionRequest& request) override;
  async::Task<absl::StatusOr<v1::ListTrafficMovesResponse>> ListTrafficMoves(
      RequestContext context, const v1::ListTrafficMovesRequest& request) override;

 private:
  TrafficKeeper* const keeper_;
};

}  // namespace starling::models
