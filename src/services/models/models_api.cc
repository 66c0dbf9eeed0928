#include "services/models/models_api.h"

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "services/models/fallback.h"
#include "services/models/named_tensors.h"

namespace starling::models {
namespace {

v1::ModelState ToProto(ModelState state) {
  switch (state) {
    case ModelState::kLoading:
      return v1::MODEL_STATE_LOADING;
    case ModelState::kWarmingUp:
      return v1::MODEL_STATE_WARMING_UP;
    case ModelState::kReady:
      return v1::MODEL_STATE_READY;
    case ModelState::kFailed:
      return v1::MODEL_STATE_FAILED;
    case ModelState::kUnloaded:
      return v1::MODEL_STATE_UNLOADED;
    case ModelState::kUnloading:
      return v1::MODEL_STATE_UNLOADING;
  }
  return v1::MODEL_STATE_UNSPECIFIED;
}

// The reason in full names files: that is for /readyz and the log, not for callers.
std::string PublicReason(ModelState state) {
  switch (state) {
    case ModelState::kLoading:
      return "The model is being loaded.";
    case ModelState::kWarmingUp:
      return "The model is warming up.";
    case ModelState::kReady:
      return "";
    case ModelState::kFailed:
      return "The model could not be loaded; the log says why.";
    case ModelState::kUnloaded:
      return "The model is not loaded.";
    case ModelState::kUnloading:
      return "The model is being unloaded.";
  }
  return "";
}

v1::TensorSpec ToProto(const inference::TensorSpec& spec) {
  v1::TensorSpec proto;
  proto.set_name(spec.name);
  proto.set_datatype(std::string(inference::Name(spec.datatype)));
  proto.mutable_shape()->Add(spec.shape.begin(), spec.shape.end());
  return proto;
}

v1::Model ToProto(ModelInfo info) {
  v1::Model model;
  model.set_name(std::move(info.name));
  model.set_version(std::move(info.version));
  model.set_task(std::move(info.task));
  model.set_runtime(std::move(info.runtime));
  model.set_state(ToProto(info.state));
  model.set_reason(info.waits_for.empty() ? PublicReason(info.state) : info.waits_for);
  for (std::string& label : info.labels) model.add_labels(std::move(label));
  for (std::string& alias : info.aliases) model.add_aliases(std::move(alias));
  for (const auto& input : info.inputs) *model.add_inputs() = ToProto(input);
  for (const auto& output : info.outputs) *model.add_outputs() = ToProto(output);
  model.set_max_batch_size(static_cast<int64_t>(info.max_batch_size));
  return model;
}

// Of requests that the contract's rules have checked.
template <typename Request>
RequestLimits LimitsOf(const RequestContext& context, const Request& request) {
  return {context,
          {static_cast<size_t>(request.priority()), std::chrono::microseconds(request.timeout_us())}};
}

void Fill(const ModelStatistics& statistics, v1::Model* model) {
  model->set_requests(static_cast<int64_t>(statistics.success.count));
  model->set_failures(static_cast<int64_t>(statistics.fail.count));
  model->set_memory_bytes(static_cast<int64_t>(statistics.memory_bytes));
  model->set_last_used_ms(
      std::chrono::duration_cast<std::chrono::milliseconds>(statistics.last_inference.time_since_epoch())
          .count());
}

}  // namespace

async::Task<absl::StatusOr<v1::ClassifyTextResponse>> ModelsApi::ClassifyText(
    RequestContext context, const v1::ClassifyTextRequest& request) {
  if (request.texts_size() > max_texts_) {
    co_return ViolationError(
        {"texts", "repeated.max_items", StrCat("'texts' must hold at most ", max_texts_, " texts.")});
  }
  const RequestLimits limits = LimitsOf(context, request);
  AskModel<v1::ClassifyTextResponse> ask = [this, &limits, &request](std::string name, std::string version) {
    return AskClasses(std::move(name), std::move(version), limits, request);
  };
  auto answer = WithFallback<v1::ClassifyTextResponse>(repository_, request.model(), request.version(), ask);
  co_return co_await std::move(answer);
}

async::Task<absl::StatusOr<v1::ClassifyTextResponse>> ModelsApi::AskClasses(
    std::string name, std::string version, const RequestLimits& limits,
    const v1::ClassifyTextRequest& request) {
  const TrafficRoute route = traffic_.Route(name, version, limits.whole, request.sticky_key());
  auto acquire = repository_.Acquire(limits.whole, name, route.VersionOr(version), version);
  const absl::StatusOr<ModelLease> lease = co_await std::move(acquire);
  if (!lease.ok()) co_return route.Failed(lease.status());
  const ModelLease& model = *lease;
  std::vector<std::string_view> texts(request.texts().begin(), request.texts().end());
  auto classify = route.Classify(model, limits.For(model->package()), std::move(texts), limits.terms);
  CO_ASSIGN_OR_RETURN(const auto classes, co_await std::move(classify));

  v1::ClassifyTextResponse response;
  response.set_version(model->version());
  const std::vector<std::string>& labels = model->labels();
  for (const std::string& label : labels) response.add_labels(label);
  response.mutable_results()->Reserve(static_cast<int>(classes.size()));
  for (const inference::TextClass& found : classes) {
    v1::TextClass& result = *response.add_results();
    result.set_label(labels[found.label]);
    result.set_probability(found.probabilities[found.label]);
    result.mutable_probabilities()->Add(found.probabilities.begin(), found.probabilities.end());
  }
  co_return response;
}

async::Task<absl::StatusOr<v1::InferResponse>> ModelsApi::Infer(RequestContext context,
                                                                const v1::InferRequest& request) {
  const RequestLimits limits = LimitsOf(context, request);
  AskModel<v1::InferResponse> ask = [this, &limits, &request](std::string name, std::string version) {
    return AskTensors(std::move(name), std::move(version), limits, request);
  };
  auto answer = WithFallback<v1::InferResponse>(repository_, request.model(), request.version(), ask);
  co_return co_await std::move(answer);
}

async::Task<absl::StatusOr<v1::InferResponse>> ModelsApi::AskTensors(std::string name, std::string version,
                                                                     const RequestLimits& limits,
                                                                     const v1::InferRequest& request) {
  const TrafficRoute route = traffic_.Route(name, version, limits.whole, request.sticky_key());
  auto acquire = repository_.Acquire(limits.whole, name, route.VersionOr(version), version);
  const absl::StatusOr<ModelLease> model = co_await std::move(acquire);
  if (!model.ok()) co_return route.Failed(model.status());
  const inference::ModelPackage& package = (*model)->package();
  auto inputs = OrderInputs(package.inputs, request.inputs());
  if (!inputs.ok()) co_return route.Failed(inputs.status());
  const auto wanted = ChooseOutputs(package.outputs, request.outputs());
  if (!wanted.ok()) co_return route.Failed(wanted.status());
  const GraphCall call{.sticky_key = request.sticky_key(), .queue = limits.terms};
  auto infer = route.Infer(*model, limits.For(package), *std::move(inputs), call);
  CO_ASSIGN_OR_RETURN(const auto outputs, co_await std::move(infer));

  v1::InferResponse response;
  response.set_model(package.name);
  response.set_version(package.version);
  for (const size_t position : *wanted)
    *response.add_outputs() = ToMessage(package.outputs[position].name, outputs[position]);
  co_return response;
}

async::Task<absl::StatusOr<v1::ListModelsResponse>> ModelsApi::ListModels(RequestContext,
                                                                          const v1::ListModelsRequest&) {
  v1::ListModelsResponse response;
  std::map<std::pair<std::string, std::string>, ModelStatistics> statistics;
  CO_ASSIGN_OR_RETURN(auto all, repository_.Statistics("", ""));
  for (ModelStatistics& one : all) {
    auto key = std::make_pair(one.name, one.version);
    statistics[std::move(key)] = std::move(one);
  }
  for (ModelInfo& info : repository_.Index()) {
    const auto found = statistics.find({info.name, info.version});
    v1::Model* model = response.add_models();
    *model = ToProto(std::move(info));
    if (found != statistics.end()) Fill(found->second, model);
  }
  co_return response;
}

async::Task<absl::StatusOr<v1::Model>> ModelsApi::GetModel(RequestContext,
                                                           const v1::GetModelRequest& request) {
  CO_ASSIGN_OR_RETURN(ModelInfo info, repository_.Get(request.name(), request.version()));
  CO_ASSIGN_OR_RETURN(const auto statistics, repository_.Statistics(info.name, info.version));
  v1::Model model = ToProto(std::move(info));
  Fill(statistics.front(), &model);
  co_return model;
}

}  // namespace starling::models
