#include "services/models/oip/infer_runner.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/status.h"
#include "services/models/fallback.h"
#include "services/models/oip/classification.h"
#include "services/models/oip/text_tensors.h"

namespace starling::models::oip {
namespace {

constexpr std::string_view kSharedMemoryOffset = "shared_memory_offset";
constexpr std::string_view kSharedMemoryByteSize = "shared_memory_byte_size";

struct Place {
  std::string region;
  uint64_t offset = 0;
  uint64_t byte_size = 0;
};

// Where a tensor lies in shared memory; nullopt if it does not.
absl::StatusOr<std::optional<Place>> PlaceOf(const Parameters& parameters) {
  ASSIGN_OR_RETURN(const auto region, parameters.Text(kSharedMemoryRegion));
  ASSIGN_OR_RETURN(const auto byte_size, parameters.Count(kSharedMemoryByteSize));
  ASSIGN_OR_RETURN(const auto offset, parameters.Count(kSharedMemoryOffset));
  if (region.has_value() != byte_size.has_value()) {
    return InvalidArgument("'", kSharedMemoryRegion, "' and '", kSharedMemoryByteSize,
                           "' must come together.");
  }
  if (!region.has_value()) return std::optional<Place>();
  return std::optional<Place>({*region, offset.value_or(0), *byte_size});
}

std::string Names(const std::vector<inference::TensorSpec>& specs) {
  std::string names;
  for (const auto& spec : specs) StrAppend(&names, names.empty() ? "'" : ", '", spec.name, "'");
  return names;
}

absl::StatusOr<size_t> Position(const std::vector<inference::TensorSpec>& specs, std::string_view name,
                                std::string_view what, const std::string& model) {
  const auto found =
      std::find_if(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
  if (found != specs.end()) return static_cast<size_t>(found - specs.begin());
  return InvalidArgument("Model '", model, "' has no ", what, " '", name, "'; it has ", Names(specs), ".");
}

// What the request says of its turn, for whichever model answers it.
absl::StatusOr<inference::QueueTerms> ReadTerms(const Parameters& parameters) {
  if (const Parameter* sequence = parameters.Find("sequence_id"); sequence != nullptr) {
    if (*sequence != Parameter(int64_t{0}) && *sequence != Parameter(uint64_t{0}) &&
        *sequence != Parameter(std::string())) {
      return Unimplemented("Models with a state that lasts over requests (sequence_id) are not supported.");
    }
  }
  inference::QueueTerms terms;
  ASSIGN_OR_RETURN(const auto priority, parameters.Count("priority"));
  ASSIGN_OR_RETURN(const auto timeout, parameters.Count("timeout"));
  constexpr uint64_t kLongest = 3600ULL * 1000 * 1000;
  terms.priority = priority.value_or(0);
  terms.timeout = std::chrono::microseconds(std::min(timeout.value_or(0), kLongest));
  return terms;
}

}  // namespace

async::Task<absl::StatusOr<InferResponse>> InferRunner::Infer(RequestContext context,
                                                              const InferRequest& request) const {
  if (request.inputs.empty()) co_return InvalidArgument("The request has no inputs.");
  CO_ASSIGN_OR_RETURN(const inference::QueueTerms terms, ReadTerms(request.parameters));
  const RequestLimits limits(context, terms);
  AskModel<InferResponse> ask = [&](std::string name, std::string version) {
    return Ask(std::move(name), std::move(version), limits, request);
  };
  auto answer = WithFallback<InferResponse>(repository_, request.model_name, request.model_version, ask);
  co_return co_await std::move(answer);
}

async::Task<absl::StatusOr<InferResponse>> InferRunner::Ask(std::string name, std::string version,
                                                            const RequestLimits& limits,
                                                            const InferRequest& request) const {
  CO_ASSIGN_OR_RETURN(const TrafficRoute route, Route(name, version, limits.whole, request));
  auto acquire = repository_.Acquire(limits.whole, name, route.VersionOr(version), version);
  const absl::StatusOr<ModelLease> lease = co_await std::move(acquire);
  if (!lease.ok()) co_return route.Failed(lease.status());
  const ModelLease& model = *lease;
  if (AsksInText(model->package(), request)) {
    auto answer = AskText(route, model, limits, request);
    co_return co_await std::move(answer);
  }
  auto inputs = OrderInputs(*model, request);
  if (!inputs.ok()) co_return route.Failed(inputs.status());
  std::string key;  // lives until the run has ended
  if (model->package().graph != nullptr) {
    CO_ASSIGN_OR_RETURN(const auto given, request.parameters.Text("sticky_key"));
    key = given.value_or("");
  }
  const GraphCall call{.sticky_key = key, .queue = limits.terms};
  auto run = route.Infer(model, limits.For(model->package()), *std::move(inputs), call);
  const absl::StatusOr<std::vector<inference::Tensor>> results = co_await std::move(run);
  if (!results.ok()) co_return results.status();
  co_return Assemble(*model, request, model->package().outputs, *results);
}

async::Task<absl::StatusOr<InferResponse>> InferRunner::AskText(const TrafficRoute& route,
                                                                const ModelLease& model,
                                                                const RequestLimits& limits,
                                                                const InferRequest& request) const {
  const absl::StatusOr<inference::Tensor> text = TextOf(request);  // lives until the task is done
  if (!text.ok()) co_return route.Failed(text.status());
  auto texts = ReadTexts(*text, max_texts_);
  if (!texts.ok()) co_return route.Failed(texts.status());
  auto classify = route.Classify(model, limits.For(model->package()), *std::move(texts), limits.terms);
  CO_ASSIGN_OR_RETURN(const auto classes, co_await std::move(classify));
  const std::vector<inference::Tensor> results = TextTensors(classes, model->labels(), text->shape);
  co_return Assemble(*model, request, TextOutputs(model->package()), results);
}

absl::StatusOr<inference::Tensor> InferRunner::TextOf(const InferRequest& request) const {
  if (request.inputs.size() > 1) {
    return InvalidArgument("A request has the input '", kTextInput,
                           "' alone, or those that the model's file has.");
  }
  const InferInput& input = request.inputs[0];
  ASSIGN_OR_RETURN(Bytes data, DataOf(input));
  return inference::Tensor{input.datatype, input.shape, std::move(data)};
}

absl::StatusOr<TrafficRoute> InferRunner::Route(const std::string& name, const std::string& version,
                                                const RequestContext& context,
                                                const InferRequest& request) const {
  if (!traffic_.active()) return TrafficRoute();
  ASSIGN_OR_RETURN(const auto key, request.parameters.Text("sticky_key"));
  return traffic_.Route(name, version, context, key.value_or(""));
}

absl::StatusOr<std::vector<inference::Tensor>> InferRunner::OrderInputs(const ServedModel& model,
                                                                        const InferRequest& request) const {
  const auto& specs = model.package().inputs;
  std::vector<inference::Tensor> ordered(specs.size());
  std::vector<bool> given(specs.size());
  for (const InferInput& input : request.inputs) {
    ASSIGN_OR_RETURN(const size_t position, Position(specs, input.name, "input", model.name()));
    given[position] = true;
    ASSIGN_OR_RETURN(Bytes data, DataOf(input));
    ordered[position] = {input.datatype, input.shape, std::move(data)};
  }
  const auto missing = std::find(given.begin(), given.end(), false);
  if (missing != given.end()) {
    return InvalidArgument("Input '", specs[static_cast<size_t>(missing - given.begin())].name,
                           "' is missing.");
  }
  return ordered;
}

absl::StatusOr<Bytes> InferRunner::DataOf(const InferInput& input) const {
  ASSIGN_OR_RETURN(const auto place, PlaceOf(input.parameters));
  if (!place.has_value()) return input.data;
  InferInput filled = {input.name, input.datatype, input.shape, {}, Bytes()};
  ASSIGN_OR_RETURN(filled.data, shared_memory_.Read(place->region, place->offset, place->byte_size));
  ASSIGN_OR_RETURN(inference::Tensor tensor, TensorOf(filled));
  return std::move(tensor.data);
}

absl::StatusOr<InferResponse> InferRunner::Assemble(const ServedModel& model, const InferRequest& request,
                                                    const std::vector<inference::TensorSpec>& specs,
                                                    const std::vector<inference::Tensor>& results) const {
  InferResponse response{.model_name = model.name(),
                         .model_version = model.version(),
                         .id = request.id,
                         .parameters = {},
                         .outputs = {}};
  if (request.outputs.empty()) {
    for (size_t i = 0; i < specs.size(); ++i) response.outputs.push_back({specs[i].name, {}, results[i]});
    return response;
  }
  for (const InferRequestedOutput& wanted : request.outputs) {
    ASSIGN_OR_RETURN(const size_t position, Position(specs, wanted.name, "output", model.name()));
    ASSIGN_OR_RETURN(InferOutput output, MakeOutput(model, wanted, results[position]));
    response.outputs.push_back(std::move(output));
  }
  return response;
}

absl::StatusOr<InferOutput> InferRunner::MakeOutput(const ServedModel& model,
                                                    const InferRequestedOutput& wanted,
                                                    const inference::Tensor& result) const {
  InferOutput output{wanted.name, {}, result};
  ASSIGN_OR_RETURN(const auto classes, wanted.parameters.Count("classification"));
  ASSIGN_OR_RETURN(const auto place, PlaceOf(wanted.parameters));
  if (classes.has_value()) {
    if (place.has_value())
      return InvalidArgument("Output '", wanted.name, "': classes can't go to shared memory.");
    std::span<const std::string> labels;
    if (model.package().post_processing.output == wanted.name) labels = model.labels();
    ASSIGN_OR_RETURN(output.tensor,
                     Classify(wanted.name, result, *classes, model.package().batching.max_size > 0, labels));
  }
  if (!place.has_value()) return output;
  if (result.data.size() > place->byte_size) {
    return InvalidArgument("Output '", wanted.name, "' has ", result.data.size(),
                           " bytes; its place in shared memory has ", place->byte_size, ".");
  }
  RETURN_IF_ERROR(shared_memory_.Write(place->region, place->offset, result.data.view()));
  output.parameters.Set(kSharedMemoryRegion, place->region);
  if (place->offset > 0) output.parameters.Set(kSharedMemoryOffset, static_cast<int64_t>(place->offset));
  output.parameters.Set(kSharedMemoryByteSize, static_cast<int64_t>(result.data.size()));
  output.tensor.data = Bytes();
  return output;
}

}  // namespace starling::models::oip
