#include "services/models/model_catalog.h"

#include <algorithm>
#include <cctype>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "core/inference/metrics.h"
#include "core/inference/model_package.h"
#include "core/inference/text/bert_tokenizer.h"

namespace starling::models {
namespace {

using inference::ModelPackage;
using inference::TextClassifier;

// "2" before "10", "1.9" before "1.10": runs of digits count as numbers.
bool VersionLess(std::string_view a, std::string_view b) {
  const auto take_number = [](std::string_view& text) {
    size_t size = 0;
    while (size < text.size() && std::isdigit(static_cast<unsigned char>(text[size])) != 0) ++size;
    std::string_view number = text.substr(0, size);
    text.remove_prefix(size);
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    return number;
  };
  while (!a.empty() && !b.empty()) {
    const std::string_view left = take_number(a);
    const std::string_view right = take_number(b);
    if (left.size() != right.size()) return left.size() < right.size();
    if (left != right) return left < right;
    if (a.empty() || b.empty()) break;
    if (a[0] != b[0]) return a[0] < b[0];
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() < b.size();
}

// How long a caller should wait for a model that is being loaded: most are there within seconds.
constexpr std::chrono::seconds kLoadingRetry{1};

}  // namespace

absl::StatusOr<inference::Tokenize> MakeBertTokenizer(const ModelPackage::TextPreProcessing& text) {
  ASSIGN_OR_RETURN(auto tokenizer, inference::BertTokenizer::Load(text.vocabulary, text.lowercase));
  auto shared = std::make_shared<const inference::BertTokenizer>(std::move(tokenizer));
  return [shared, max_length = text.max_length, windows = text.windows](std::string_view input) {
    if (windows) return shared->EncodeWindows(input, max_length);
    return std::vector<std::vector<int64_t>>{shared->Encode(input, max_length).ids};
  };
}

struct ModelCatalog::Entry {
  ModelPackage package;

  mutable std::mutex mutex;
  ModelState state = ModelState::kLoading;
  std::string reason;
  std::shared_ptr<TextClassifier> classifier;  // when ready
  observe::CallbackRegistration queue_size;    // reads the model: goes first

