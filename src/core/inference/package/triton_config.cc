#include "core/inference/package/triton_config.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/inference/text_proto.h"

namespace starling::inference {
namespace {

using Field = TextProtoField;

// What runs here of Triton's backends. OpenVINO reads ONNX files too.
struct BackendRow {
  std::string_view name;      // of `backend`, or of `platform`
  std::string_view filename;  // unless default_model_filename says otherwise
};
constexpr BackendRow kBackends[] = {
    {"onnxruntime", "model.onnx"}, {"onnxruntime_onnx", "model.onnx"}, {"openvino", "model.xml"}};

// Of these the model answers the same without.
constexpr std::string_view kIgnored[] = {"optimization", "parameters",    "metric_tags",
                                         "model_warmup", "model_metrics", "runtime"};

class Config {
 public:
  explicit Config(const PackageSource& source) : source_(source) {}

  absl::StatusOr<TritonConfig> Read(const std::vector<Field>& fields) {
    config_.package.name = source_.name;
    config_.package.version = source_.version;
    config_.package.task = kTensors;
    config_.package.batching.max_elements = std::numeric_limits<size_t>::max();
    config_.package.batching.max_size = 0;
    for (const Field& field : fields) ReadField(field);
    if (backend_.empty() && platform_.empty()) Refuse(0, "neither 'backend' nor 'platform' is there.");
    Finish();
    RETURN_IF_ERROR(status_);
    return std::move(config_);
  }

 private:
  void ReadField(const Field& field) {
    ModelPackage& package = config_.package;
    const std::string& name = field.name;
    if (name == "name") return ReadName(field);
    if (name == "platform") return static_cast<void>(platform_ = field.value);
    if (name == "backend") return static_cast<void>(backend_ = field.value);
    if (name == "default_model_filename") return static_cast<void>(filename_ = field.value);
    if (name == "max_batch_size") return ReadNumber(field, &package.batching.max_size);
    if (name == "input") return ReadTensor(field, &package.inputs);
    if (name == "output") return ReadTensor(field, &package.outputs);
    if (name == "instance_group") return ReadInstances(field);
    if (name == "version_policy") return ReadVersionPolicy(field);
    if (name == "dynamic_batching") return ReadBatching(field);
    if (name == "response_cache") return ReadCache(field);
    for (const std::string_view ignored : kIgnored) {
      if (name == ignored) return Warn(field, "has no meaning here");
    }
    Refuse(field, "is not supported");
  }

  void ReadName(const Field& field) {
    if (field.value != source_.name)
      Refuse(field, StrCat("must be '", source_.name, "', as its folder says"));
  }

  void ReadTensor(const Field& tensor, std::vector<TensorSpec>* specs) {
    TensorSpec& spec = specs->emplace_back();
    for (const Field& field : tensor.fields) {
      if (field.name == "name") {
        spec.name = field.value;
      } else if (field.name == "data_type") {
        ReadDataType(field, &spec.datatype);
      } else if (field.name == "dims") {
        int64_t size = 0;
        if (!Parse(field, &size) || (size < 1 && size != -1)) Refuse(field, "must be a size, or -1");
        spec.shape.push_back(size);
      } else if (field.name == "label_filename") {
        Warn(field, "is not read: classification answers with numbers");
      } else if (field.value != "false" && field.value != "FORMAT_NONE") {
        Refuse(field, "is not supported");
      }
    }
    if (spec.name.empty()) Refuse(tensor, "has no name");
  }

  void ReadDataType(const Field& field, DataType* type) {
    const std::string_view name = field.value;
    const auto parsed = name == "TYPE_STRING" ? DataType::kBytes
                                              : ParseDataType(name.substr(name.starts_with("TYPE_") ? 5 : 0));
    if (!parsed.ok()) return Refuse(field, Message(parsed.status()));
    *type = *parsed;
  }

