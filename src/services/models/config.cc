#include "services/models/config.h"

#include "core/config/declaration.h"
#include "core/config/schema.h"

namespace starling::models {
namespace {

void Declare(config::Declaration<ModelsConfig>& d) {
  d.StringList("packages", &ModelsConfig::packages)
      .Text(
          "Folders of the model packages to load, each with a model.yaml; relative to the working "
          "directory.");
  d.StringList("repository", &ModelsConfig::repository)
      .Text(
          "Folders of models with numbered versions, <folder>/<model>/<version>/; relative to the working "
          "directory.");
  d.Choice<RepositoryMode>("mode", &ModelsConfig::mode,
                           {{"none", RepositoryMode::kNone},
                            {"explicit", RepositoryMode::kExplicit},
                            {"poll", RepositoryMode::kPoll}})
      .Text(
          "When models of a repository are loaded: at start and never again (none), when a call says so "
          "(explicit), or also when their folders change (poll).");
  d.StringList("load", &ModelsConfig::load)
      .Text("Under the mode explicit: the repository's models that are loaded at start.");
  d.Duration("poll_interval", &ModelsConfig::poll_interval)
      .Min(std::chrono::milliseconds(10))
      .Max(std::chrono::hours(24))
      .Text("Under the mode poll: the time between two looks at the folders.");
  d.Size("memory_budget", &ModelsConfig::memory_budget)
      .Min(0)
      .Text(
          "What all models together may take in memory, each counted as its package says or else as the size "
          "of "
          "its file. Past it the one used longest ago goes, and comes back when it is asked for. 0: no "
          "bound.");
  d.Size("response_cache", &ModelsConfig::response_cache)
      .Min(0)
      .Text(
          "What answers may be kept, with what was asked, of the models whose package has `response_cache: "
          "true`. "
          "Past it the one asked for longest ago goes. 0: none.");
  d.Int("max_texts", &ModelsConfig::max_texts)
      .Min(1)
      .Max(1000000)
      .Text("Most texts in one request of ClassifyText.");
  d.String("shared_memory_prefix", &ModelsConfig::shared_memory_prefix)
      .Text(
          "What the names of shared memory that callers hand over for tensors must begin with, for example "
          "\"tensors-\"; "
          "empty: none is taken.");
  d.Bool("allow_commands", &ModelsConfig::allow_commands)
      .Text(
          "Whether packages with the runtime `process` may start the programs that they name. Whoever can "
          "write such a "
          "package then runs code as this program's user; so it is off, and such a model fails to load.");
}

}  // namespace

void DeclareSettings(config::Schema& schema) { schema.Add("models", Declare); }

}  // namespace starling::models
