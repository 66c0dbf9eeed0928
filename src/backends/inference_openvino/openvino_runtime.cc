#include "backends/inference_openvino/openvino_runtime.h"

#include <exception>
#include <openvino/openvino.hpp>
#include <string>
#include <utility>
#include <vector>

#include "backends/inference_openvino/sanitizer_dlopen.h"
#include "backends/inference_openvino/tensors.h"
#include "base/status.h"
#include "core/inference/package/model_file_check.h"

namespace starling::inference_openvino {
namespace {

using inference::ModelFile;
using inference::Tensor;
using inference::TensorSpec;

// Runs `function`; what OpenVINO throws becomes a status with `code`.
template <typename F>
auto Guarded(absl::StatusCode code, const std::string& what, F function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& exception) {
    return absl::Status(code, StrCat(what, ": ", exception.what()));
  } catch (...) {
    return absl::Status(code, StrCat(what, ": unknown exception"));
  }
}

class OpenVinoInstance : public inference::Instance {
 public:
  OpenVinoInstance(ov::InferRequest request, size_t outputs)
      : request_(std::move(request)), outputs_(outputs) {}

  absl::StatusOr<std::vector<Tensor>> Run(std::span<const Tensor> inputs) override {
    return Guarded(absl::StatusCode::kInternal, "OpenVINO", [&] { return RunThrowing(inputs); });
  }

 private:
  absl::StatusOr<std::vector<Tensor>> RunThrowing(std::span<const Tensor> inputs) {
    for (size_t i = 0; i < inputs.size(); ++i) request_.set_input_tensor(i, Wrap(inputs[i]));
    request_.infer();
    std::vector<Tensor> outputs;
    outputs.reserve(outputs_);
    for (size_t i = 0; i < outputs_; ++i) {
      ASSIGN_OR_RETURN(Tensor output, Copy(request_.get_output_tensor(i)));
      outputs.push_back(std::move(output));
    }
    return outputs;
  }

  ov::InferRequest request_;
  size_t outputs_;
};

class OpenVinoModel : public inference::LoadedModel {
 public:
  explicit OpenVinoModel(ov::CompiledModel compiled) : compiled_(std::move(compiled)) {}

  absl::Status Inspect() {
    for (const auto& port : compiled_.inputs()) {
      ASSIGN_OR_RETURN(TensorSpec spec, Describe(port));
      for (const int64_t size : spec.shape) dynamic_ = dynamic_ || size < 0;
      inputs_.push_back(std::move(spec));
    }
    for (const auto& port : compiled_.outputs()) {
      ASSIGN_OR_RETURN(TensorSpec spec, Describe(port));
      outputs_.push_back(std::move(spec));
    }
    return absl::OkStatus();
  }

  const std::vector<TensorSpec>& inputs() const override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const override { return outputs_; }
  // The CPU plugin prepares its kernels anew for each shape that it has not in its cache.
  bool prefers_few_shapes() const override { return dynamic_; }

  absl::StatusOr<std::unique_ptr<inference::Instance>> NewInstance() override {
    using Result = absl::StatusOr<std::unique_ptr<inference::Instance>>;
    return Guarded(absl::StatusCode::kInternal, "OpenVINO", [this]() -> Result {
      return std::make_unique<OpenVinoInstance>(compiled_.create_infer_request(), outputs_.size());
    });
  }

 private:
  ov::CompiledModel compiled_;
  std::vector<TensorSpec> inputs_;
  std::vector<TensorSpec> outputs_;
  bool dynamic_ = false;
};

// With int8 weights the plugin makes the activations int8 too as it runs, which is faster where the processor multiplies
// bytes. Where it does not, this is slower, and with AVX2 alone OpenVINO 2026.4 then answers with outputs of no rows.
bool MultipliesBytes() {
  return __builtin_cpu_supports("avx512vnni") != 0 || __builtin_cpu_supports("avxvnni") != 0;
}

absl::StatusOr<ov::AnyMap> Properties(const ModelFile& file) {
  ov::AnyMap properties = {
      ov::num_streams(ov::streams::Num(static_cast<int32_t>(file.instances))),
      ov::inference_num_threads(static_cast<int32_t>(file.instances * file.threads_per_instance)),
      // Threads go where the operating system puts them: other work shares the cores.
      ov::hint::enable_cpu_pinning(false),
      ov::hint::inference_precision(ov::element::f32),
  };
  bool dynamic_quantization = MultipliesBytes();
  for (const auto& [name, value] : file.options) {
    if (name == "precision" && (value == "f32" || value == "bf16")) {
      properties[ov::hint::inference_precision.name()] =
          value == "f32" ? ov::element::f32 : ov::element::bf16;
    } else if (name == "precision" && value == "auto") {
      properties.erase(ov::hint::inference_precision.name());
    } else if (name == "dynamic_quantization" && (value == "auto" || value == "off")) {
      dynamic_quantization = dynamic_quantization && value == "auto";
    } else {
      return InvalidArgument(file.path, ": the runtime openvino has no option '", name, "' with the value '",
                             value,
                             "'; it has: precision (f32, bf16 or auto), dynamic_quantization (auto or off).");
    }
  }
  if (!dynamic_quantization) properties.emplace(ov::hint::dynamic_quantization_group_size(0));
  return properties;
}

class OpenVinoRuntime : public inference::Runtime {
 public:
  absl::StatusOr<std::unique_ptr<inference::LoadedModel>> Load(const ModelFile& file) override {
    RETURN_IF_ERROR(inference::CheckModelFile(file.path));
    ASSIGN_OR_RETURN(const ov::AnyMap properties, Properties(file));
    ASSIGN_OR_RETURN(const auto model, Read(file.path));
    ASSIGN_OR_RETURN(auto compiled, Compile(file.path, model, properties));
    auto loaded = std::make_unique<OpenVinoModel>(std::move(compiled));
    RETURN_IF_ERROR(loaded->Inspect());
    return loaded;
  }

 private:
  absl::StatusOr<std::shared_ptr<ov::Model>> Read(const std::string& path) {
    using Result = absl::StatusOr<std::shared_ptr<ov::Model>>;
    return Guarded(absl::StatusCode::kInvalidArgument, path,
                   [&]() -> Result { return core_.read_model(path); });
  }
  absl::StatusOr<ov::CompiledModel> Compile(const std::string& path, const std::shared_ptr<ov::Model>& model,
                                            const ov::AnyMap& properties) {
    using Result = absl::StatusOr<ov::CompiledModel>;
    return Guarded(absl::StatusCode::kInternal, path,
                   [&]() -> Result { return core_.compile_model(model, "CPU", properties); });
  }

  ov::Core core_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<inference::Runtime>> MakeRuntime() {
  using Result = absl::StatusOr<std::unique_ptr<inference::Runtime>>;
  return Guarded(absl::StatusCode::kInternal, "OpenVINO",
                 []() -> Result { return std::make_unique<OpenVinoRuntime>(); });
}

}  // namespace starling::inference_openvino
