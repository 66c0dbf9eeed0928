#include "core/inference/package/mlflow_model.h"

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "base/status.h"
#include "core/inference/package/yaml_reader.h"

namespace starling::inference {
namespace {

// Whether each input has a row per example first, as MLflow's columns always do and its tensors say with -1. `inputs` is a list in
// JSON, which is YAML too.
bool HasRows(const std::string& file, const std::string& inputs, absl::Status* status) {
  YamlReader reader = YamlReader::Parse(file, StrCat("{\"inputs\":", inputs, "}"), status);
  std::vector<YamlReader> items = reader.Children("inputs");
  for (YamlReader& item : items) {
    std::string type;
    item.Get("type", &type);
    if (type != "tensor") continue;
    std::vector<int64_t> shape;
    item.Child("tensor-spec").Get("shape", &shape);
    if (shape.empty() || shape[0] != -1) return false;
  }
  return !items.empty();
}

void ReadXgboost(YamlReader flavor, const std::filesystem::path& folder, ModelPackage* package) {
  std::string data;
  std::string model_class = "xgboost.core.Booster";
  flavor.GetRequired("data", &data);
  flavor.Get("model_class", &model_class);
  if (!model_class.starts_with("xgboost.")) {
    flavor.Complain("model_class", StrCat("is '", model_class,
                                          "', code of its own that is not run here; log its booster: "
                                          "mlflow.xgboost.log_model(model.get_booster())."));
  }
  package->runtime = "xgboost";
  package->file = folder / data;
  package->wanted_outputs = {"predictions"};
}

void ReadOnnx(YamlReader flavor, const std::filesystem::path& folder, bool has_rows, ModelPackage* package) {
  std::string data;
  flavor.GetRequired("data", &data);
  package->runtime = "openvino";
  package->file = folder / data;
  // A first size that is free may be the length of a text: without a signature each request is a run of its own.
  if (!has_rows) package->batching.max_size = 0;
}

void Refuse(YamlReader& reader, YamlReader& flavors) {
  std::string names;
  for (const std::string& name : flavors.Names()) StrAppend(&names, names.empty() ? "" : ", ", name);
  reader.Complain(
      "flavors",
      StrCat("are ", names.empty() ? "none" : names,
             "; xgboost and onnx are served. Others load pickles or run Python code that whoever logged "
             "the model may have changed. Log it with mlflow.onnx.log_model or, boosted trees, "
             "mlflow.xgboost.log_model; or have the operator serve it as a package with "
             "the runtime process."));
}

}  // namespace

absl::StatusOr<ModelPackage> ReadMlflowModel(const PackageSource& source) {
  absl::Status status;
  YamlReader reader = YamlReader::Open(source.file, &status);
  ModelPackage package;
  package.name = source.name;
  package.version = source.version;
  package.task = kTensors;
  package.folder = source.folder;
  package.batching.max_elements = std::numeric_limits<size_t>::max();
  reader.Get("model_size_bytes", &package.memory_bytes, 0);
  YamlReader flavors = reader.Child("flavors");
  if (flavors.Has("xgboost")) {
    ReadXgboost(flavors.Child("xgboost"), source.folder, &package);
  } else if (flavors.Has("onnx")) {
    std::string inputs;
    YamlReader signature = reader.Child("signature");
    signature.Get("inputs", &inputs);
    const bool has_rows = !inputs.empty() && HasRows(source.file, inputs, &status);
    ReadOnnx(flavors.Child("onnx"), source.folder, has_rows, &package);
  } else {
    Refuse(reader, flavors);
  }
  RETURN_IF_ERROR(status);
  return package;
}

}  // namespace starling::inference
