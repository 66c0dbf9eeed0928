#include "services/registry/versions.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "services/registry/aliases.h"
#include "services/registry/logged_models.h"
#include "services/registry/models.h"
#include "services/registry/names.h"
#include "services/registry/search.h"
#include "services/registry/statements.h"

namespace starling::registry::versions {
namespace {

constexpr std::string_view kColumns =
    "SELECT name, version, created, updated, user_id, stage, description, source, run_id, run_link, "
    "model_id, "
    "data_snapshot, features, code_version FROM versions";
constexpr std::string_view kOne = "tenant = ? AND name = ? AND version = ?";
constexpr std::array<std::string_view, 4> kStages = {"None", "Staging", "Production", "Archived"};

const Searched kSearched = {.table = "versions",
                            .join = {"tenant", "name", "version"},
                            .columns = {{"name", "versions.name"},
                                        {"version_number", "versions.version", true},
                                        {"version", "versions.version", true},
                                        {"run_id", "versions.run_id"},
                                        {"source_path", "versions.source"},
                                        {"source", "versions.source"},
                                        {"user_id", "versions.user_id"},
                                        {"current_stage", "versions.stage"},
                                        {"creation_timestamp", "versions.created", true},
                                        {"last_updated_timestamp", "versions.updated", true}},
                            .tags = "version_tags",
                            .params = {},
                            .metrics = {},
                            .without_tag_differs = true,
                            .then = "versions.name ASC, versions.version DESC"};

absl::StatusOr<std::string> StageOf(std::string_view asked) {
  for (const std::string_view stage : kStages) {
    if (std::equal(stage.begin(), stage.end(), asked.begin(), asked.end(),
                   [](char a, char b) { return (a | 0x20) == (b | 0x20); }))
      return std::string(stage);
  }
  return InvalidArgument("There is no stage '", asked,
                         "'; there are None, Staging, Production and Archived.");
}

absl::StatusOr<v1::ModelVersion> From(SqlTransaction& transaction, const Caller& caller,
                                      const store::SqlRow& row) {
  v1::ModelVersion version;
  version.set_name(row.Text(0));
  version.set_version(StrCat(row.Int(1)));
  version.set_creation_timestamp(row.Int(2));
  version.set_last_updated_timestamp(row.Int(3));
  version.set_user_id(row.Text(4));
  version.set_current_stage(row.Text(5));
  version.set_description(row.Text(6));
  version.set_source(row.Text(7));
  version.set_run_id(row.Text(8));
  version.set_run_link(row.Text(9));
  version.set_model_id(row.Text(10));
  version.set_status("READY");
  v1::Lineage* lineage = version.mutable_lineage();
  lineage->set_data_snapshot(row.Text(11));
  for (const auto feature : absl::StrSplit(row.Text(12), '\n', absl::SkipEmpty()))
    lineage->add_features(std::string(feature));
  lineage->set_code_version(row.Text(13));
  RETURN_IF_ERROR(LoadTags(transaction, "version_tags", kOne, {caller.tenant, version.name(), row.Int(1)},
                           version.mutable_tags()));
  ASSIGN_OR_RETURN(const auto aliases, aliases::Versions(transaction, caller, version.name()));
  for (const auto& [alias, number] : aliases) {
    if (number == row.Int(1)) version.add_aliases(alias);
  }
  return version;
}

// What the run's tags say fills what the caller left empty.
absl::Status FillLineage(SqlTransaction& transaction, const Caller& caller,
                         const v1::CreateModelVersionRequest& request, v1::Lineage* lineage) {
  *lineage = request.lineage();
  google::protobuf::RepeatedPtrField<v1::Tag> tags(request.tags());
  if (!request.run_id().empty()) {
    RETURN_IF_ERROR(
        LoadTags(transaction, "run_tags", "tenant = ? AND id = ?", {caller.tenant, request.run_id()}, &tags));
  }
  const auto value = [&tags](std::string_view key) -> std::string {
    for (const v1::Tag& tag : tags) {
      if (tag.key() == key) return tag.value();
    }
    return "";
  };
  if (lineage->data_snapshot().empty()) lineage->set_data_snapshot(value("starling.data_snapshot"));
  if (lineage->code_version().empty()) lineage->set_code_version(value("mlflow.source.git.commit"));
  if (lineage->features().empty()) {
    for (const char* key : {"feast.feature_refs", "feast.feature_service"}) {
      const std::string features = value(key);
      for (const auto feature : absl::StrSplit(features, absl::ByAnyChar(",\n"), absl::SkipWhitespace()))
        lineage->add_features(std::string(absl::StripAsciiWhitespace(feature)));
      if (!lineage->features().empty()) break;
    }
  }
  for (const std::string& feature : lineage->features()) {
    if (feature.find('\n') != std::string::npos)
      return InvalidArgument("The name of a feature must not contain a line break.");
  }
  return absl::OkStatus();
}

// `set` is the changed columns.
absl::StatusOr<v1::ModelVersion> Change(SqlTransaction& transaction, const Caller& caller,
                                        const std::string& name, const std::string& version,
                                        std::string_view column, const std::string& value) {
  ASSIGN_OR_RETURN(const int64_t number, ParseVersion(version));
  RETURN_IF_ERROR(transaction
                      .Execute(StrCat("UPDATE versions SET ", column, " = ?, updated = ? WHERE ", kOne),
                               {value, caller.now_ms, caller.tenant, name, number})
                      .status());
  return Load(transaction, caller, name, number);
}

// MLflow 3 registers a logged model as `models:/m-ID`: its files are the version's, and so is its run.
absl::StatusOr<v1::CreateModelVersionRequest> Resolve(SqlTransaction& transaction, const Caller& caller,
                                                      v1::CreateModelVersionRequest request) {
  constexpr std::string_view kModels = "models:/";
  const std::string& source = request.source();
  if (!source.starts_with("models:/m-") || source.find('/', kModels.size()) != std::string::npos)
    return request;
  v1::GetLoggedModelRequest wanted;
  wanted.set_model_id(source.substr(kModels.size()));
  ASSIGN_OR_RETURN(const auto found, logged_models::Get(transaction, caller, wanted));
  const v1::LoggedModelInfo& info = found.model().info();
  request.set_source(info.artifact_uri());
  request.set_model_id(info.model_id());
  if (request.run_id().empty()) request.set_run_id(info.source_run_id());
  return request;
}

}  // namespace

absl::StatusOr<v1::ModelVersion> Load(SqlTransaction& transaction, const Caller& caller,
                                      const std::string& name, int64_t version) {
  ASSIGN_OR_RETURN(const auto rows,
                   transaction.Query(StrCat(kColumns, " WHERE ", kOne), {caller.tenant, name, version}));
  if (rows.empty()) return NotFound("Registered model '", name, "' has no version ", version, ".");
  return From(transaction, caller, rows[0]);
}

absl::Status LoadLatest(SqlTransaction& transaction, const Caller& caller, const std::string& name,
                        const std::vector<std::string>& stages,
                        google::protobuf::RepeatedPtrField<v1::ModelVersion>* versions) {
  std::vector<std::string> wanted;
  for (const std::string& stage : stages) {
    ASSIGN_OR_RETURN(wanted.emplace_back(), StageOf(stage));
  }
  ASSIGN_OR_RETURN(const auto rows,
                   transaction.Query("SELECT stage, MAX(version) FROM versions WHERE tenant = ? AND name = ? "
                                     "GROUP BY stage ORDER BY 2",
                                     {caller.tenant, name}));
  for (const store::SqlRow& row : rows) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), row.Text(0)) == wanted.end()) continue;
    ASSIGN_OR_RETURN(*versions->Add(), Load(transaction, caller, name, row.Int(1)));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::CreateModelVersionResponse> Create(SqlTransaction& transaction, const Caller& caller,
                                                      const v1::CreateModelVersionRequest& asked) {
  ASSIGN_OR_RETURN(const v1::CreateModelVersionRequest request, Resolve(transaction, caller, asked));
  RETURN_IF_ERROR(CheckSource(request.source()));
  RETURN_IF_ERROR(models::Touch(transaction, caller, request.name()));
  ASSIGN_OR_RETURN(const auto rows,
                   transaction.Query("UPDATE models SET last_version = last_version + 1 WHERE tenant = ? AND "
                                     "name = ? RETURNING last_version",
                                     {caller.tenant, request.name()}));
  const int64_t number = rows.at(0).Int(0);
  v1::Lineage lineage;
  RETURN_IF_ERROR(FillLineage(transaction, caller, request, &lineage));
  RETURN_IF_ERROR(
      transaction
          .Execute(
              "INSERT INTO versions (tenant, name, version, created, updated, user_id, stage, description, "
              "source, run_id, run_link, model_id, data_snapshot, features, code_version) VALUES (?, ?, ?, "
              "?, ?, ?, 'None', ?, ?, ?, ?, ?, ?, ?, ?)",
              {caller.tenant, request.name(), number, caller.now_ms, caller.now_ms, caller.user,
               request.description(), request.source(), request.run_id(), request.run_link(),
               request.model_id(), lineage.data_snapshot(), absl::StrJoin(lineage.features(), "\n"),
               lineage.code_version()})
          .status());
  for (const v1::Tag& tag : request.tags()) {
    RETURN_IF_ERROR(PutTag(transaction, "version_tags", "tenant, name, version",
                           {caller.tenant, request.name(), number}, tag.key(), tag.value()));
  }
  v1::CreateModelVersionResponse response;
  ASSIGN_OR_RETURN(*response.mutable_model_version(), Load(transaction, caller, request.name(), number));
  return response;
}

