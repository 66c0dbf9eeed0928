#include "backends/inference_xgboost/xgboost_runtime.h"

#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "backends/inference_xgboost/instance.h"
#include "backends/inference_xgboost/library.h"
#include "backends/inference_xgboost/model_facts.h"
#include "backends/inference_xgboost/model_file.h"
#include "backends/inference_xgboost/outputs.h"
#include "base/status.h"

namespace starling::inference_xgboost {
namespace {

using inference::ModelFile;
using inference::TensorSpec;

struct Options {
  std::string missing = "NaN";  // as JSON
  std::string rounds = "auto";  // see ChooseRounds
  size_t max_file_mb = 128;
};

template <typename Number>
bool Parse(const std::string& text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

absl::StatusOr<Options> ReadOptions(const ModelFile& file) {
  Options options;
  for (const auto& [name, value] : file.options) {
    double missing = 0;
    if (name == "missing" && value == "NaN") continue;
    if (name == "rounds") {
      options.rounds = value;
    } else if (name == "missing" && Parse(value, &missing) && missing - missing == 0) {
      options.missing = value;
    } else if (name != "max_file_mb" || !Parse(value, &options.max_file_mb) || options.max_file_mb == 0 ||
               options.max_file_mb > 65536) {
      return InvalidArgument("the runtime xgboost has no option '", name, "' with the value '", value,
                             "'; it has: missing (NaN or a number), rounds (auto, best, all or a number), "
                             "max_file_mb (1 to 65536).");
    }
  }
  return options;
}

class XgboostModel final : public inference::LoadedModel {
 public:
  XgboostModel(const Library& library, Handle booster, Question question)
      : library_(library),
        booster_(std::move(booster)),
        question_(std::move(question)),
        inputs_({{"features", inference::DataType::kFp32, {-1, static_cast<int64_t>(question_.features)}}}) {
    for (const Output& output : question_.outputs) output_specs_.push_back(output.spec);
  }

  const std::vector<TensorSpec>& inputs() const override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const override { return output_specs_; }
  absl::StatusOr<std::unique_ptr<inference::Instance>> NewInstance() override {
    return XgboostInstance::Make(library_, booster_.get(), question_);
  }

 private:
  const Library& library_;
  const Handle booster_;
  const Question question_;
  const std::vector<TensorSpec> inputs_;
  std::vector<TensorSpec> output_specs_;
};

class XgboostRuntime final : public inference::Runtime {
 public:
  explicit XgboostRuntime(const Library& library) : library_(library) {}

  absl::StatusOr<std::unique_ptr<inference::LoadedModel>> Load(const ModelFile& file) override {
    auto loaded = LoadChecked(file);
    if (loaded.ok() || loaded.status().code() != absl::StatusCode::kInvalidArgument) return loaded;
    return InvalidArgument(file.path, ": ", Message(loaded.status()));
  }

 private:
  absl::StatusOr<std::unique_ptr<inference::LoadedModel>> LoadChecked(const ModelFile& file) {
    ASSIGN_OR_RETURN(Options options, ReadOptions(file));
    ASSIGN_OR_RETURN(const std::string bytes, ReadModelFile(file.path, options.max_file_mb << 20));
    RETURN_IF_ERROR(RefuseOtherFormats(bytes));
    ASSIGN_OR_RETURN(const ModelFacts facts, Facts(bytes));
    ASSIGN_OR_RETURN(const size_t rounds, ChooseRounds(facts, options.rounds));
    ASSIGN_OR_RETURN(Handle booster, MakeBooster(bytes, file.threads_per_instance));
    bst_ulong features = 0;
    RETURN_IF_ERROR(Check(library_.booster_get_num_feature(booster.get(), &features)));
    if (features != facts.features)
      return Internal(file.path, ": XGBoost sees ", features, " features in it.");
    Question question = {facts.features, rounds, std::move(options.missing),
                         ChooseOutputs(facts, rounds, file.outputs)};
    return std::make_unique<XgboostModel>(library_, std::move(booster), std::move(question));
  }

  // Only what was found sound here is given to the library.
  static absl::StatusOr<ModelFacts> Facts(std::string_view bytes) {
    ASSIGN_OR_RETURN(const Value document, IsJsonText(bytes) ? ReadJson(bytes) : ReadUbjson(bytes));
    return CheckModel(document);
  }

  absl::StatusOr<Handle> MakeBooster(const std::string& bytes, size_t threads) {
    // It writes warnings to standard error otherwise. Kept per thread.
    RETURN_IF_ERROR(Check(library_.set_global_config(R"({"verbosity":0})")));
    BoosterHandle made = nullptr;
    RETURN_IF_ERROR(Check(library_.booster_create(nullptr, 0, &made)));
    Handle booster(made, library_.booster_free);
    RETURN_IF_ERROR(Check(library_.booster_load_model_from_buffer(made, bytes.data(), bytes.size())));
    RETURN_IF_ERROR(Check(library_.booster_set_param(made, "nthread", std::to_string(threads).c_str())));
    return booster;
  }

  absl::Status Check(int result) const { return library_.Check(result, absl::StatusCode::kInvalidArgument); }

  const Library& library_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<inference::Runtime>> MakeRuntime() {
  ASSIGN_OR_RETURN(const Library* library, Library::Open());
  return std::make_unique<XgboostRuntime>(*library);
}

}  // namespace starling::inference_xgboost
