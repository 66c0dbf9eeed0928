#include "backends/inference_openvino/openvino_runtime.h"

#include <algorithm>
#include <exception>
#include <openvino/openvino.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
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

struct Options {
  std::string device = "CPU";
  std::optional<ov::element::Type> precision = ov::element::f32;  // none: the device's choice
  bool dynamic_quantization = MultipliesBytes();
};

absl::StatusOr<Options> ReadOptions(const ModelFile& file) {
  Options options;
  for (const auto& [name, value] : file.options) {
    if (name == "precision" && (value == "f32" || value == "bf16")) {
      options.precision = value == "f32" ? ov::element::f32 : ov::element::bf16;
    } else if (name == "precision" && value == "auto") {
      options.precision.reset();
    } else if (name == "dynamic_quantization" && (value == "auto" || value == "off")) {
      options.dynamic_quantization = options.dynamic_quantization && value == "auto";
    } else if (name == "device") {
      options.device = value;
    } else {
      return InvalidArgument(file.path, ": the runtime openvino has no option '", name, "' with the value '",
                             value,
                             "'; it has: precision (f32, bf16 or auto), dynamic_quantization (auto or off), "
                             "device (CPU, GPU, AUTO).");
    }
  }
  return options;
}

bool IsAuto(const std::string& device) { return device == "AUTO" || device.starts_with("AUTO:"); }

ov::AnyMap Properties(const ModelFile& file, const Options& options) {
  ov::AnyMap properties = {ov::num_streams(ov::streams::Num(static_cast<int32_t>(file.instances)))};
  if (options.precision.has_value()) properties.emplace(ov::hint::inference_precision(*options.precision));
  // The rest is the CPU's alone.
  if (options.device != "CPU" && !IsAuto(options.device)) return properties;
  properties.emplace(
      ov::inference_num_threads(static_cast<int32_t>(file.instances * file.threads_per_instance)));
  // Threads go where the operating system puts them: other work shares the cores.
  properties.emplace(ov::hint::enable_cpu_pinning(false));
  if (!options.dynamic_quantization) properties.emplace(ov::hint::dynamic_quantization_group_size(0));
  if (IsAuto(options.device)) return {ov::device::properties("CPU", properties)};
  return properties;
}

// Whether `device` ("GPU", "GPU.1", "AUTO:GPU,CPU") is among those that OpenVINO found ("CPU", "GPU.0").
absl::Status CheckDevice(const ModelFile& file, const std::string& device,
                         const std::vector<std::string>& found) {
  if (device == "AUTO") return absl::OkStatus();
  const std::string list = IsAuto(device) ? device.substr(std::string_view("AUTO:").size()) : device;
  for (const std::string& one : std::vector<std::string>(absl::StrSplit(list, ','))) {
    const auto is_it = [&one](const std::string& other) {
      return other == one || other.starts_with(StrCat(one, "."));
    };
    if (!one.empty() && std::any_of(found.begin(), found.end(), is_it)) continue;
    return InvalidArgument(file.path, ": there is no device '", one,
                           "' on this machine for the option device; OpenVINO finds ",
                           absl::StrJoin(found, ", "), ", and AUTO chooses among these.");
  }
  return absl::OkStatus();
}

class OpenVinoRuntime : public inference::Runtime {
 public:
  absl::StatusOr<std::unique_ptr<inference::LoadedModel>> Load(const ModelFile& file) override {
    RETURN_IF_ERROR(inference::CheckModelFile(file.path));
    ASSIGN_OR_RETURN(const Options options, ReadOptions(file));
    // Looking for devices loads every plugin: who asks for the CPU does not pay for that.
    if (options.device != "CPU") RETURN_IF_ERROR(FindDevice(file, options.device));
    ASSIGN_OR_RETURN(const auto model, Read(file.path));
    ASSIGN_OR_RETURN(auto compiled, Compile(file, model, options));
    auto loaded = std::make_unique<OpenVinoModel>(std::move(compiled));
    RETURN_IF_ERROR(loaded->Inspect());
    return loaded;
  }

 private:
  absl::Status FindDevice(const ModelFile& file, const std::string& device) {
    return Guarded(absl::StatusCode::kInternal, file.path,
                   [&] { return CheckDevice(file, device, core_.get_available_devices()); });
  }
  absl::StatusOr<std::shared_ptr<ov::Model>> Read(const std::string& path) {
    using Result = absl::StatusOr<std::shared_ptr<ov::Model>>;
    return Guarded(absl::StatusCode::kInvalidArgument, path,
                   [&]() -> Result { return core_.read_model(path); });
  }
  absl::StatusOr<ov::CompiledModel> Compile(const ModelFile& file, const std::shared_ptr<ov::Model>& model,
                                            const Options& options) {
    using Result = absl::StatusOr<ov::CompiledModel>;
    return Guarded(absl::StatusCode::kInternal, file.path, [&]() -> Result {
      return core_.compile_model(model, options.device, Properties(file, options));
    });
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