absl::StatusOr<v1::GetModelVersionResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                                const v1::GetModelVersionRequest& request) {
  ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version()));
  v1::GetModelVersionResponse response;
  ASSIGN_OR_RETURN(*response.mutable_model_version(), Load(transaction, caller, request.name(), number));
  return response;
}

absl::StatusOr<v1::SearchModelVersionsResponse> Search(SqlTransaction& transaction, const Caller& caller,
                                                       const v1::SearchModelVersionsRequest& request) {
  ASSIGN_OR_RETURN(const auto search,
                   MakeSearch(kSearched, "versions.tenant = ?", {caller.tenant}, request.filter(),
                              {request.order_by().begin(), request.order_by().end()},
                              PageOf(request.max_results()), request.page_token()));
  ASSIGN_OR_RETURN(auto rows, transaction.Query(StrCat(kColumns, search.sql), search.values));
  v1::SearchModelVersionsResponse response;
  response.set_next_page_token(NextPage(search, &rows));
  for (const store::SqlRow& row : rows) {
    ASSIGN_OR_RETURN(*response.add_model_versions(), From(transaction, caller, row));
  }
  return response;
}

absl::StatusOr<v1::UpdateModelVersionResponse> Update(SqlTransaction& transaction, const Caller& caller,
                                                      const v1::UpdateModelVersionRequest& request) {
  v1::UpdateModelVersionResponse response;
  ASSIGN_OR_RETURN(
      *response.mutable_model_version(),
      Change(transaction, caller, request.name(), request.version(), "description", request.description()));
  return response;
}

absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteModelVersionRequest& request) {
  ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version()));
  ASSIGN_OR_RETURN(const v1::ModelVersion version, Load(transaction, caller, request.name(), number));
  const store::SqlValues key = {caller.tenant, request.name(), number};
  for (const std::string& alias : version.aliases()) {
    RETURN_IF_ERROR(
        aliases::Record(transaction, caller, request.name(), alias, number, 0, "The version was deleted."));
  }
  for (const std::string_view table : {"versions", "version_tags", "aliases"})
    RETURN_IF_ERROR(transaction.Execute(StrCat("DELETE FROM ", table, " WHERE ", kOne), key).status());
  RETURN_IF_ERROR(models::Touch(transaction, caller, request.name()));
  return v1::Empty();
}

absl::StatusOr<v1::TransitionModelVersionStageResponse> Transition(
    SqlTransaction& transaction, const Caller& caller,
    const v1::TransitionModelVersionStageRequest& request) {
  ASSIGN_OR_RETURN(const std::string stage, StageOf(request.stage()));
  if (request.archive_existing_versions()) {
    if (stage != "Staging" && stage != "Production")
      return InvalidArgument("Only for Staging and Production the others are archived.");
    RETURN_IF_ERROR(
        transaction
            .Execute("UPDATE versions SET stage = 'Archived', updated = ? WHERE tenant = ? AND name = ? "
                     "AND stage = ?",
                     {caller.now_ms, caller.tenant, request.name(), stage})
            .status());
  }
  v1::TransitionModelVersionStageResponse response;
  ASSIGN_OR_RETURN(*response.mutable_model_version(),
                   Change(transaction, caller, request.name(), request.version(), "stage", stage));
  return response;
}

absl::StatusOr<v1::Empty> SetTag(SqlTransaction& transaction, const Caller& caller,
                                 const v1::SetModelVersionTagRequest& request) {
  ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version()));
  RETURN_IF_ERROR(Load(transaction, caller, request.name(), number).status());
  RETURN_IF_ERROR(PutTag(transaction, "version_tags", "tenant, name, version",
                         {caller.tenant, request.name(), number}, request.key(), request.value()));
  return v1::Empty();
}

absl::StatusOr<v1::Empty> DeleteTag(SqlTransaction& transaction, const Caller& caller,
                                    const v1::DeleteModelVersionTagRequest& request) {
  ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version()));
  RETURN_IF_ERROR(Load(transaction, caller, request.name(), number).status());
  RETURN_IF_ERROR(transaction
                      .Execute(StrCat("DELETE FROM version_tags WHERE ", kOne, " AND tag = ?"),
                               {caller.tenant, request.name(), number, request.key()})
                      .status());
  return v1::Empty();
}

absl::StatusOr<v1::GetModelVersionDownloadUriResponse> DownloadUri(
    SqlTransaction& transaction, const Caller& caller, const v1::GetModelVersionDownloadUriRequest& request) {
  ASSIGN_OR_RETURN(const int64_t number, ParseVersion(request.version()));
  ASSIGN_OR_RETURN(const v1::ModelVersion version, Load(transaction, caller, request.name(), number));
  v1::GetModelVersionDownloadUriResponse response;
  response.set_artifact_uri(version.source());
  return response;
}

}  // namespace starling::registry::versions
