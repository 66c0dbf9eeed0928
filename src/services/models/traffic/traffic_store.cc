#include "services/models/traffic/traffic_store.h"

#include <google/protobuf/util/json_util.h>

#include <chrono>
#include <utility>

#include "base/status.h"

namespace starling::models {
namespace {

using store::SqlTransaction;

constexpr std::string_view kMoves =
    "SELECT number, kind, who, moved, from_version, to_version, reason FROM traffic_moves WHERE model = ? "
    "AND "
    "alias = ?";
constexpr std::string_view kRules =
    "SELECT model, alias, revision, rule, split, seen, of_followed, trial, told FROM traffic_rules ";
constexpr int64_t kUsualPage = 100;

const std::vector<store::SqlMigration>& Schema() {
  static const auto& steps = *new std::vector<store::SqlMigration>{
      {1,
       {
           "CREATE TABLE traffic_rules (model TEXT NOT NULL, alias TEXT NOT NULL, revision BIGINT NOT NULL, "
           "rule TEXT NOT NULL, split TEXT NOT NULL, seen TEXT NOT NULL, PRIMARY KEY (model, alias))",

           "CREATE TABLE traffic_moves (number BIGINT NOT NULL, model TEXT NOT NULL, alias TEXT NOT NULL, "
           "revision BIGINT NOT NULL, kind BIGINT NOT NULL, who TEXT NOT NULL, moved BIGINT NOT NULL, "
           "from_version TEXT NOT NULL, to_version TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY "
           "(number))",
           "CREATE INDEX traffic_moves_of_alias ON traffic_moves (model, alias, number)",
       }},
      {2,
       {
           "ALTER TABLE traffic_rules ADD COLUMN of_followed BIGINT NOT NULL DEFAULT 0",
           "ALTER TABLE traffic_rules ADD COLUMN trial TEXT NOT NULL DEFAULT ''",
           "UPDATE traffic_rules SET of_followed = 1 WHERE 'repository' = (SELECT who FROM traffic_moves "
           "WHERE "
           "traffic_moves.model = traffic_rules.model AND traffic_moves.alias = traffic_rules.alias AND kind "
           "= "
           "1 ORDER BY number DESC LIMIT 1)",
       }},
      {3, {"ALTER TABLE traffic_rules ADD COLUMN told TEXT NOT NULL DEFAULT ''"}},
  };
  return steps;
}

absl::StatusOr<StoredRule> Read(const store::SqlRow& row) {
  StoredRule stored;
  stored.model = row.Text(0);
  stored.alias = row.Text(1);
  stored.revision = row.Int(2);
  if (!google::protobuf::util::JsonStringToMessage(row.Text(3), &stored.rule).ok())
    return Internal("The traffic rule of ", stored.model, "@", stored.alias, " can't be read.");
  ASSIGN_OR_RETURN(stored.split, TrafficSplit::FromText(row.Text(4)));
  stored.seen = row.Text(5);
  stored.of_followed = row.Int(6) != 0;
  stored.told = row.Text(8);
  if (row.Text(7).empty()) return stored;
  if (!google::protobuf::util::JsonStringToMessage(row.Text(7), &stored.trial.emplace()).ok())
    return Internal("The trial of ", stored.model, "@", stored.alias, " can't be read.");
  return stored;
}

absl::StatusOr<std::vector<v1::TrafficMove>> LatestMoves(SqlTransaction& transaction, std::string_view more,
                                                         store::SqlValues values) {
  ASSIGN_OR_RETURN(const auto rows,
                   transaction.Query(StrCat(kMoves, more, " ORDER BY number DESC LIMIT ?"), values));
  std::vector<v1::TrafficMove> moves;
  for (const store::SqlRow& row : rows) {
    v1::TrafficMove& move = moves.emplace_back();
    move.set_number(row.Int(0));
    move.set_kind(static_cast<v1::TrafficMoveKind>(row.Int(1)));
    move.set_who(row.Text(2));
    move.set_time_ms(row.Int(3));
    move.set_from_version(row.Text(4));
    move.set_to_version(row.Text(5));
    move.set_reason(row.Text(6));
  }
  return moves;
}

absl::Status Write(SqlTransaction& transaction, const StoredRule& stored) {
  std::string rule, trial;
  if (!google::protobuf::util::MessageToJsonString(stored.rule, &rule).ok() ||
      (stored.trial.has_value() && !google::protobuf::util::MessageToJsonString(*stored.trial, &trial).ok()))
    return Internal("The traffic rule can't be written.");
  return transaction
      .Execute(
          "INSERT INTO traffic_rules (model, alias, revision, rule, split, seen, of_followed, trial, told) "
          "VALUES "
          "(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (model, alias) DO UPDATE SET revision = "
          "excluded.revision, "
          "rule = excluded.rule, split = excluded.split, seen = excluded.seen, of_followed = "
          "excluded.of_followed, trial = excluded.trial, told = excluded.told",
          {stored.model, stored.alias, stored.revision, rule, stored.split.ToText(), stored.seen,
           int64_t{stored.of_followed}, trial, stored.told})
      .status();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrafficStore>> TrafficStore::Open(std::unique_ptr<store::SqlDatabase> database,
                                                                 int64_t max_moves) {
  RETURN_IF_ERROR(database->Migrate("traffic", Schema()));
  return std::unique_ptr<TrafficStore>(new TrafficStore(std::move(database), max_moves));
}

absl::Status TrafficStore::Record(SqlTransaction& transaction, const StoredRule& rule,
                                  const TrafficChange& change) const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  RETURN_IF_ERROR(
      transaction
          .Execute(
              "INSERT INTO traffic_moves (number, model, alias, revision, kind, who, moved, "
              "from_version, to_version, reason) SELECT COALESCE(MAX(number), 0) + 1, CAST(? AS TEXT), "
              "CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT), "
              "CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT) FROM traffic_moves",
              {rule.model, rule.alias, rule.revision, int64_t{change.kind}, change.who,
               std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), change.from, change.to,
               change.reason})
          .status());
  return transaction
      .Execute(
          "DELETE FROM traffic_moves WHERE model = ? AND alias = ? AND number <= (SELECT number FROM "
          "traffic_moves WHERE model = ? AND alias = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
          {rule.model, rule.alias, rule.model, rule.alias, max_moves_})
      .status();
}

absl::StatusOr<std::optional<StoredRule>> TrafficStore::ChangeIn(SqlTransaction& transaction,
                                                                 const std::string& model,
                                                                 const std::string& alias,
                                                                 const Editor& edit) const {
  ASSIGN_OR_RETURN(const auto rows,
                   transaction.Query(StrCat(kRules, "WHERE model = ? AND alias = ?"), {model, alias}));
  StoredRule stored;
  if (rows.empty()) {
    stored.model = model;
    stored.alias = alias;
  } else {
    ASSIGN_OR_RETURN(stored, Read(rows[0]));
  }
  ASSIGN_OR_RETURN(const auto moves, LatestMoves(transaction, "", {model, alias, kUsualPage}));
  ASSIGN_OR_RETURN(const Edit edited, edit(stored, moves));
  if (edited.changes.empty() && !edited.is_quiet)
    return rows.empty() ? std::nullopt : std::optional(std::move(stored));
  // Revisions of an alias never come again, not even after it was deleted.
  if (rows.empty()) {
    ASSIGN_OR_RETURN(const auto last,
                     transaction.Query("SELECT COALESCE(MAX(revision), 0) FROM traffic_moves "
                                       "WHERE model = ? AND alias = ?",
                                       {model, alias}));
    stored.revision = last.at(0).Int(0);
  }
  ++stored.revision;
  if (edited.erase) {
    RETURN_IF_ERROR(
        transaction.Execute("DELETE FROM traffic_rules WHERE model = ? AND alias = ?", {model, alias})
            .status());
  } else {
    RETURN_IF_ERROR(Write(transaction, stored));
  }
  for (const TrafficChange& change : edited.changes) RETURN_IF_ERROR(Record(transaction, stored, change));
  if (edited.erase) return std::nullopt;
  return stored;
}

absl::StatusOr<std::optional<StoredRule>> TrafficStore::Change(const std::string& model,
                                                               const std::string& alias, const Editor& edit) {
  absl::StatusOr<std::optional<StoredRule>> result;
  RETURN_IF_ERROR(database_->WriteNow([&](SqlTransaction& transaction) {
    result = ChangeIn(transaction, model, alias, edit);
    return result.status();
  }));
  return result;
}

absl::StatusOr<std::vector<StoredRule>> TrafficStore::Load() {
  std::vector<StoredRule> all;
  RETURN_IF_ERROR(database_->WriteNow([&](SqlTransaction& transaction) -> absl::Status {
    all.clear();
    ASSIGN_OR_RETURN(const auto rows, transaction.Query(StrCat(kRules, "ORDER BY model, alias"), {}));
    for (const store::SqlRow& row : rows) {
      ASSIGN_OR_RETURN(StoredRule stored, Read(row));
      all.push_back(std::move(stored));
    }
    return absl::OkStatus();
  }));
  return all;
}

absl::Status TrafficStore::EndTrial(const StoredRule& rule) {
  return database_->WriteNow([&](SqlTransaction& transaction) {
    return transaction
        .Execute("UPDATE traffic_rules SET trial = '' WHERE model = ? AND alias = ? AND revision = ?",
                 {rule.model, rule.alias, rule.revision})
        .status();
  });
}

async::Task<absl::StatusOr<v1::ListTrafficMovesResponse>> TrafficStore::Moves(
    const v1::ListTrafficMovesRequest& request) {
  store::SqlValues values = {request.model(), request.alias()};
  if (request.before() > 0) values.emplace_back(request.before());
  values.emplace_back(request.max_results() > 0 ? request.max_results() : kUsualPage);
  const std::string_view more = request.before() > 0 ? " AND number < ?" : "";
  std::function<absl::StatusOr<v1::ListTrafficMovesResponse>(SqlTransaction&)> work =
      [&](SqlTransaction& transaction) -> absl::StatusOr<v1::ListTrafficMovesResponse> {
    ASSIGN_OR_RETURN(auto moves, LatestMoves(transaction, more, values));
    v1::ListTrafficMovesResponse response;
    for (v1::TrafficMove& move : moves) *response.add_moves() = std::move(move);
    return response;
  };
  co_return co_await store::ReadFor<v1::ListTrafficMovesResponse>(*database_, std::move(work));
}

}  // namespace starling::models
