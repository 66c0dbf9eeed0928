#include "services/registry/models.h"

#include <array>

#include "base/status.h"
#include "services/registry/aliases.h"
#include "services/registry/names.h"
#include "services/registry/search.h"
#include "services/registry/statements.h"
#include "services/registry/versions.h"

namespace starling::registry::models {
namespace {

constexpr std::string_view kColumns = "SELECT name, created, updated, user_id, description FROM models";

const Searched kSearched = {.table = "models",
                            .join = {"tenant", "name"},
                            .columns = {{"name", "models.name"},
                                        {"user_id", "models.user_id"},
                                        {"description", "models.description"},
                                        {"timestamp", "models.updated", true},
                                        {"creation_timestamp", "models.created", true},
                                        {"last_updated_timestamp", "models.updated", true}},
                            .tags = "model_tags",
                            .params = {},
                            .metrics = {},
                            .without_tag_differs = true,
                            .then = "models.name ASC"};

absl::Status NoModel(std::string_view name) { return NotFound("There is no registered model '", name, "'."); }

absl::Status Fill(SqlTransaction& transaction, const Caller& caller, const store::SqlRow& row,
                  v1::RegisteredModel* model) {
  model->set_name(row.Text(0));
  model->set_creation_timestamp(row.Int(1));
  model->set_last_updated_timestamp(row.Int(2));
  model->set_user_id(row.Text(3));
  model->set_description(row.Text(4));
  const store::SqlValues key = {caller.tenant, model->name()};
  RETURN_IF_ERROR(LoadTags(transaction, "model_tags", "tenant = ? AND name = ?", key, model->mutable_tags()));
  RETURN_IF_ERROR(aliases::Load(transaction, caller, model->name(), model->mutable_aliases()));
  return versions::LoadLatest(transaction, caller, model->name(), {}, model->mutable_latest_versions());
}

absl::Status Load(SqlTransaction& transaction, const Caller& caller, const std::string& name,
                  v1::RegisteredModel* model) {
  ASSIGN_OR_RETURN(const auto rows, transaction.Query(StrCat(kColumns, " WHERE tenant = ? AND name = ?"),
                                                      {caller.tenant, name}));
  if (rows.empty()) return NoModel(name);
  return Fill(transaction, caller, rows[0], model);
}

}  // namespace

absl::Status Touch(SqlTransaction& transaction, const Caller& caller, const std::string& name) {
  ASSIGN_OR_RETURN(const int64_t changed,
                   transaction.Execute("UPDATE models SET updated = ? WHERE tenant = ? AND name = ?",
                                       {caller.now_ms, caller.tenant, name}));
  return changed == 0 ? NoModel(name) : absl::OkStatus();
}

absl::StatusOr<v1::CreateRegisteredModelResponse> Create(SqlTransaction& transaction, const Caller& caller,
                                                         const v1::CreateRegisteredModelRequest& request) {
  RETURN_IF_ERROR(CheckModelName(request.name()));
  const auto made = transaction.Execute(
      "INSERT INTO models (tenant, name, description, created, updated, user_id, last_version) VALUES "
      "(?, ?, ?, ?, ?, ?, 0)",
      {caller.tenant, request.name(), request.description(), caller.now_ms, caller.now_ms, caller.user});
  if (absl::IsAlreadyExists(made.status()))
    return AlreadyExists("There is a registered model '", request.name(), "' already.");
  RETURN_IF_ERROR(made.status());
  for (const v1::Tag& tag : request.tags()) {
    RETURN_IF_ERROR(PutTag(transaction, "model_tags", "tenant, name", {caller.tenant, request.name()},
                           tag.key(), tag.value()));
  }
  v1::CreateRegisteredModelResponse response;
  RETURN_IF_ERROR(Load(transaction, caller, request.name(), response.mutable_registered_model()));
  return response;
}

absl::StatusOr<v1::GetRegisteredModelResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                                   const v1::GetRegisteredModelRequest& request) {
  v1::GetRegisteredModelResponse response;
  RETURN_IF_ERROR(Load(transaction, caller, request.name(), response.mutable_registered_model()));
  return response;
}

absl::StatusOr<v1::SearchRegisteredModelsResponse> Search(SqlTransaction& transaction, const Caller& caller,
                                                          const v1::SearchRegisteredModelsRequest& request) {
  ASSIGN_OR_RETURN(const auto search,
                   MakeSearch(kSearched, "models.tenant = ?", {caller.tenant}, request.filter(),
                              {request.order_by().begin(), request.order_by().end()},
                              PageOf(request.max_results()), request.page_token()));
  ASSIGN_OR_RETURN(auto rows, transaction.Query(StrCat(kColumns, search.sql), search.values));
  v1::SearchRegisteredModelsResponse response;
  response.set_next_page_token(NextPage(search, &rows));
  for (const store::SqlRow& row : rows)
    RETURN_IF_ERROR(Fill(transaction, caller, row, response.add_registered_models()));
  return response;
}