  void Set(ModelState next, std::string why = {}) {
    std::lock_guard lock(mutex);
    state = next;
    reason = std::move(why);
  }
  ModelInfo Info() const {
    std::lock_guard lock(mutex);
    return {package.name, package.version, package.task, package.runtime, package.post_processing.labels,
            state,        reason};
  }
};

ModelCatalog::ModelCatalog(const inference::RuntimeRegistry& runtimes, observe::Registry& metrics,
                           TokenizerFactory tokenizers)
    : runtimes_(runtimes), metrics_(metrics), tokenizers_(std::move(tokenizers)) {}

ModelCatalog::~ModelCatalog() {
  if (!loading_.joinable()) return;
  loading_.request_stop();
  loading_.join();
}

absl::StatusOr<std::unique_ptr<ModelCatalog>> ModelCatalog::Open(const std::vector<std::string>& folders,
                                                                 const inference::RuntimeRegistry& runtimes,
                                                                 observe::Registry& metrics,
                                                                 TokenizerFactory tokenizers) {
  std::unique_ptr<ModelCatalog> catalog(new ModelCatalog(runtimes, metrics, std::move(tokenizers)));
  for (const std::string& folder : folders) RETURN_IF_ERROR(catalog->Add(folder));
  std::sort(catalog->entries_.begin(), catalog->entries_.end(), [](const auto& a, const auto& b) {
    if (a->package.name != b->package.name) return a->package.name < b->package.name;
    return VersionLess(a->package.version, b->package.version);
  });
  return catalog;
}

absl::Status ModelCatalog::Add(const std::string& folder) {
  auto entry = std::make_unique<Entry>();
  ASSIGN_OR_RETURN(entry->package, inference::ReadModelPackage(folder));
  const ModelPackage& package = entry->package;
  for (const auto& other : entries_) {
    if (other->package.name == package.name && other->package.version == package.version) {
      return InvalidArgument("Version ", package.version, " of model '", package.name,
                             "' is there twice: ", other->package.file, " and ", package.file, ".");
    }
  }
  entries_.push_back(std::move(entry));
  return absl::OkStatus();
}

void ModelCatalog::Start() {
  loading_ = std::jthread([this](const std::stop_token& stop) {
    for (const auto& entry : entries_) {
      if (stop.stop_requested()) return;
      Load(*entry);
    }
  });
}

void ModelCatalog::Load(Entry& entry) {
  const auto classifier = LoadClassifier(entry);
  if (!classifier.ok()) {
    entry.Set(ModelState::kFailed, std::string(Message(classifier.status())));
    return;
  }
  const ModelPackage& package = entry.package;
  const auto queued = [model = std::weak_ptr(*classifier)]() -> size_t {
    const auto alive = model.lock();
    return alive == nullptr ? 0 : alive->model().queued();
  };
  auto registration = inference::ReportQueueSize(metrics_, package.name, package.version, queued);
  std::lock_guard lock(entry.mutex);
  entry.classifier = *classifier;
  entry.queue_size = std::move(registration);
  entry.state = ModelState::kReady;
}

absl::StatusOr<std::shared_ptr<TextClassifier>> ModelCatalog::LoadClassifier(Entry& entry) {
  const ModelPackage& package = entry.package;
  ASSIGN_OR_RETURN(inference::Tokenize tokenize, tokenizers_(package.pre_processing));
  inference::LoadOptions options;
  options.observer = inference::MetricsObserver(metrics_, package.name, package.version);
  options.on_warm_up = [&entry] { entry.Set(ModelState::kWarmingUp); };
  return TextClassifier::Load(package, std::move(tokenize), runtimes_, std::move(options));
}

absl::StatusOr<const ModelCatalog::Entry*> ModelCatalog::Find(std::string_view name,
                                                              std::string_view version) const {
  const Entry* found = nullptr;
  bool known = false;
  for (const auto& entry : entries_) {
    if (entry->package.name != name) continue;
    known = true;
    if (version.empty() || entry->package.version == version) found = entry.get();
  }
  if (found != nullptr) return found;
  if (known) return NotFound("Model '", name, "' has no version '", version, "'.");
  return NotFound("There is no model '", name, "'.");
}

absl::StatusOr<std::shared_ptr<TextClassifier>> ModelCatalog::Classifier(std::string_view name,
                                                                         std::string_view version) const {
  ASSIGN_OR_RETURN(const Entry* entry, Find(name, version));
  std::lock_guard lock(entry->mutex);
  if (entry->state == ModelState::kReady) return entry->classifier;
  if (entry->state == ModelState::kFailed) return Internal("Model '", name, "' failed to load.");
  return WithRetryAfter(Unavailable("Model '", name, "' is still loading."), kLoadingRetry);
}

absl::StatusOr<ModelInfo> ModelCatalog::Get(std::string_view name, std::string_view version) const {
  ASSIGN_OR_RETURN(const Entry* entry, Find(name, version));
  return entry->Info();
}

std::vector<ModelInfo> ModelCatalog::List() const {
  std::vector<ModelInfo> list;
  for (const auto& entry : entries_) list.push_back(entry->Info());
  return list;
}

std::string ModelCatalog::WhyNotReady() const {
  std::string why;
  for (const ModelInfo& model : List()) {
    if (model.state == ModelState::kReady) continue;
    StrAppend(&why, why.empty() ? "" : " ", "Model '", model.name, "' version ", model.version,
              model.state == ModelState::kFailed    ? " failed to load: "
              : model.state == ModelState::kLoading ? " is loading."
                                                    : " is warming up.",
              model.reason);
  }
  return why;
}

}  // namespace starling::models
