#include "services/registry/runs.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/status.h"
#include "services/registry/experiments.h"
#include "services/registry/run_io.h"
#include "services/registry/search.h"
#include "services/registry/statements.h"

namespace starling::registry::runs {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, experiment, name, user_id, status, started, ended, artifact_uri, stage FROM runs";
constexpr std::string_view kOne = "tenant = ? AND id = ?";
constexpr std::array<std::string_view, 5> kStatuses = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED",
                                                       "KILLED"};
constexpr char kNameTag[] = "mlflow.runName";
constexpr int64_t kUsualRuns = 1000, kUsualHistory = 25000;

const Searched kSearched = {.table = "runs",
                            .join = {"tenant", "id"},
                            .columns = {{"run_id", "runs.id"},
                                        {"run_name", "runs.name"},
                                        {"Run name", "runs.name"},
                                        {"status", "runs.status"},
                                        {"user_id", "runs.user_id"},
                                        {"artifact_uri", "runs.artifact_uri"},
                                        {"start_time", "runs.started", true},
                                        {"Created", "runs.started", true},
                                        {"end_time", "runs.ended", true}},
                            .tags = "run_tags",
                            .params = "run_params",
                            .metrics = "run_metrics",
                            .then = "runs.started DESC, runs.id ASC"};

absl::Status NoRun(std::string_view id) { return NotFound("There is no run '", id, "'."); }

void FillInfo(const store::SqlRow& row, v1::RunInfo* info) {
  info->set_run_id(row.Text(0));
  info->set_run_uuid(row.Text(0));
  info->set_experiment_id(row.Text(1));
  info->set_run_name(row.Text(2));
  info->set_user_id(row.Text(3));
  info->set_status(row.Text(4));
  info->set_start_time(row.Int(5));
  info->set_end_time(row.Int(6));
  info->set_artifact_uri(row.Text(7));
  info->set_lifecycle_stage(row.Text(8));
}

void FillMetric(const store::SqlRow& row, v1::Metric* metric) {
  metric->set_key(row.Text(0));
  metric->set_value(row.is_null(1) ? std::numeric_limits<double>::quiet_NaN() : row.Double(1));
  metric->set_timestamp(row.Int(2));
  metric->set_step(row.Int(3));
}

absl::StatusOr<v1::Run> From(SqlTransaction& transaction, const Caller& caller, const store::SqlRow& row) {
  v1::Run run;
  FillInfo(row, run.mutable_info());
  const store::SqlValues key = {caller.tenant, row.Text(0)};
  RETURN_IF_ERROR(LoadTags(transaction, "run_tags", kOne, key, run.mutable_data()->mutable_tags()));
  RETURN_IF_ERROR(LoadTags(transaction, "run_params", kOne, key, run.mutable_data()->mutable_params()));
  ASSIGN_OR_RETURN(
      const auto metrics,
      transaction.Query(
          StrCat("SELECT tag, value, taken, step FROM run_metrics WHERE ", kOne, " ORDER BY tag"), key));
  for (const store::SqlRow& metric : metrics) FillMetric(metric, run.mutable_data()->add_metrics());
  RETURN_IF_ERROR(run_io::Load(transaction, caller, &run));
  return run;
}

absl::StatusOr<v1::Run> Load(SqlTransaction& transaction, const Caller& caller, const std::string& id) {
  ASSIGN_OR_RETURN(const auto rows,
                   transaction.Query(StrCat(kColumns, " WHERE ", kOne), {caller.tenant, id}));
  if (rows.empty()) return NoRun(id);
  return From(transaction, caller, rows[0]);
}

absl::Status Set(SqlTransaction& transaction, const Caller& caller, const std::string& id,
                 std::string_view column, store::SqlValue value) {
  ASSIGN_OR_RETURN(const int64_t changed,
                   transaction.Execute(StrCat("UPDATE runs SET ", column, " = ? WHERE ", kOne),
                                       {std::move(value), caller.tenant, id}));
  return changed == 0 ? NoRun(id) : absl::OkStatus();
}

absl::Status LogParam(SqlTransaction& transaction, const store::SqlValues& key, const v1::Param& param) {
  ASSIGN_OR_RETURN(const auto known,
                   transaction.Query(StrCat("SELECT value FROM run_params WHERE ", kOne, " AND tag = ?"),
                                     {key[0], key[1], param.key()}));
  if (!known.empty()) {
    if (known[0].Text(0) == param.value()) return absl::OkStatus();
    return InvalidArgument("The parameter '", param.key(), "' of this run is '", known[0].Text(0),
                           "' already; parameters do not change.");
  }
  return PutTag(transaction, "run_params", "tenant, id", key, param.key(), param.value());
}

