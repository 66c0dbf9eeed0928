#include "services/registry/aliases.h"

#include "base/status.h"
#include "services/registry/models.h"
#include "services/registry/names.h"
#include "services/registry/statements.h"
#include "services/registry/versions.h"

namespace starling::registry::aliases {
namespace {

constexpr std::string_view kMoves =
    "SELECT number, name, alias, from_version, to_version, moved, user_id, reason FROM alias_moves WHERE "
    "tenant = ?";
constexpr int64_t kMovesAtOnce = 100;

store::SqlValue VersionOrNull(int64_t version) {
  return version > 0 ? store::SqlValue(version) : store::SqlValue(std::monostate());
}

void Fill(const store::SqlRow& row, v1::AliasMove* move) {
  move->set_number(row.Int(0));
  move->set_name(row.Text(1));
  move->set_alias(row.Text(2));
  if (!row.is_null(3)) move->set_from_version(StrCat(row.Int(3)));
  if (!row.is_null(4)) move->set_to_version(StrCat(row.Int(4)));
  move->set_timestamp(row.Int(5));
  move->set_user_id(row.Text(6));
  move->set_reason(row.Text(7));
}

// 0: there is none.
absl::StatusOr<int64_t> Current(SqlTransaction& transaction, const Caller& caller, const std::string& name,
                                const std::string& alias) {
  ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT version FROM aliases WHERE tenant = ? AND name = ? AND alias = ?",
                        {caller.tenant, name, alias}));
  return rows.empty() ? 0 : rows[0].Int(0);
}

}  // namespace

absl::Status Record(SqlTransaction& transaction, const Caller& caller, const std::string& name,
                    const std::string& alias, int64_t from, int64_t to, const std::string& reason) {
  ASSIGN_OR_RETURN(const int64_t number, NextNumber(transaction, caller.tenant, "alias_moves"));
  return transaction
      .Execute(
          "INSERT INTO alias_moves (tenant, number, name, alias, from_version, to_version, moved, user_id, "
          "reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          {caller.tenant, number, name, alias, VersionOrNull(from), VersionOrNull(to), caller.now_ms,
           caller.user, reason})
      .status();
}

absl::StatusOr<v1::Empty> Set(SqlTransaction& transaction, const Caller& caller,
                              const v1::SetAliasRequest& request) {
  RETURN_IF_ERROR(CheckAlias(request.alias()));
  ASSIGN_OR_RETURN(const int64_t to, ParseVersion(request.version()));
  RETURN_IF_ERROR(versions::Load(transaction, caller, request.name(), to).status());
  ASSIGN_OR_RETURN(const int64_t from, Current(transaction, caller, request.name(), request.alias()));
  if (!request.expected_version().empty() && from != to) {
    ASSIGN_OR_RETURN(const int64_t expected, ParseVersion(request.expected_version()));
    if (from != expected) {
      return FailedPrecondition("Alias '", request.alias(), "' of registered model '", request.name(),
                                "' does not point to version ", expected, " any more.");
    }
  }
  RETURN_IF_ERROR(
      transaction
          .Execute(
              "INSERT INTO aliases (tenant, name, alias, version) VALUES (?, ?, ?, ?) ON CONFLICT (tenant, "
              "name, alias) DO UPDATE SET version = excluded.version",
              {caller.tenant, request.name(), request.alias(), to})
          .status());
  RETURN_IF_ERROR(models::Touch(transaction, caller, request.name()));
  // Set again to where it is, it did not move.
  if (from != to)
    RETURN_IF_ERROR(Record(transaction, caller, request.name(), request.alias(), from, to, request.reason()));
  return v1::Empty();
}

absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteAliasRequest& request) {
  RETURN_IF_ERROR(models::Touch(transaction, caller, request.name()));
  ASSIGN_OR_RETURN(const int64_t from, Current(transaction, caller, request.name(), request.alias()));
  if (from == 0) return v1::Empty();
  RETURN_IF_ERROR(transaction
                      .Execute("DELETE FROM aliases WHERE tenant = ? AND name = ? AND alias = ?",
                               {caller.tenant, request.name(), request.alias()})
                      .status());
  RETURN_IF_ERROR(Record(transaction, caller, request.name(), request.alias(), from, 0, request.reason()));
  return v1::Empty();
}

