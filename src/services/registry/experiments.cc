#include "services/registry/experiments.h"

#include "base/status.h"
#include "services/registry/names.h"
#include "services/registry/search.h"
#include "services/registry/statements.h"

namespace starling::registry::experiments {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, name, artifact_location, stage, updated, created FROM experiments";

const Searched kSearched = {.table = "experiments",
                            .join = {"tenant", "id"},
                            .columns = {{"name", "experiments.name"},
                                        {"experiment_id", "experiments.id"},
                                        {"creation_time", "experiments.created", true},
                                        {"last_update_time", "experiments.updated", true}},
                            .tags = "experiment_tags",
                            .params = {},
                            .metrics = {},
                            .without_tag_differs = true,
                            .then = "experiments.created DESC, experiments.id DESC"};

absl::Status NoExperiment(std::string_view what) { return NotFound("There is no experiment '", what, "'."); }

absl::StatusOr<v1::Experiment> From(SqlTransaction& transaction, const Caller& caller,
                                    const store::SqlRow& row) {
  v1::Experiment experiment;
  experiment.set_experiment_id(row.Text(0));
  experiment.set_name(row.Text(1));
  experiment.set_artifact_location(row.Text(2));
  experiment.set_lifecycle_stage(row.Text(3));
  experiment.set_last_update_time(row.Int(4));
  experiment.set_creation_time(row.Int(5));
  RETURN_IF_ERROR(LoadTags(transaction, "experiment_tags", "tenant = ? AND id = ?",
                           {caller.tenant, row.Text(0)}, experiment.mutable_tags()));
  return experiment;
}

absl::StatusOr<v1::Experiment> Find(SqlTransaction& transaction, const Caller& caller,
                                    std::string_view column, const std::string& value) {
  ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(StrCat(kColumns, " WHERE tenant = ? AND ", column, " = ?"), {caller.tenant, value}));
  if (rows.empty()) return NoExperiment(value);
  return From(transaction, caller, rows[0]);
}

absl::Status Set(SqlTransaction& transaction, const Caller& caller, const std::string& id,
                 std::string_view column, const std::string& value) {
  RETURN_IF_ERROR(EnsureDefault(transaction, caller));
  const auto changed = transaction.Execute(
      StrCat("UPDATE experiments SET ", column, " = ?, updated = ? WHERE tenant = ? AND id = ?"),
      {value, caller.now_ms, caller.tenant, id});
  if (absl::IsAlreadyExists(changed.status()))
    return AlreadyExists("There is an experiment '", value, "' already.");
  RETURN_IF_ERROR(changed.status());
  return *changed == 0 ? NoExperiment(id) : absl::OkStatus();
}

absl::Status Insert(SqlTransaction& transaction, const Caller& caller, const std::string& id,
                    const std::string& name, const std::string& location, std::string_view conflict) {
  return transaction
      .Execute(
          StrCat("INSERT INTO experiments (tenant, id, name, artifact_location, stage, created, updated) "
                 "VALUES (?, ?, ?, ?, 'active', ?, ?)",
                 conflict),
          {caller.tenant, id, name, location.empty() ? StrCat("mlflow-artifacts:/", id) : location,
           caller.now_ms, caller.now_ms})
      .status();
}

}  // namespace

absl::Status EnsureDefault(SqlTransaction& transaction, const Caller& caller) {
  return Insert(transaction, caller, kDefaultId, "Default", "", " ON CONFLICT DO NOTHING");
}

absl::StatusOr<std::string> StageCondition(std::string_view table, std::string_view view_type) {
  if (view_type.empty() || view_type == "ACTIVE_ONLY") return StrCat(table, ".stage = 'active'");
  if (view_type == "DELETED_ONLY") return StrCat(table, ".stage = 'deleted'");
  if (view_type == "ALL") return StrCat(table, ".stage <> ''");
  return InvalidArgument("The view type must be ACTIVE_ONLY, DELETED_ONLY or ALL.");
}

