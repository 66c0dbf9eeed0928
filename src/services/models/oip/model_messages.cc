#include "services/models/oip/model_messages.h"

#include <array>
#include <chrono>
#include <limits>

#include "services/models/oip/text_tensors.h"

namespace starling::models::oip {
namespace {

namespace pb = ::inference;

// In the order of inference::DataType.
constexpr std::array<pb::DataType, 14> kDataTypes = {
    pb::TYPE_BOOL, pb::TYPE_UINT8, pb::TYPE_UINT16, pb::TYPE_UINT32, pb::TYPE_UINT64,
    pb::TYPE_INT8, pb::TYPE_INT16, pb::TYPE_INT32,  pb::TYPE_INT64,  pb::TYPE_FP16,
    pb::TYPE_FP32, pb::TYPE_FP64,  pb::TYPE_BF16,   pb::TYPE_STRING,
};

template <typename Tensor>
void DescribeConfig(const inference::TensorSpec& spec, bool batched, Tensor* tensor) {
  tensor->set_name(spec.name);
  tensor->set_data_type(kDataTypes[static_cast<size_t>(spec.datatype)]);
  for (size_t i = batched ? 1 : 0; i < spec.shape.size(); ++i) tensor->add_dims(spec.shape[i]);
}

void DescribeMetadata(const inference::TensorSpec& spec, pb::ModelMetadataResponse::TensorMetadata* tensor) {
  tensor->set_name(spec.name);
  tensor->set_datatype(std::string(inference::Name(spec.datatype)));
  for (const int64_t size : spec.shape) tensor->add_shape(size);
}

void Set(const TimeSum& sum, pb::StatisticDuration* duration) {
  duration->set_count(sum.count);
  duration->set_ns(sum.nanoseconds);
}

void Describe(const inference::QueuePolicy& policy, pb::ModelQueuePolicy* message) {
  message->set_timeout_action(pb::ModelQueuePolicy::REJECT);
  message->set_default_timeout_microseconds(static_cast<uint64_t>(policy.timeout.count()));
  message->set_allow_timeout_override(policy.allow_timeout_override);
  // More than the message can say is as good as no bound, which it says as 0.
  const bool bounded = policy.max_queue <= std::numeric_limits<uint32_t>::max();
  message->set_max_queue_size(bounded ? static_cast<uint32_t>(policy.max_queue) : 0);
}

void Describe(const inference::QueueOptions& queue, pb::ModelDynamicBatching* batching) {
  for (const size_t size : queue.preferred_sizes)
    batching->add_preferred_batch_size(static_cast<int32_t>(size));
  batching->set_max_queue_delay_microseconds(static_cast<uint64_t>(queue.max_delay.count()));
  batching->set_priority_levels(queue.levels.size());
  batching->set_default_priority_level(queue.default_priority);
  Describe(queue.policy, batching->mutable_default_queue_policy());
  for (size_t i = 0; i < queue.levels.size(); ++i)
    Describe(queue.levels[i], &(*batching->mutable_priority_queue_policy())[i + 1]);
}

}  // namespace

pb::ModelMetadataResponse ToMetadata(const ModelInfo& model, const std::vector<std::string>& versions) {
  pb::ModelMetadataResponse metadata;
  metadata.set_name(model.name);
  for (const std::string& version : versions) metadata.add_versions(version);
  metadata.set_platform(model.runtime);
  for (const auto& spec : ShownInputs(model)) DescribeMetadata(spec, metadata.add_inputs());
  for (const auto& spec : ShownOutputs(model)) DescribeMetadata(spec, metadata.add_outputs());
  return metadata;
}

pb::ModelConfig ToConfig(const ModelInfo& model) {
  pb::ModelConfig config;
  config.set_name(model.name);
  config.set_platform(model.runtime);
  config.set_backend(model.runtime);
  config.set_max_batch_size(static_cast<int32_t>(model.max_batch_size));
  const bool batched = model.max_batch_size > 0;
  for (const auto& spec : ShownInputs(model)) DescribeConfig(spec, batched, config.add_input());
  for (const auto& spec : ShownOutputs(model)) DescribeConfig(spec, batched, config.add_output());
  if (batched || !model.queue.levels.empty() || model.queue.policy.timeout.count() > 0)
    Describe(model.queue, config.mutable_dynamic_batching());
  return config;
}

pb::ModelStatistics ToStatistics(const models::ModelStatistics& statistics) {
  pb::ModelStatistics out;
  out.set_name(statistics.name);
  out.set_version(statistics.version);
  const auto last = statistics.last_inference.time_since_epoch();
  out.set_last_inference(
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(last).count()));
  out.set_inference_count(statistics.inference_count);
  out.set_execution_count(statistics.execution_count);
  pb::InferStatistics& sums = *out.mutable_inference_stats();
  Set(statistics.success, sums.mutable_success());
  Set(statistics.fail, sums.mutable_fail());
  Set(statistics.queue, sums.mutable_queue());
  Set(statistics.compute_input, sums.mutable_compute_input());
  Set(statistics.compute_infer, sums.mutable_compute_infer());
  Set(statistics.compute_output, sums.mutable_compute_output());
  Set(statistics.cache_hit, sums.mutable_cache_hit());
  Set(statistics.cache_miss, sums.mutable_cache_miss());
  for (const auto& batch : statistics.batches) {
    pb::InferBatchStatistics& one = *out.add_batch_stats();
    one.set_batch_size(batch.rows);
    Set(batch.compute_input, one.mutable_compute_input());
    Set(batch.compute_infer, one.mutable_compute_infer());
    Set(batch.compute_output, one.mutable_compute_output());
  }
  if (statistics.memory_bytes > 0) {
    pb::MemoryUsage& memory = *out.add_memory_usage();
    memory.set_type("CPU");
    memory.set_byte_size(statistics.memory_bytes);
  }
  return out;
}

std::string_view RepositoryState(ModelState state) {
  switch (state) {
    case ModelState::kReady:
      return "READY";
    case ModelState::kLoading:
    case ModelState::kWarmingUp:
      return "LOADING";
    case ModelState::kUnloading:
      return "UNLOADING";
    default:
      return "UNAVAILABLE";
  }
}

}  // namespace starling::models::oip