absl::StatusOr<v1::GetModelVersionByAliasResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                                       const v1::GetModelVersionByAliasRequest& request) {
  ASSIGN_OR_RETURN(const int64_t version, Current(transaction, caller, request.name(), request.alias()));
  if (version == 0)
    return NotFound("Registered model '", request.name(), "' has no alias '", request.alias(), "'.");
  v1::GetModelVersionByAliasResponse response;
  ASSIGN_OR_RETURN(*response.mutable_model_version(),
                   versions::Load(transaction, caller, request.name(), version));
  return response;
}

absl::StatusOr<v1::ListAliasesResponse> List(SqlTransaction& transaction, const Caller& caller,
                                             const v1::ListAliasesRequest& request) {
  std::string sql =
      "SELECT aliases.name, aliases.alias, aliases.version, versions.source FROM aliases JOIN versions ON "
      "versions.tenant = aliases.tenant AND versions.name = aliases.name AND versions.version = "
      "aliases.version "
      "WHERE aliases.tenant = ?";
  store::SqlValues values = {caller.tenant};
  if (!request.name().empty()) {
    sql += " AND aliases.name = ?";
    values.emplace_back(request.name());
  }
  ASSIGN_OR_RETURN(const auto rows, transaction.Query(sql + " ORDER BY aliases.name, aliases.alias", values));
  v1::ListAliasesResponse response;
  for (const store::SqlRow& row : rows) {
    v1::ModelAlias* alias = response.add_aliases();
    alias->set_name(row.Text(0));
    alias->set_alias(row.Text(1));
    alias->set_version(StrCat(row.Int(2)));
    alias->set_artifact_uri(row.Text(3));
  }
  ASSIGN_OR_RETURN(
      const auto last,
      transaction.Query("SELECT value FROM counters WHERE tenant = ? AND counter = 'alias_moves'",
                        {caller.tenant}));
  if (!last.empty()) response.set_last_move(last[0].Int(0));
  return response;
}

absl::StatusOr<v1::ListAliasMovesResponse> ListMoves(SqlTransaction& transaction, const Caller& caller,
                                                     const v1::ListAliasMovesRequest& request) {
  std::string sql(kMoves);
  store::SqlValues values = {caller.tenant};
  if (!request.name().empty()) {
    sql += " AND name = ?";
    values.emplace_back(request.name());
  }
  if (!request.alias().empty()) {
    sql += " AND alias = ?";
    values.emplace_back(request.alias());
  }
  if (request.before() > 0) {
    sql += " AND number < ?";
    values.emplace_back(request.before());
  }
  values.emplace_back(PageOf(request.max_results()));
  ASSIGN_OR_RETURN(const auto rows, transaction.Query(sql + " ORDER BY number DESC LIMIT ?", values));
  v1::ListAliasMovesResponse response;
  for (const store::SqlRow& row : rows) Fill(row, response.add_moves());
  return response;
}

absl::StatusOr<std::vector<v1::AliasMove>> MovesAfter(SqlTransaction& transaction, const Caller& caller,
                                                      int64_t after) {
  ASSIGN_OR_RETURN(const auto rows,
                   transaction.Query(StrCat(kMoves, " AND number > ? ORDER BY number LIMIT ?"),
                                     {caller.tenant, after, kMovesAtOnce}));
  std::vector<v1::AliasMove> moves;
  for (const store::SqlRow& row : rows) Fill(row, &moves.emplace_back());
  return moves;
}

absl::StatusOr<std::vector<std::pair<std::string, int64_t>>> Versions(SqlTransaction& transaction,
                                                                      const Caller& caller,
                                                                      const std::string& name) {
  ASSIGN_OR_RETURN(const auto rows,
                   transaction.Query("SELECT alias, version FROM aliases WHERE tenant = ? AND "
                                     "name = ? ORDER BY alias",
                                     {caller.tenant, name}));
  std::vector<std::pair<std::string, int64_t>> all;
  for (const store::SqlRow& row : rows) all.emplace_back(row.Text(0), row.Int(1));
  return all;
}

absl::Status Load(SqlTransaction& transaction, const Caller& caller, const std::string& name,
                  google::protobuf::RepeatedPtrField<v1::Alias>* aliases) {
  ASSIGN_OR_RETURN(const auto all, Versions(transaction, caller, name));
  for (const auto& [alias, version] : all) {
    v1::Alias* added = aliases->Add();
    added->set_alias(alias);
    added->set_version(StrCat(version));
  }
  return absl::OkStatus();
}

}  // namespace starling::registry::aliases
