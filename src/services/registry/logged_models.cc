#include "services/registry/logged_models.h"

#include "base/status.h"
#include "services/registry/experiments.h"
#include "services/registry/search.h"
#include "services/registry/statements.h"

namespace starling::registry::logged_models {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, experiment, name, created, updated, artifact_uri, status, model_type, run_id FROM "
    "logged_models";
constexpr std::string_view kOne = "tenant = ? AND id = ?";

const Searched kSearched = {.table = "logged_models",
                            .join = {"tenant", "id"},
                            .columns = {{"name", "logged_models.name"},
                                        {"model_id", "logged_models.id"},
                                        {"model_type", "logged_models.model_type"},
                                        {"status", "logged_models.status"},
                                        {"source_run_id", "logged_models.run_id"},
                                        {"creation_timestamp", "logged_models.created", true},
                                        {"creation_time", "logged_models.created", true},
                                        {"last_updated_timestamp", "logged_models.updated", true}},
                            .tags = "logged_model_tags",
                            .params = "logged_model_params",
                            .metrics = {},
                            .then = "logged_models.created DESC, logged_models.id ASC"};

absl::Status NoModel(std::string_view id) { return NotFound("There is no logged model '", id, "'."); }

absl::StatusOr<v1::LoggedModel> From(SqlTransaction& transaction, const Caller& caller,
                                     const store::SqlRow& row) {
  v1::LoggedModel model;
  v1::LoggedModelInfo& info = *model.mutable_info();
  info.set_model_id(row.Text(0));
  info.set_experiment_id(row.Text(1));
  info.set_name(row.Text(2));
  info.set_creation_timestamp_ms(row.Int(3));
  info.set_last_updated_timestamp_ms(row.Int(4));
  info.set_artifact_uri(row.Text(5));
  info.set_status(row.Text(6));
  info.set_model_type(row.Text(7));
  info.set_source_run_id(row.Text(8));
  const store::SqlValues key = {caller.tenant, row.Text(0)};
  RETURN_IF_ERROR(LoadTags(transaction, "logged_model_tags", kOne, key, info.mutable_tags()));
  RETURN_IF_ERROR(
      LoadTags(transaction, "logged_model_params", kOne, key, model.mutable_data()->mutable_params()));
  return model;
}

absl::StatusOr<v1::LoggedModel> Load(SqlTransaction& transaction, const Caller& caller,
                                     const std::string& id) {
  ASSIGN_OR_RETURN(const auto rows,
                   transaction.Query(StrCat(kColumns, " WHERE ", kOne), {caller.tenant, id}));
  if (rows.empty()) return NoModel(id);
  return From(transaction, caller, rows[0]);
}

// NOT_FOUND too if there is no such model.
absl::Status Touch(SqlTransaction& transaction, const Caller& caller, const std::string& id) {
  ASSIGN_OR_RETURN(const int64_t changed,
                   transaction.Execute(StrCat("UPDATE logged_models SET updated = ? WHERE ", kOne),
                                       {caller.now_ms, caller.tenant, id}));
  return changed == 0 ? NoModel(id) : absl::OkStatus();
}

template <typename Items>
absl::Status PutAll(SqlTransaction& transaction, const Caller& caller, std::string_view table,
                    const std::string& id, const Items& items) {
  for (const auto& item : items)
    RETURN_IF_ERROR(PutTag(transaction, table, "tenant, id", {caller.tenant, id}, item.key(), item.value()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::CreateLoggedModelResponse> Create(SqlTransaction& transaction, const Caller& caller,
                                                     const std::string& new_id,
                                                     const v1::CreateLoggedModelRequest& request) {
  RETURN_IF_ERROR(experiments::EnsureDefault(transaction, caller));
  v1::GetExperimentRequest wanted;
  wanted.set_experiment_id(request.experiment_id().empty() ? experiments::kDefaultId
                                                           : request.experiment_id());
  ASSIGN_OR_RETURN(const auto found, experiments::Get(transaction, caller, wanted));
  if (found.experiment().lifecycle_stage() != "active")
    return InvalidArgument("The experiment '", found.experiment().name(), "' was deleted.");
  const std::string& name = request.name();
  RETURN_IF_ERROR(
      transaction
          .Execute("INSERT INTO logged_models (tenant, id, experiment, name, created, updated, artifact_uri, "
                   "status, model_type, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, 'LOGGED_MODEL_PENDING', ?, ?)",
                   {caller.tenant, new_id, wanted.experiment_id(),
                    name.empty() ? StrCat("model-", std::string_view(new_id).substr(2, 8)) : name,
                    caller.now_ms, caller.now_ms,
                    StrCat(found.experiment().artifact_location(), "/models/", new_id, "/artifacts"),
                    request.model_type(), request.source_run_id()})
          .status());
  RETURN_IF_ERROR(PutAll(transaction, caller, "logged_model_params", new_id, request.params()));
  RETURN_IF_ERROR(PutAll(transaction, caller, "logged_model_tags", new_id, request.tags()));
  v1::CreateLoggedModelResponse response;
  ASSIGN_OR_RETURN(*response.mutable_model(), Load(transaction, caller, new_id));
  return response;
}

absl::StatusOr<v1::GetLoggedModelResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                               const v1::GetLoggedModelRequest& request) {
  v1::GetLoggedModelResponse response;
  ASSIGN_OR_RETURN(*response.mutable_model(), Load(transaction, caller, request.model_id()));
  return response;
}

absl::StatusOr<v1::SearchLoggedModelsResponse> Search(SqlTransaction& transaction, const Caller& caller,
                                                      const v1::SearchLoggedModelsRequest& request) {
  v1::SearchLoggedModelsResponse response;
  if (request.experiment_ids().empty()) return response;
  store::SqlValues values = {caller.tenant};
  std::string where = StrCat("logged_models.tenant = ? AND logged_models.experiment",
                             InList(request.experiment_ids(), &values));
  std::vector<std::string> order_by;
  for (const auto& order : request.order_by())
    order_by.push_back(
        StrCat(order.field_name(), !order.has_ascending() || order.ascending() ? " ASC" : " DESC"));
  ASSIGN_OR_RETURN(const auto search,
                   MakeSearch(kSearched, std::move(where), std::move(values), request.filter(), order_by,
                              PageOf(request.max_results()), request.page_token()));
  ASSIGN_OR_RETURN(auto rows, transaction.Query(StrCat(kColumns, search.sql), search.values));
  response.set_next_page_token(NextPage(search, &rows));
  for (const store::SqlRow& row : rows) {
    ASSIGN_OR_RETURN(*response.add_models(), From(transaction, caller, row));
  }
  return response;
}

absl::StatusOr<v1::FinalizeLoggedModelResponse> Finalize(SqlTransaction& transaction, const Caller& caller,
                                                         const v1::FinalizeLoggedModelRequest& request) {
  if (request.status() != "LOGGED_MODEL_READY" && request.status() != "LOGGED_MODEL_UPLOAD_FAILED")
    return InvalidArgument("The status must be LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED.");
  RETURN_IF_ERROR(Touch(transaction, caller, request.model_id()));
  RETURN_IF_ERROR(transaction
                      .Execute(StrCat("UPDATE logged_models SET status = ? WHERE ", kOne),
                               {request.status(), caller.tenant, request.model_id()})
                      .status());
  v1::FinalizeLoggedModelResponse response;
  ASSIGN_OR_RETURN(*response.mutable_model(), Load(transaction, caller, request.model_id()));
  return response;
}

absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteLoggedModelRequest& request) {
  RETURN_IF_ERROR(Touch(transaction, caller, request.model_id()));
  for (const std::string_view table : {"logged_model_tags", "logged_model_params", "logged_models"}) {
    RETURN_IF_ERROR(
        transaction
            .Execute(StrCat("DELETE FROM ", table, " WHERE ", kOne), {caller.tenant, request.model_id()})
            .status());
  }
  return v1::Empty();
}

absl::StatusOr<v1::SetLoggedModelTagsResponse> SetTags(SqlTransaction& transaction, const Caller& caller,
                                                       const v1::SetLoggedModelTagsRequest& request) {
  RETURN_IF_ERROR(Touch(transaction, caller, request.model_id()));
  RETURN_IF_ERROR(PutAll(transaction, caller, "logged_model_tags", request.model_id(), request.tags()));
  v1::SetLoggedModelTagsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_model(), Load(transaction, caller, request.model_id()));
  return response;
}

absl::StatusOr<v1::Empty> DeleteTag(SqlTransaction& transaction, const Caller& caller,
                                    const v1::DeleteLoggedModelTagRequest& request) {
  RETURN_IF_ERROR(Touch(transaction, caller, request.model_id()));
  ASSIGN_OR_RETURN(const int64_t changed,
                   transaction.Execute(StrCat("DELETE FROM logged_model_tags WHERE ", kOne, " AND tag = ?"),
                                       {caller.tenant, request.model_id(), request.tag_key()}));
  if (changed == 0) {
    return NotFound("The logged model '", request.model_id(), "' has no tag '", request.tag_key(), "'.");
  }
  return v1::Empty();
}

absl::StatusOr<v1::Empty> LogParams(SqlTransaction& transaction, const Caller& caller,
                                    const v1::LogLoggedModelParamsRequest& request) {
  RETURN_IF_ERROR(Touch(transaction, caller, request.model_id()));
  RETURN_IF_ERROR(PutAll(transaction, caller, "logged_model_params", request.model_id(), request.params()));
  return v1::Empty();
}

}  // namespace starling::registry::logged_models
