#include "backends/inference_xgboost/model_file.h"

#include <filesystem>
#include <fstream>

#include "base/status.h"

namespace starling::inference_xgboost {

absl::StatusOr<std::string> ReadModelFile(const std::string& path, size_t max_bytes) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return NotFound("There is no model file '", path, "'.");
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  // Read and not mapped: a file that shrinks while it is mapped ends the program.
  for (char chunk[1 << 16]; file.read(chunk, sizeof chunk) || file.gcount() > 0;) {
    bytes.append(chunk, static_cast<size_t>(file.gcount()));
    if (bytes.size() > max_bytes) {
      return InvalidArgument("it is larger than ", max_bytes >> 20,
                             " MB; the option max_file_mb sets the limit.");
    }
  }
  if (file.bad() || !file.eof()) return Internal("'", path, "' could not be read.");
  return bytes;
}

absl::Status RefuseOtherFormats(std::string_view bytes) {
  // https://docs.python.org/3/library/pickletools.html: PROTO and a version; before version 2, a list, dict, tuple or class.
  const bool pickle =
      bytes.size() > 1 && ((bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5) || bytes[0] == '(' ||
                           bytes[0] == 'c' || bytes.starts_with("]q") || bytes.starts_with("}q"));
  if (pickle) {
    return InvalidArgument(
        "it is a Python pickle, which can run any program when it is loaded; save the model with "
        "Booster.save_model('model.ubj') instead.");
  }
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("\x1f\x8b")) {
    return InvalidArgument(
        "it is a packed archive, as joblib writes with a pickle inside; save the model with "
        "Booster.save_model('model.ubj') instead.");
  }
  if (bytes.starts_with("binf") || bytes.starts_with("bs64")) {
    return InvalidArgument(
        "it is in XGBoost's binary format from before version 3; save it as JSON or UBJSON with the "
        "version that wrote it.");
  }
  if (!bytes.starts_with("{")) return InvalidArgument("it is neither JSON nor UBJSON, which begin with {.");
  return absl::OkStatus();
}

}  // namespace starling::inference_xgboost
