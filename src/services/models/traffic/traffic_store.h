// TrafficStore: the rules and their history, on disk before anybody hears of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/store/sql.h"
#include "services/models/traffic/traffic_rule.h"

namespace starling::models {

// Models belong to no tenant, so their rules do not either. Thread-safe.
class TrafficStore {
 public:
  // Of each alias the latest `max_moves` are kept.
  static absl::StatusOr<std::unique_ptr<TrafficStore>> Open(std::unique_ptr<store::SqlDatabase> database,
                                                            int64_t max_moves);

  // What `edit` makes of a rule (revision 0: there is none yet), and the entries of the history that go with it, in one transaction.
  // It may run more than once. Its errors go through.
  struct Edit {
    bool erase = false;
    std::vector<TrafficChange> changes;  // none: nothing is written
    bool is_quiet = false;               // written though there are none
    bool keeps_trial = false;            // else a change puts an end to it
  };
  using Editor =
      std::function<absl::StatusOr<Edit>(StoredRule& rule, const std::vector<v1::TrafficMove>& moves)>;
  // The rule afterwards; nullopt if there is none. `edit` also sees the latest entries of the history, the latest first. Blocks.
  absl::StatusOr<std::optional<StoredRule>> Change(const std::string& model, const std::string& alias,
                                                   const Editor& edit);

  absl::StatusOr<std::vector<StoredRule>> Load();  // blocks

  // The rule's trial is over. The revision stays, for nothing else is changed; nothing is, if the rule has another one. Blocks.
  absl::Status EndTrial(const StoredRule& rule);

  async::Task<absl::StatusOr<v1::ListTrafficMovesResponse>> Moves(const v1::ListTrafficMovesRequest& request);

 private:
  TrafficStore(std::unique_ptr<store::SqlDatabase> database, int64_t max_moves)
      : database_(std::move(database)), max_moves_(max_moves) {}
  absl::StatusOr<std::optional<StoredRule>> ChangeIn(store::SqlTransaction& transaction,
                                                     const std::string& model, const std::string& alias,
                                                     const Editor& edit) const;
  absl::Status Record(store::SqlTransaction& transaction, const StoredRule& rule,
                      const TrafficChange& change) const;

  const std::unique_ptr<store::SqlDatabase> database_;
  const int64_t max_moves_;
};

}  // namespace starling::models