absl::StatusOr<v1::UpdateRegisteredModelResponse> Update(SqlTransaction& transaction, const Caller& caller,
                                                         const v1::UpdateRegisteredModelRequest& request) {
  RETURN_IF_ERROR(Touch(transaction, caller, request.name()));
  RETURN_IF_ERROR(transaction
                      .Execute("UPDATE models SET description = ? WHERE tenant = ? AND name = ?",
                               {request.description(), caller.tenant, request.name()})
                      .status());
  v1::UpdateRegisteredModelResponse response;
  RETURN_IF_ERROR(Load(transaction, caller, request.name(), response.mutable_registered_model()));
  return response;
}

absl::StatusOr<v1::RenameRegisteredModelResponse> Rename(SqlTransaction& transaction, const Caller& caller,
                                                         const v1::RenameRegisteredModelRequest& request) {
  RETURN_IF_ERROR(CheckModelName(request.new_name()));
  RETURN_IF_ERROR(Touch(transaction, caller, request.name()));
  // Whoever follows an alias hears that it has gone here and come there.
  ASSIGN_OR_RETURN(const auto moved, aliases::Versions(transaction, caller, request.name()));
  for (const auto& [alias, version] : moved) {
    RETURN_IF_ERROR(
        aliases::Record(transaction, caller, request.name(), alias, version, 0, "The model was renamed."));
  }
  for (const std::string_view table : {"models", "model_tags", "versions", "version_tags", "aliases"}) {
    const auto changed =
        transaction.Execute(StrCat("UPDATE ", table, " SET name = ? WHERE tenant = ? AND name = ?"),
                            {request.new_name(), caller.tenant, request.name()});
    if (absl::IsAlreadyExists(changed.status()))
      return AlreadyExists("There is a registered model '", request.new_name(), "' already.");
    RETURN_IF_ERROR(changed.status());
  }
  for (const auto& [alias, version] : moved) {
    RETURN_IF_ERROR(aliases::Record(transaction, caller, request.new_name(), alias, 0, version,
                                    "The model was renamed."));
  }
  v1::RenameRegisteredModelResponse response;
  RETURN_IF_ERROR(Load(transaction, caller, request.new_name(), response.mutable_registered_model()));
  return response;
}

absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteRegisteredModelRequest& request) {
  RETURN_IF_ERROR(Touch(transaction, caller, request.name()));
  ASSIGN_OR_RETURN(const auto gone, aliases::Versions(transaction, caller, request.name()));
  for (const auto& [alias, version] : gone) {
    RETURN_IF_ERROR(
        aliases::Record(transaction, caller, request.name(), alias, version, 0, "The model was deleted."));
  }
  for (const std::string_view table : {"models", "model_tags", "versions", "version_tags", "aliases"}) {
    RETURN_IF_ERROR(transaction
                        .Execute(StrCat("DELETE FROM ", table, " WHERE tenant = ? AND name = ?"),
                                 {caller.tenant, request.name()})
                        .status());
  }
  return v1::Empty();
}

absl::StatusOr<v1::Empty> SetTag(SqlTransaction& transaction, const Caller& caller,
                                 const v1::SetRegisteredModelTagRequest& request) {
  RETURN_IF_ERROR(Touch(transaction, caller, request.name()));
  RETURN_IF_ERROR(PutTag(transaction, "model_tags", "tenant, name", {caller.tenant, request.name()},
                         request.key(), request.value()));
  return v1::Empty();
}

absl::StatusOr<v1::Empty> DeleteTag(SqlTransaction& transaction, const Caller& caller,
                                    const v1::DeleteRegisteredModelTagRequest& request) {
  RETURN_IF_ERROR(Touch(transaction, caller, request.name()));
  RETURN_IF_ERROR(transaction
                      .Execute("DELETE FROM model_tags WHERE tenant = ? AND name = ? AND tag = ?",
                               {caller.tenant, request.name(), request.key()})
                      .status());
  return v1::Empty();
}

absl::StatusOr<v1::GetLatestVersionsResponse> LatestVersions(SqlTransaction& transaction,
                                                             const Caller& caller,
                                                             const v1::GetLatestVersionsRequest& request) {
  ASSIGN_OR_RETURN(const auto rows, transaction.Query("SELECT name FROM models WHERE tenant = ? AND name = ?",
                                                      {caller.tenant, request.name()}));
  if (rows.empty()) return NoModel(request.name());
  v1::GetLatestVersionsResponse response;
  RETURN_IF_ERROR(versions::LoadLatest(transaction, caller, request.name(),
                                       {request.stages().begin(), request.stages().end()},
                                       response.mutable_model_versions()));
  return response;
}

}  // namespace starling::registry::models
