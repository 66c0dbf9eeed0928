#include "services/registry/schema.h"

namespace starling::registry {

// The tenant leads every key. Version numbers are integers, so that 10 comes after 9.
const std::vector<store::SqlMigration>& Schema() {
  static const auto& steps = *new std::vector<store::SqlMigration>{
      {1,
       {
           "CREATE TABLE models (tenant TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, "
           "created BIGINT NOT NULL, updated BIGINT NOT NULL, user_id TEXT NOT NULL, "
           "last_version BIGINT NOT NULL, PRIMARY KEY (tenant, name))",

           "CREATE TABLE model_tags (tenant TEXT NOT NULL, name TEXT NOT NULL, tag TEXT NOT NULL, "
           "value TEXT NOT NULL, PRIMARY KEY (tenant, name, tag))",

           "CREATE TABLE versions (tenant TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, "
           "created BIGINT NOT NULL, updated BIGINT NOT NULL, user_id TEXT NOT NULL, stage TEXT NOT NULL, "
           "description TEXT NOT NULL, source TEXT NOT NULL, run_id TEXT NOT NULL, run_link TEXT NOT NULL, "
           "model_id TEXT NOT NULL, data_snapshot TEXT NOT NULL, features TEXT NOT NULL, "
           "code_version TEXT NOT NULL, PRIMARY KEY (tenant, name, version))",

           "CREATE TABLE version_tags (tenant TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, "
           "tag TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tenant, name, version, tag))",

           "CREATE TABLE aliases (tenant TEXT NOT NULL, name TEXT NOT NULL, alias TEXT NOT NULL, "
           "version BIGINT NOT NULL, PRIMARY KEY (tenant, name, alias))",

           "CREATE TABLE alias_moves (tenant TEXT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, "
           "alias TEXT NOT NULL, from_version BIGINT, to_version BIGINT, moved BIGINT NOT NULL, "
           "user_id TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (tenant, number))",

           // Taken in the transaction that uses the number, so numbers become visible in their order.
           "CREATE TABLE counters (tenant TEXT NOT NULL, counter TEXT NOT NULL, value BIGINT NOT NULL, "
           "PRIMARY KEY (tenant, counter))",

           "CREATE TABLE experiments (tenant TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, "
           "artifact_location TEXT NOT NULL, stage TEXT NOT NULL, created BIGINT NOT NULL, "
           "updated BIGINT NOT NULL, PRIMARY KEY (tenant, id), UNIQUE (tenant, name))",

           "CREATE TABLE experiment_tags (tenant TEXT NOT NULL, id TEXT NOT NULL, tag TEXT NOT NULL, "
           "value TEXT NOT NULL, PRIMARY KEY (tenant, id, tag))",

           "CREATE TABLE runs (tenant TEXT NOT NULL, id TEXT NOT NULL, experiment TEXT NOT NULL, "
           "name TEXT NOT NULL, user_id TEXT NOT NULL, status TEXT NOT NULL, started BIGINT NOT NULL, "
           "ended BIGINT NOT NULL, artifact_uri TEXT NOT NULL, stage TEXT NOT NULL, "
           "PRIMARY KEY (tenant, id))",
           "CREATE INDEX runs_of_experiment ON runs (tenant, experiment, started)",

           "CREATE TABLE run_tags (tenant TEXT NOT NULL, id TEXT NOT NULL, tag TEXT NOT NULL, "
           "value TEXT NOT NULL, PRIMARY KEY (tenant, id, tag))",

           "CREATE TABLE run_params (tenant TEXT NOT NULL, id TEXT NOT NULL, tag TEXT NOT NULL, "
           "value TEXT NOT NULL, PRIMARY KEY (tenant, id, tag))",

           // NaN is NULL.
           "CREATE TABLE run_metrics (tenant TEXT NOT NULL, id TEXT NOT NULL, tag TEXT NOT NULL, "
           "value DOUBLE PRECISION, taken BIGINT NOT NULL, step BIGINT NOT NULL, "
           "PRIMARY KEY (tenant, id, tag))",

           "CREATE TABLE metric_history (tenant TEXT NOT NULL, id TEXT NOT NULL, tag TEXT NOT NULL, "
           "number BIGINT NOT NULL, value DOUBLE PRECISION, taken BIGINT NOT NULL, step BIGINT NOT NULL, "
           "PRIMARY KEY (tenant, id, tag, number))",
       }},
      {2,
       {
           "CREATE TABLE logged_models (tenant TEXT NOT NULL, id TEXT NOT NULL, experiment TEXT NOT NULL, "
           "name TEXT NOT NULL, created BIGINT NOT NULL, updated BIGINT NOT NULL, artifact_uri TEXT NOT "
           "NULL, "
           "status TEXT NOT NULL, model_type TEXT NOT NULL, run_id TEXT NOT NULL, PRIMARY KEY (tenant, id))",
           "CREATE INDEX logged_models_of_experiment ON logged_models (tenant, experiment, created)",

           "CREATE TABLE logged_model_tags (tenant TEXT NOT NULL, id TEXT NOT NULL, tag TEXT NOT NULL, "
           "value TEXT NOT NULL, PRIMARY KEY (tenant, id, tag))",

           "CREATE TABLE logged_model_params (tenant TEXT NOT NULL, id TEXT NOT NULL, tag TEXT NOT NULL, "
           "value TEXT NOT NULL, PRIMARY KEY (tenant, id, tag))",

           "CREATE TABLE run_outputs (tenant TEXT NOT NULL, id TEXT NOT NULL, model_id TEXT NOT NULL, "
           "step BIGINT NOT NULL, PRIMARY KEY (tenant, id, model_id))",

           "CREATE TABLE run_inputs (tenant TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, "
           "digest TEXT NOT NULL, source_type TEXT NOT NULL, source TEXT NOT NULL, fields TEXT NOT NULL, "
           "profile TEXT NOT NULL, PRIMARY KEY (tenant, id, name, digest))",

           "CREATE TABLE run_input_tags (tenant TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, "
           "digest TEXT NOT NULL, tag TEXT NOT NULL, value TEXT NOT NULL, "
           "PRIMARY KEY (tenant, id, name, digest, tag))",
       }},
  };
  return steps;
}

}  // namespace starling::registry
