#include "core/inference/package/model_package.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <memory>
#include <utility>

#include "base/status.h"
#include "core/inference/package/mlflow_model.h"
#include "core/inference/package/triton_config.h"
#include "core/inference/package/yaml_reader.h"

namespace starling::inference {
namespace {

constexpr size_t kLongestMs = 3600 * 1000;  // of time-outs and delays

// `sources`, of a graph's outputs alone: where each comes from.
std::vector<TensorSpec> ReadSpecs(YamlReader& reader, const char* field,
                                  std::vector<std::string>* sources = nullptr) {
  std::vector<TensorSpec> specs;
  for (YamlReader& item : reader.Children(field)) {
    TensorSpec spec;
    std::string datatype;
    std::vector<int64_t> shape;
    item.GetRequired("name", &spec.name);
    item.GetRequired("datatype", &datatype);
    item.Get("shape", &shape);
    if (const auto type = ParseDataType(datatype); type.ok()) {
      spec.datatype = *type;
    } else {
      item.Complain("datatype", Message(type.status()));
    }
    if (shape.empty()) item.Complain("shape", "must be a list of sizes, -1 for a free one.");
    for (const int64_t size : shape) {
      if (size < -1) item.Complain("shape", "must hold sizes and -1 only.");
    }
    spec.shape.assign(shape.begin(), shape.end());
    if (sources != nullptr) item.GetRequired("from", &sources->emplace_back());
    item.Finish();
    specs.push_back(std::move(spec));
  }
  if (specs.empty()) reader.Complain(field, "must list at least one tensor.");
  return specs;
}

void ReadPreProcessing(YamlReader reader, const std::filesystem::path& folder,
                       ModelPackage::TextPreProcessing* text) {
  std::string vocabulary;
  std::string long_text = "windows";
  size_t padding_id = 0;
  reader.GetRequired("tokenizer", &text->tokenizer);
  reader.GetRequired("vocabulary", &vocabulary);
  reader.Get("lowercase", &text->lowercase);
  reader.Get("max_length", &text->max_length, 3);
  reader.Get("long_text", &long_text);
  reader.Get("padding_id", &padding_id, 0);
  if (padding_id != 0) reader.Complain("padding_id", "must be 0: batches are padded with zeros.");
  if (text->tokenizer != "bert-wordpiece") reader.Complain("tokenizer", "must be bert-wordpiece.");
  if (long_text != "windows" && long_text != "cut") reader.Complain("long_text", "must be windows or cut.");
  text->windows = long_text == "windows";
  text->vocabulary = folder / vocabulary;
  reader.Finish();
}

void ReadPostProcessing(YamlReader reader, ModelPackage* package) {
  auto& classes = package->post_processing;
  reader.GetRequired("output", &classes.output);
  reader.Get("labels", &classes.labels);
  reader.Get("softmax", &classes.softmax);
  if (classes.labels.size() < 2) reader.Complain("labels", "must list at least two labels.");
  bool known = false;
  for (const TensorSpec& output : package->outputs) known = known || output.name == classes.output;
  if (!known) reader.Complain("output", "is none of 'outputs'.");
  reader.Finish();
}

void ReadQueuePolicy(YamlReader& reader, QueuePolicy* policy) {
  auto timeout_ms = static_cast<size_t>(policy->timeout.count() / 1000);
  reader.Get("max_queue", &policy->max_queue, 1);
  reader.Get("queue_timeout_ms", &timeout_ms, 0);
  reader.Get("allow_timeout_override", &policy->allow_timeout_override);
  if (timeout_ms > kLongestMs)
    reader.Complain("queue_timeout_ms", StrCat("must be at most ", kLongestMs, "."));
  policy->timeout = std::chrono::milliseconds(std::min(timeout_ms, kLongestMs));
}

void ReadPriorities(YamlReader& reader, QueueOptions* queue) {
  size_t count = 0;
  reader.Get("priority_levels", &count, 0);
  reader.Get("default_priority", &queue->default_priority, 1);
  if (count > QueueOptions::kMostLevels) {
    return reader.Complain("priority_levels", StrCat("must be at most ", QueueOptions::kMostLevels, "."));
  }
  queue->levels.assign(count, queue->policy);
  if (count > 0 ? queue->default_priority == 0 || queue->default_priority > count
                : queue->default_priority > 0) {
    reader.Complain("default_priority", "must be one of the priorities, 1 to 'priority_levels'.");
  }
  for (YamlReader& item : reader.Children("priorities")) {
    size_t priority = 0;
    item.Get("priority", &priority, 1);
    if (priority == 0 || priority > count) {
      item.Complain("priority", "must be one of the priorities, 1 to 'priority_levels'.");
    } else {
      ReadQueuePolicy(item, &queue->levels[priority - 1]);
    }
    item.Finish();
  }
}

void ReadQueue(YamlReader& reader, size_t max_size, QueueOptions* queue) {
  ReadQueuePolicy(reader, &queue->policy);
  ReadPriorities(reader, queue);
  size_t delay_us = 0;
  std::vector<int64_t> preferred;
  reader.Get("max_delay_us", &delay_us, 0);
  reader.Get("preferred_sizes", &preferred);
  if (delay_us > kLongestMs * 1000) {
    reader.Complain("max_delay_us", StrCat("must be at most ", kLongestMs * 1000, "."));
    delay_us = 0;
  }
  queue->max_delay = std::chrono::microseconds(delay_us);
  for (const int64_t size : preferred) {
    if (size < 1 || static_cast<size_t>(size) > max_size)
      reader.Complain("preferred_sizes", "must hold sizes from 1 to 'max_size'.");
    queue->preferred_sizes.push_back(static_cast<size_t>(size));
  }
  if (!preferred.empty() && delay_us == 0)
    reader.Complain("preferred_sizes", "needs 'max_delay_us': without it no instance waits for a size.");
}

void ReadBatching(YamlReader reader, bool text, ModelPackage::Batching* batching) {
  if (!text) batching->max_elements = std::numeric_limits<size_t>::max();
  reader.Get("max_size", &batching->max_size, text ? 1 : 0);
  reader.Get("max_elements", &batching->max_elements, 1);
  reader.Get("run_overhead", &batching->run_overhead, 0);
  reader.Get("reshape_overhead", &batching->reshape_overhead, 0);
  ReadQueue(reader, batching->max_size, &batching->queue);
  reader.Finish();
}

void ReadFallback(YamlReader reader, ModelPackage::Fallback* fallback) {
  reader.Get("model", &fallback->model);
  reader.Get("version", &fallback->version);
  if (fallback->model.empty() && !fallback->version.empty()) reader.Complain("model", "must be there.");
  reader.Finish();
}

void ReadIdentity(YamlReader& reader, const PackageSource& source, const char* field,
                  const std::string& expected, std::string* value) {
  *value = expected;
  if (expected.empty()) return reader.GetRequired(field, value);
  reader.Get(field, value);
  if (source.is_foreign) *value = expected;
  if (*value != expected) reader.Complain(field, StrCat("must be '", expected, "', as its folder says."));
}

// The rest of a graph's package: its models say how they are run.
void ReadGraphPackage(YamlReader& reader, ModelPackage* package) {
  std::vector<std::string> sources;
  package->inputs = ReadSpecs(reader, "inputs");
  package->outputs = ReadSpecs(reader, "outputs", &sources);
  package->graph = std::make_shared<const GraphDefinition>(ReadGraph(reader, package->inputs, sources));
  if (package->task != kTensors) reader.Complain("task", StrCat("of a graph must be ", kTensors, "."));
  YamlReader batching = reader.Child("batching");
  batching.Get("max_size", &package->batching.max_size, 0);
  batching.Finish();
  reader.Finish();
}

void ReadPackage(YamlReader& reader, const PackageSource& source, ModelPackage* package) {
  const std::filesystem::path folder(source.folder);
  std::string file;
  ReadIdentity(reader, source, "name", source.name, &package->name);
  ReadIdentity(reader, source, "version", source.version, &package->version);
  reader.GetRequired("task", &package->task);
  reader.GetRequired("runtime", &package->runtime);
  package->folder = source.folder;
  if (package->runtime == kGraphRuntime) return ReadGraphPackage(reader, package);
  if (package->runtime == kProcessRuntime) {
    reader.Get("command", &package->command);
    if (package->command.empty()) reader.Complain("command", "must name a program and its arguments.");
  } else if (package->runtime != kRemoteRuntime) {
    reader.GetRequired("file", &file);
    package->file = folder / file;
  }
  reader.Get("runtime_options", &package->runtime_options);
  package->inputs = ReadSpecs(reader, "inputs");
  package->outputs = ReadSpecs(reader, "outputs");
  if (package->is_text()) {
    ReadPreProcessing(reader.Child("pre_processing"), folder, &package->pre_processing);
    ReadPostProcessing(reader.Child("post_processing"), package);
    reader.Get("warm_up", &package->warm_up);
  } else if (package->task != kTensors) {
    reader.Complain("task", StrCat("must be ", kTextClassification, " or ", kTensors, "."));
  }
  ReadBatching(reader.Child("batching"), package->is_text(), &package->batching);
  ReadFallback(reader.Child("fallback"), &package->fallback);
  reader.Get("response_cache", &package->response_cache);
  reader.Get("memory_bytes", &package->memory_bytes, 0);
  reader.Get("memory_limit_bytes", &package->memory_limit_bytes, 0);
  if (package->memory_limit_bytes > 0 && package->runtime == kRemoteRuntime)
    reader.Complain("memory_limit_bytes", "has no meaning for a model of another server.");
  reader.Get("instances", &package->instances, 0);
  reader.Get("threads_per_instance", &package->threads_per_instance, 0);
  reader.Finish();
}

absl::Status CheckInside(const PackageSource& source, const std::filesystem::path& path) {
  const std::string inside = path.lexically_relative(source.folder).lexically_normal();
  if (path.empty() || (!inside.empty() && inside != ".." && !inside.starts_with("../")))
    return absl::OkStatus();
  return InvalidArgument(source.file, ": paths must not lead out of the package.");
}

absl::Status CheckForeign(const PackageSource& source, const ModelPackage& package) {
  RETURN_IF_ERROR(CheckInside(source, package.file));
  RETURN_IF_ERROR(CheckInside(source, package.pre_processing.vocabulary));
  if (package.runtime != kProcessRuntime && package.runtime != kRemoteRuntime) return absl::OkStatus();
  return InvalidArgument(source.file, ": a package that was uploaded must not have the runtime '",
                         package.runtime, "', which starts programs or calls other servers.");
}

}  // namespace

absl::StatusOr<ModelPackage> ReadModelPackage(const PackageSource& source) {
  if (source.file.ends_with(".pbtxt")) {
    ASSIGN_OR_RETURN(TritonConfig config, ReadTritonConfig(source));
    if (source.is_foreign) RETURN_IF_ERROR(CheckForeign(source, config.package));
    return std::move(config.package);
  }
  std::error_code error;
  if (!std::filesystem::is_regular_file(source.file, error)) {
    return NotFound("There is no model package in '", source.folder, "': it has no model.yaml.");
  }
  if (std::filesystem::path(source.file).filename() == kMlflowModelFile) {
    ASSIGN_OR_RETURN(ModelPackage package, ReadMlflowModel(source));
    if (source.is_foreign) RETURN_IF_ERROR(CheckForeign(source, package));
    return package;
  }
  ModelPackage package;
  absl::Status status;
  YamlReader reader = YamlReader::Open(source.file, &status);
  ReadPackage(reader, source, &package);
  RETURN_IF_ERROR(status);
  if (source.is_foreign) RETURN_IF_ERROR(CheckForeign(source, package));
  return package;
}

absl::StatusOr<ModelPackage> ReadModelPackage(const std::string& folder) {
  const std::filesystem::path path(folder);
  auto package = ReadModelPackage(PackageSource{path / "model.yaml", folder, "", ""});
  if (!absl::IsNotFound(package.status()) || path.is_absolute()) return package;
  return NotFound(Message(package.status()), " It was looked for from ",
                  std::filesystem::current_path().string(), " on.");
}

}  // namespace starling::inference