absl::StatusOr<v1::CreateExperimentResponse> Create(SqlTransaction& transaction, const Caller& caller,
                                                    const v1::CreateExperimentRequest& request) {
  if (!request.artifact_location().empty()) {
    RETURN_IF_ERROR(CheckSource(request.artifact_location()));
    if (!request.artifact_location().starts_with("mlflow-artifacts:"))
      return InvalidArgument("The artifacts of experiments lie here: mlflow-artifacts:/PATH.");
  }
  RETURN_IF_ERROR(EnsureDefault(transaction, caller));
  ASSIGN_OR_RETURN(const int64_t number, NextNumber(transaction, caller.tenant, "experiments"));
  const std::string id = StrCat(number);
  const absl::Status made = Insert(transaction, caller, id, request.name(), request.artifact_location(), "");
  if (absl::IsAlreadyExists(made))
    return AlreadyExists("There is an experiment '", request.name(), "' already.");
  RETURN_IF_ERROR(made);
  for (const v1::Tag& tag : request.tags())
    RETURN_IF_ERROR(
        PutTag(transaction, "experiment_tags", "tenant, id", {caller.tenant, id}, tag.key(), tag.value()));
  v1::CreateExperimentResponse response;
  response.set_experiment_id(id);
  return response;
}

absl::StatusOr<v1::GetExperimentResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                              const v1::GetExperimentRequest& request) {
  v1::GetExperimentResponse response;
  ASSIGN_OR_RETURN(*response.mutable_experiment(), Find(transaction, caller, "id", request.experiment_id()));
  return response;
}

absl::StatusOr<v1::GetExperimentByNameResponse> GetByName(SqlTransaction& transaction, const Caller& caller,
                                                          const v1::GetExperimentByNameRequest& request) {
  v1::GetExperimentByNameResponse response;
  ASSIGN_OR_RETURN(*response.mutable_experiment(),
                   Find(transaction, caller, "name", request.experiment_name()));
  return response;
}

absl::StatusOr<v1::SearchExperimentsResponse> Search(SqlTransaction& transaction, const Caller& caller,
                                                     const v1::SearchExperimentsRequest& request) {
  ASSIGN_OR_RETURN(const std::string stage, StageCondition("experiments", request.view_type()));
  ASSIGN_OR_RETURN(const auto search,
                   MakeSearch(kSearched, StrCat("experiments.tenant = ? AND ", stage), {caller.tenant},
                              request.filter(), {request.order_by().begin(), request.order_by().end()},
                              PageOf(request.max_results()), request.page_token()));
  ASSIGN_OR_RETURN(auto rows, transaction.Query(StrCat(kColumns, search.sql), search.values));
  v1::SearchExperimentsResponse response;
  response.set_next_page_token(NextPage(search, &rows));
  for (const store::SqlRow& row : rows) {
    ASSIGN_OR_RETURN(*response.add_experiments(), From(transaction, caller, row));
  }
  return response;
}

absl::StatusOr<v1::Empty> Update(SqlTransaction& transaction, const Caller& caller,
                                 const v1::UpdateExperimentRequest& request) {
  RETURN_IF_ERROR(Set(transaction, caller, request.experiment_id(), "name", request.new_name()));
  return v1::Empty();
}

absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteExperimentRequest& request) {
  RETURN_IF_ERROR(Set(transaction, caller, request.experiment_id(), "stage", "deleted"));
  return v1::Empty();
}

absl::StatusOr<v1::Empty> Restore(SqlTransaction& transaction, const Caller& caller,
                                  const v1::RestoreExperimentRequest& request) {
  RETURN_IF_ERROR(Set(transaction, caller, request.experiment_id(), "stage", "active"));
  return v1::Empty();
}

absl::StatusOr<v1::Empty> SetTag(SqlTransaction& transaction, const Caller& caller,
                                 const v1::SetExperimentTagRequest& request) {
  RETURN_IF_ERROR(Find(transaction, caller, "id", request.experiment_id()).status());
  RETURN_IF_ERROR(PutTag(transaction, "experiment_tags", "tenant, id",
                         {caller.tenant, request.experiment_id()}, request.key(), request.value()));
  return v1::Empty();
}

}  // namespace starling::registry::experiments