  void ReadInstances(const Field& group) {
    size_t count = 1;
    for (const Field& field : group.fields) {
      if (field.name == "count") {
        ReadNumber(field, &count);
      } else if (field.name == "kind" && field.value != "KIND_CPU" && field.value != "KIND_AUTO") {
        Refuse(field, "must be KIND_CPU or KIND_AUTO: models run on the processor");
      } else if (field.name != "kind" && field.name != "name") {
        Refuse(field, "is not supported");
      }
    }
    config_.package.instances += count;
  }

  void ReadVersionPolicy(const Field& policy) {
    for (const Field& choice : policy.fields) {
      if (choice.name == "all") {
        config_.versions.all = true;
      } else if (choice.name == "latest" || choice.name == "specific") {
        for (const Field& field : choice.fields) {
          if (field.name == "num_versions") ReadNumber(field, &config_.versions.latest);
          if (field.name == "versions") config_.versions.specific.push_back(field.value);
        }
      } else {
        Refuse(choice, "is not supported");
      }
    }
  }

  void ReadBatching(const Field& batching) {
    for (const Field& field : batching.fields) {
      if (field.name == "default_queue_policy") {
        ReadQueuePolicy(field, &queue().policy);
      } else if (field.name == "priority_queue_policy") {
        ReadLevelPolicy(field);
      } else if (field.name == "priority_levels") {
        ReadNumber(field, &priority_levels_);
        if (priority_levels_ > QueueOptions::kMostLevels)
          Refuse(field, StrCat("must be at most ", QueueOptions::kMostLevels));
      } else if (field.name == "default_priority_level") {
        ReadNumber(field, &queue().default_priority);
      } else if (field.name == "max_queue_delay_microseconds") {
        ReadMicroseconds(field, &queue().max_delay);
      } else if (field.name == "preferred_batch_size") {
        ReadNumber(field, &queue().preferred_sizes.emplace_back());
        preferred_at_ = field;
      } else if (field.name == "preserve_ordering") {
        Warn(field, "has no meaning here: each answer goes to its own request");
      } else {
        Refuse(field, "is not supported");
      }
    }
  }

  void ReadQueuePolicy(const Field& message, QueuePolicy* policy) {
    bool delays = false;
    for (const Field& field : message.fields) {
      if (field.name == "max_queue_size") {
        ReadNumber(field, &policy->max_queue);
        if (policy->max_queue == 0) policy->max_queue = std::numeric_limits<size_t>::max();
      } else if (field.name == "default_timeout_microseconds") {
        ReadMicroseconds(field, &policy->timeout);
      } else if (field.name == "allow_timeout_override") {
        policy->allow_timeout_override = field.value == "true";
      } else if (field.name == "timeout_action" && field.value == "DELAY") {
        delays = true;
        Warn(field, "DELAY is not supported: no request is put behind others, nor refused, for waiting long");
      } else if (field.name != "timeout_action" || field.value != "REJECT") {
        Refuse(field, "is not supported");
      }
    }
    if (!delays) return;
    policy->timeout = std::chrono::microseconds(0);
    policy->allow_timeout_override = false;
  }

  // One entry of a map.
  void ReadLevelPolicy(const Field& entry) {
    size_t level = 0;
    QueuePolicy policy{.max_queue = std::numeric_limits<size_t>::max()};  // as Triton's that says nothing
    for (const Field& field : entry.fields) {
      if (field.name == "key") {
        ReadNumber(field, &level);
      } else if (field.name == "value") {
        ReadQueuePolicy(field, &policy);
      } else {
        Refuse(field, "is not supported");
      }
    }
    level_policies_.emplace_back(level, policy);
  }