absl::Status LogMetric(SqlTransaction& transaction, const Caller& caller, const store::SqlValues& key,
                       const v1::Metric& metric) {
  // NaN is stored as NULL.
  const store::SqlValue value(metric.value());
  const int64_t taken = metric.timestamp() > 0 ? metric.timestamp() : caller.now_ms;
  if (!metric.model_id().empty()) {
    // log_model sends the metrics of its run again, to say that they are the model's.
    ASSIGN_OR_RETURN(const auto known,
                     transaction.Query(StrCat("SELECT number FROM metric_history WHERE ", kOne,
                                              " AND tag = ? AND taken = ? AND step = ?"),
                                       {key[0], key[1], metric.key(), taken, metric.step()}));
    if (!known.empty()) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const auto numbers,
                   transaction.Query(StrCat("SELECT COALESCE(MAX(number), 0) FROM metric_history WHERE ",
                                            kOne, " AND tag = ?"),
                                     {key[0], key[1], metric.key()}));
  RETURN_IF_ERROR(
      transaction
          .Execute("INSERT INTO metric_history (tenant, id, tag, number, value, taken, step) VALUES "
                   "(?, ?, ?, ?, ?, ?, ?)",
                   {key[0], key[1], metric.key(), numbers.at(0).Int(0) + 1, value, taken, metric.step()})
          .status());
  // The one of the last step counts, and of one step the last one.
  return transaction
      .Execute(
          "INSERT INTO run_metrics (tenant, id, tag, value, taken, step) VALUES (?, ?, ?, ?, ?, ?) ON "
          "CONFLICT "
          "(tenant, id, tag) DO UPDATE SET value = excluded.value, taken = excluded.taken, step = "
          "excluded.step WHERE excluded.step > run_metrics.step OR (excluded.step = run_metrics.step AND "
          "excluded.taken >= run_metrics.taken)",
          {key[0], key[1], metric.key(), value, taken, metric.step()})
      .status();
}

}  // namespace

absl::StatusOr<v1::CreateRunResponse> Create(SqlTransaction& transaction, const Caller& caller,
                                             const std::string& new_id, const v1::CreateRunRequest& request) {
  RETURN_IF_ERROR(experiments::EnsureDefault(transaction, caller));
  v1::GetExperimentRequest wanted;
  wanted.set_experiment_id(request.experiment_id().empty() ? experiments::kDefaultId
                                                           : request.experiment_id());
  ASSIGN_OR_RETURN(const auto found, experiments::Get(transaction, caller, wanted));
  if (found.experiment().lifecycle_stage() != "active")
    return InvalidArgument("The experiment '", found.experiment().name(), "' was deleted.");
  std::string name = request.run_name();
  for (const v1::Tag& tag : request.tags()) {
    if (name.empty() && tag.key() == kNameTag) name = tag.value();
  }
  if (name.empty()) name = StrCat("run-", std::string_view(new_id).substr(0, 8));
  RETURN_IF_ERROR(transaction
                      .Execute("INSERT INTO runs (tenant, id, experiment, name, user_id, status, started, "
                               "ended, artifact_uri, "
                               "stage) VALUES (?, ?, ?, ?, ?, 'RUNNING', ?, 0, ?, 'active')",
                               {caller.tenant, new_id, wanted.experiment_id(), name,
                                request.user_id().empty() ? caller.user : request.user_id(),
                                request.start_time() > 0 ? request.start_time() : caller.now_ms,
                                StrCat(found.experiment().artifact_location(), "/", new_id, "/artifacts")})
                      .status());
  for (const v1::Tag& tag : request.tags())
    RETURN_IF_ERROR(
        PutTag(transaction, "run_tags", "tenant, id", {caller.tenant, new_id}, tag.key(), tag.value()));
  RETURN_IF_ERROR(PutTag(transaction, "run_tags", "tenant, id", {caller.tenant, new_id}, kNameTag, name));
  v1::CreateRunResponse response;
  ASSIGN_OR_RETURN(*response.mutable_run(), Load(transaction, caller, new_id));
  return response;
}

absl::StatusOr<v1::GetRunResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                       const v1::GetRunRequest& request) {
  v1::GetRunResponse response;
  ASSIGN_OR_RETURN(*response.mutable_run(), Load(transaction, caller, request.run_id()));
  return response;
}

absl::StatusOr<v1::SearchRunsResponse> Search(SqlTransaction& transaction, const Caller& caller,
                                              const v1::SearchRunsRequest& request) {
  v1::SearchRunsResponse response;
  if (request.experiment_ids().empty()) return response;
  ASSIGN_OR_RETURN(const std::string stage, experiments::StageCondition("runs", request.run_view_type()));
  store::SqlValues values = {caller.tenant};
  std::string where = StrCat("runs.tenant = ? AND ", stage, " AND runs.experiment",
                             InList(request.experiment_ids(), &values));
  ASSIGN_OR_RETURN(const auto search,
                   MakeSearch(kSearched, std::move(where), std::move(values), request.filter(),
                              {request.order_by().begin(), request.order_by().end()},
                              PageOf(request.max_results(), kUsualRuns), request.page_token()));
  ASSIGN_OR_RETURN(auto rows, transaction.Query(StrCat(kColumns, search.sql), search.values));
  response.set_next_page_token(NextPage(search, &rows));
  for (const store::SqlRow& row : rows) {
    ASSIGN_OR_RETURN(*response.add_runs(), From(transaction, caller, row));
  }
  return response;
}

