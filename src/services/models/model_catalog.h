// ModelCatalog: the model packages of this program and their life.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "core/inference/runtime.h"
#include "core/inference/text_classifier.h"
#include "core/observe/registry.h"

namespace starling::models {

enum class ModelState { kLoading, kWarmingUp, kReady, kFailed };

struct ModelInfo {
  std::string name;
  std::string version;
  std::string task;
  std::string runtime;
  std::vector<std::string> labels;
  ModelState state = ModelState::kLoading;
  std::string reason;  // of kFailed, for operators: may name files
};

// What the pre_processing of a package says, made to work. Tests bring their own.
using TokenizerFactory =
    std::function<absl::StatusOr<inference::Tokenize>(const inference::ModelPackage::TextPreProcessing&)>;
// NOT_FOUND if the vocabulary cannot be read, INVALID_ARGUMENT if it is none.
absl::StatusOr<inference::Tokenize> MakeBertTokenizer(const inference::ModelPackage::TextPreProcessing& text);

// Thread-safe after Start().
class ModelCatalog {
 public:
  // Reads the model.yaml of each folder. INVALID_ARGUMENT or NOT_FOUND with file and line for the first that is wrong, and
  // for two packages of one name and version: those are mistakes in the configuration. The runtimes and the registry
  // outlive the catalog.
  static absl::StatusOr<std::unique_ptr<ModelCatalog>> Open(const std::vector<std::string>& folders,
                                                            const inference::RuntimeRegistry& runtimes,
                                                            observe::Registry& metrics,
                                                            TokenizerFactory tokenizers);
  // Waits for the model that is being loaded; skips those that are not yet.
  ~ModelCatalog();
  ModelCatalog(const ModelCatalog&) = delete;

  // Loads and warms up the models on a thread of its own, one after the other. Once.
  void Start();

  // An empty version means the latest. NOT_FOUND if there is no such model, UNAVAILABLE with RetryAfter while it is
  // loading, INTERNAL if it failed to load. The messages are for callers.
  absl::StatusOr<std::shared_ptr<inference::TextClassifier>> Classifier(std::string_view name,
                                                                        std::string_view version) const;

  absl::StatusOr<ModelInfo> Get(std::string_view name, std::string_view version) const;
  // By name, then by version.
  std::vector<ModelInfo> List() const;
  // Why not all models are ready, in one sentence each; empty if they are.
  std::string WhyNotReady() const;

 private:
  struct Entry;
  ModelCatalog(const inference::RuntimeRegistry& runtimes, observe::Registry& metrics,
               TokenizerFactory tokenizers);

  absl::Status Add(const std::string& folder);
  absl::StatusOr<const Entry*> Find(std::string_view name, std::string_view version) const;
  void Load(Entry& entry);
  absl::StatusOr<std::shared_ptr<inference::TextClassifier>> LoadClassifier(Entry& entry);

  const inference::RuntimeRegistry& runtimes_;
  observe::Registry& metrics_;
  const TokenizerFactory tokenizers_;
  std::vector<std::unique_ptr<Entry>> entries_;  // by name, then by version; fixed once open
  std::jthread loading_;                         // last: it uses the others
};

}  // namespace starling::models
