// `runtime_options` of the models that other programs run.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "core/inference/runtime.h"

namespace starling::inference_upstream {

// Takes options one by one; Finish() refuses those that nobody asked for. The first complaint stays.
class OptionReader {
 public:
  explicit OptionReader(const inference::ModelFile& file) : model_(file.name), left_(file.options) {}

  void Text(const std::string& name, std::string* value);
  void Milliseconds(const std::string& name, std::chrono::milliseconds* value);  // 1 to 3600000
  void Mebibytes(const std::string& name, size_t* bytes);                        // 1 to 2047
  absl::Status Finish();

 private:
  bool Take(const std::string& name, std::string* value);
  bool Number(const std::string& name, size_t most, size_t* value);
  const std::string model_;
  std::map<std::string, std::string> left_;
  absl::Status status_;
};

}  // namespace starling::inference_upstream