absl::StatusOr<v1::UpdateRunResponse> Update(SqlTransaction& transaction, const Caller& caller,
                                             const v1::UpdateRunRequest& request) {
  const std::string& id = request.run_id();
  if (!request.status().empty()) {
    if (std::find(kStatuses.begin(), kStatuses.end(), request.status()) == kStatuses.end())
      return InvalidArgument("The status must be RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.");
    RETURN_IF_ERROR(Set(transaction, caller, id, "status", request.status()));
  }
  if (request.end_time() > 0) RETURN_IF_ERROR(Set(transaction, caller, id, "ended", request.end_time()));
  if (!request.run_name().empty()) {
    RETURN_IF_ERROR(Set(transaction, caller, id, "name", request.run_name()));
    RETURN_IF_ERROR(
        PutTag(transaction, "run_tags", "tenant, id", {caller.tenant, id}, kNameTag, request.run_name()));
  }
  ASSIGN_OR_RETURN(const v1::Run run, Load(transaction, caller, id));
  v1::UpdateRunResponse response;
  *response.mutable_run_info() = run.info();
  return response;
}

absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteRunRequest& request) {
  RETURN_IF_ERROR(Set(transaction, caller, request.run_id(), "stage", "deleted"));
  return v1::Empty();
}

absl::StatusOr<v1::Empty> Restore(SqlTransaction& transaction, const Caller& caller,
                                  const v1::RestoreRunRequest& request) {
  RETURN_IF_ERROR(Set(transaction, caller, request.run_id(), "stage", "active"));
  return v1::Empty();
}

absl::StatusOr<v1::Empty> LogBatch(SqlTransaction& transaction, const Caller& caller,
                                   const v1::LogBatchRequest& request) {
  const store::SqlValues key = {caller.tenant, request.run_id()};
  ASSIGN_OR_RETURN(const auto rows, transaction.Query(StrCat("SELECT stage FROM runs WHERE ", kOne), key));
  if (rows.empty()) return NoRun(request.run_id());
  if (rows[0].Text(0) != "active") return InvalidArgument("The run '", request.run_id(), "' was deleted.");
  for (const v1::Param& param : request.params()) RETURN_IF_ERROR(LogParam(transaction, key, param));
  for (const v1::Metric& metric : request.metrics())
    RETURN_IF_ERROR(LogMetric(transaction, caller, key, metric));
  for (const v1::Tag& tag : request.tags()) {
    RETURN_IF_ERROR(PutTag(transaction, "run_tags", "tenant, id", key, tag.key(), tag.value()));
    if (tag.key() == kNameTag)
      RETURN_IF_ERROR(Set(transaction, caller, request.run_id(), "name", tag.value()));
  }
  return v1::Empty();
}

absl::StatusOr<v1::Empty> DeleteTag(SqlTransaction& transaction, const Caller& caller,
                                    const v1::DeleteRunTagRequest& request) {
  ASSIGN_OR_RETURN(const int64_t changed,
                   transaction.Execute(StrCat("DELETE FROM run_tags WHERE ", kOne, " AND tag = ?"),
                                       {caller.tenant, request.run_id(), request.key()}));
  if (changed == 0) return NotFound("The run '", request.run_id(), "' has no tag '", request.key(), "'.");
  return v1::Empty();
}

absl::StatusOr<v1::GetMetricHistoryResponse> MetricHistory(SqlTransaction& transaction, const Caller& caller,
                                                           const v1::GetMetricHistoryRequest& request) {
  RETURN_IF_ERROR(Load(transaction, caller, request.run_id()).status());
  static const Searched& history = *new Searched{.table = "metric_history",
                                                 .join = {},
                                                 .columns = {},
                                                 .tags = {},
                                                 .params = {},
                                                 .metrics = {},
                                                 .then = "step ASC, taken ASC, number ASC"};
  ASSIGN_OR_RETURN(const auto search,
                   MakeSearch(history, StrCat(kOne, " AND tag = ?"),
                              {caller.tenant, request.run_id(), request.metric_key()}, "", {},
                              PageOf(request.max_results(), kUsualHistory), request.page_token()));
  ASSIGN_OR_RETURN(auto rows,
                   transaction.Query(StrCat("SELECT tag, value, taken, step FROM metric_history", search.sql),
                                     search.values));
  v1::GetMetricHistoryResponse response;
  response.set_next_page_token(NextPage(search, &rows));
  for (const store::SqlRow& row : rows) FillMetric(row, response.add_metrics());
  return response;
}

}  // namespace starling::registry::runs