  void FinishQueue() {
    QueueOptions& options = queue();
    options.levels.assign(std::min(priority_levels_, QueueOptions::kMostLevels), options.policy);
    for (const auto& [level, policy] : level_policies_) {
      if (level == 0 || level > options.levels.size())
        return Refuse(0, StrCat("'priority_queue_policy' has the key ", level, ", which is no priority."));
      options.levels[level - 1] = policy;
    }
    const bool defaults = options.default_priority > 0 && options.default_priority <= options.levels.size();
    if (!options.levels.empty() && !defaults)
      Refuse(0, "'default_priority_level' must be one of the priorities, 1 to 'priority_levels'.");
    for (const size_t size : options.preferred_sizes) {
      if (size < 1 || size > config_.package.batching.max_size)
        Refuse(preferred_at_, "must hold sizes from 1 to 'max_batch_size'");
    }
    if (options.max_delay.count() > 0 || options.preferred_sizes.empty()) return;
    Warn(preferred_at_, "has no meaning without a delay: a free instance takes what waits");
    options.preferred_sizes.clear();
  }

  void ReadCache(const Field& cache) {
    for (const Field& field : cache.fields) {
      if (field.name == "enable") config_.package.response_cache = field.value == "true";
    }
  }

  // What depends on several fields.
  void Finish() {
    FinishQueue();
    ModelPackage& package = config_.package;
    const std::string& wanted = backend_.empty() ? platform_ : backend_;
    const BackendRow* found = nullptr;
    for (const BackendRow& row : kBackends) {
      if (row.name == wanted) found = &row;
    }
    if (found == nullptr) {
      Refuse(0,
             StrCat("the backend '", wanted,
                    "' is not supported; onnxruntime and openvino are. For boosted trees write a model.yaml "
                    "with the runtime xgboost."));
      return;
    }
    package.runtime = "openvino";
    package.file = std::filesystem::path(source_.folder) / (filename_.empty() ? found->filename : filename_);
    if (package.batching.max_size == 0) return;
    for (auto* specs : {&package.inputs, &package.outputs}) {
      for (TensorSpec& spec : *specs) spec.shape.insert(spec.shape.begin(), -1);
    }
  }

  static bool Parse(const Field& field, int64_t* number) {
    const char* const end = field.value.data() + field.value.size();
    const auto [last, error] = std::from_chars(field.value.data(), end, *number);
    return error == std::errc() && last == end;
  }
  void ReadNumber(const Field& field, size_t* number) {
    int64_t value = 0;
    if (!Parse(field, &value) || value < 0) return Refuse(field, "must be a whole number of at least 0");
    *number = static_cast<size_t>(value);
  }

  void ReadMicroseconds(const Field& field, std::chrono::microseconds* time) {
    constexpr size_t kLongest = size_t{3600} * 1000 * 1000;
    size_t microseconds = 0;
    ReadNumber(field, &microseconds);
    *time = std::chrono::microseconds(std::min(microseconds, kLongest));
  }
  QueueOptions& queue() { return config_.package.batching.queue; }

  void Refuse(const Field& field, std::string_view what) {
    Refuse(field.line, StrCat("'", field.name, "' ", what, "."));
  }
  void Refuse(size_t line, std::string_view what) {
    if (status_.ok()) status_ = InvalidArgument(source_.file, ":", line, ": ", what);
  }
  void Warn(const Field& field, std::string_view what) {
    config_.package.warnings.push_back(
        StrCat(source_.file, ":", field.line, ": '", field.name, "' ", what, "."));
  }

  const PackageSource& source_;
  TritonConfig config_;
  std::string platform_;
  std::string backend_;
  std::string filename_;
  size_t priority_levels_ = 0;
  std::vector<std::pair<size_t, QueuePolicy>> level_policies_;
  Field preferred_at_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<TritonConfig> ReadTritonConfig(const PackageSource& source) {
  std::ifstream file(source.file);
  if (!file) return NotFound("There is no model configuration '", source.file, "'.");
  std::ostringstream text;
  text << file.rdbuf();
  const auto fields = ReadTextProto(text.view());
  if (!fields.ok()) return InvalidArgument(source.file, ":", Message(fields.status()));
  return Config(source).Read(*fields);
}

}  // namespace starling::inference
