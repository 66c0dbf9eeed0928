#include "services/registry/run_io.h"

#include <string>

#include "base/status.h"
#include "services/registry/statements.h"

namespace starling::registry::run_io {
namespace {

constexpr std::string_view kOne = "tenant = ? AND id = ?";

absl::Status CheckRun(SqlTransaction& transaction, const store::SqlValues& key, std::string_view id) {
  ASSIGN_OR_RETURN(const auto rows, transaction.Query(StrCat("SELECT stage FROM runs WHERE ", kOne), key));
  if (rows.empty()) return NotFound("There is no run '", id, "'.");
  if (rows[0].Text(0) != "active") return InvalidArgument("The run '", id, "' was deleted.");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Empty> LogInputs(SqlTransaction& transaction, const Caller& caller,
                                    const v1::LogInputsRequest& request) {
  RETURN_IF_ERROR(CheckRun(transaction, {caller.tenant, request.run_id()}, request.run_id()));
  for (const v1::DatasetInput& input : request.datasets()) {
    const v1::Dataset& dataset = input.dataset();
    RETURN_IF_ERROR(
        transaction
            .Execute("INSERT INTO run_inputs (tenant, id, name, digest, source_type, source, "
                     "fields, profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                     {caller.tenant, request.run_id(), dataset.name(), dataset.digest(),
                      dataset.source_type(), dataset.source(), dataset.schema(), dataset.profile()})
            .status());
    for (const v1::Tag& tag : input.tags()) {
      RETURN_IF_ERROR(PutTag(transaction, "run_input_tags", "tenant, id, name, digest",
                             {caller.tenant, request.run_id(), dataset.name(), dataset.digest()}, tag.key(),
                             tag.value()));
    }
  }
  return v1::Empty();
}

absl::StatusOr<v1::Empty> LogOutputs(SqlTransaction& transaction, const Caller& caller,
                                     const v1::LogOutputsRequest& request) {
  RETURN_IF_ERROR(CheckRun(transaction, {caller.tenant, request.run_id()}, request.run_id()));
  for (const v1::ModelOutput& model : request.models()) {
    RETURN_IF_ERROR(transaction
                        .Execute("INSERT INTO run_outputs (tenant, id, model_id, step) VALUES (?, ?, ?, ?) "
                                 "ON CONFLICT (tenant, id, model_id) DO UPDATE SET step = excluded.step",
                                 {caller.tenant, request.run_id(), model.model_id(), model.step()})
                        .status());
  }
  return v1::Empty();
}

absl::Status Load(SqlTransaction& transaction, const Caller& caller, v1::Run* run) {
  const store::SqlValues key = {caller.tenant, run->info().run_id()};
  ASSIGN_OR_RETURN(const auto inputs,
                   transaction.Query(StrCat("SELECT name, digest, source_type, source, fields, profile FROM "
                                            "run_inputs WHERE ",
                                            kOne, " ORDER BY name, digest"),
                                     key));
  for (const store::SqlRow& row : inputs) {
    v1::DatasetInput& input = *run->mutable_inputs()->add_dataset_inputs();
    v1::Dataset& dataset = *input.mutable_dataset();
    dataset.set_name(row.Text(0));
    dataset.set_digest(row.Text(1));
    dataset.set_source_type(row.Text(2));
    dataset.set_source(row.Text(3));
    dataset.set_schema(row.Text(4));
    dataset.set_profile(row.Text(5));
    RETURN_IF_ERROR(LoadTags(transaction, "run_input_tags", StrCat(kOne, " AND name = ? AND digest = ?"),
                             {key[0], key[1], row.Text(0), row.Text(1)}, input.mutable_tags()));
  }
  ASSIGN_OR_RETURN(
      const auto outputs,
      transaction.Query(
          StrCat("SELECT model_id, step FROM run_outputs WHERE ", kOne, " ORDER BY step, model_id"), key));
  for (const store::SqlRow& row : outputs) {
    v1::ModelOutput& model = *run->mutable_outputs()->add_model_outputs();
    model.set_model_id(row.Text(0));
    model.set_step(row.Int(1));
  }
  return absl::OkStatus();
}

}  // namespace starling::registry::run_io
