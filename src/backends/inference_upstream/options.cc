#include "backends/inference_upstream/options.h"

#include <charconv>
#include <utility>

#include "base/status.h"

namespace starling::inference_upstream {

bool OptionReader::Take(const std::string& name, std::string* value) {
  auto node = left_.extract(name);
  if (node.empty()) return false;
  *value = std::move(node.mapped());
  return true;
}

bool OptionReader::Number(const std::string& name, size_t most, size_t* value) {
  std::string text;
  if (!Take(name, &text)) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (error == std::errc() && end == text.data() + text.size() && *value >= 1 && *value <= most) return true;
  if (status_.ok()) {
    status_ = InvalidArgument("Model '", model_, "': the runtime option '", name,
                              "' must be a number from 1 to ", most, ".");
  }
  return false;
}

void OptionReader::Text(const std::string& name, std::string* value) { Take(name, value); }

void OptionReader::Milliseconds(const std::string& name, std::chrono::milliseconds* value) {
  size_t number = 0;
  if (Number(name, 3600 * 1000, &number)) *value = std::chrono::milliseconds(number);
}

void OptionReader::Mebibytes(const std::string& name, size_t* bytes) {
  size_t number = 0;
  if (Number(name, 2047, &number)) *bytes = number << 20;
}

absl::Status OptionReader::Finish() {
  if (!status_.ok() || left_.empty()) return status_;
  return InvalidArgument("Model '", model_, "': there is no runtime option '", left_.begin()->first, "'.");
}

}  // namespace starling::inference_upstream
