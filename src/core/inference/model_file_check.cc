#include "core/inference/model_file_check.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/status.h"

namespace starling::inference {
namespace {

using std::string_view_literals::operator""sv;

struct Refusal {
  std::string_view mark;  // the file's first bytes, or the end of its name
  std::string_view what;
};

// A pickle of protocol 2 to 5 begins with its number; older ones have no mark but their names.
constexpr Refusal kFirstBytes[] = {
    {"\x80\x02"sv, "a Python pickle"},
    {"\x80\x03"sv, "a Python pickle"},
    {"\x80\x04"sv, "a Python pickle"},
    {"\x80\x05"sv, "a Python pickle"},
    {"PK\x03\x04"sv, "a zip archive, as PyTorch and Keras write them"},
    {"\x93NUMPY"sv, "a NumPy file, which may hold a pickle"},
    {"\x89HDF\r\n"sv, "an HDF5 file, in which Keras keeps Python code"},
    {"\x7f\x45LF"sv, "a program or a library"},
    {"#!"sv, "a program"},
};
constexpr Refusal kNames[] = {
    {".pkl", "a Python pickle"},
    {".pickle", "a Python pickle"},
    {".joblib", "a joblib archive, which is a pickle"},
    {".pt", "a PyTorch archive, which holds a pickle"},
    {".pth", "a PyTorch archive, which holds a pickle"},
    {".keras", "a Keras archive, which may hold Python code"},
    {".h5", "an HDF5 file, in which Keras keeps Python code"},
    {".py", "Python source"},
    {".pyc", "Python code"},
    {".so", "a library"},
};

absl::Status Refuse(const std::string& path, std::string_view what) {
  return InvalidArgument(
      path, " is ", what,
      ": loading it could run code that somebody put there, so it is not loaded. Export the "
      "model to a format that is data alone, such as ONNX, OpenVINO IR or XGBoost's JSON.");
}

}  // namespace

absl::Status CheckModelFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return NotFound("There is no model file '", path, "'.");
  if (std::filesystem::file_size(path, error) == 0) return InvalidArgument(path, " is empty.");
  for (const Refusal& refusal : kNames) {
    if (path.ends_with(refusal.mark)) return Refuse(path, refusal.what);
  }
  std::array<char, 16> buffer{};
  std::ifstream file(path, std::ios::binary);
  file.read(buffer.data(), buffer.size());
  const std::string_view begin(buffer.data(), static_cast<size_t>(file.gcount()));
  for (const Refusal& refusal : kFirstBytes) {
    if (begin.starts_with(refusal.mark)) return Refuse(path, refusal.what);
  }
  return absl::OkStatus();
}

}  // namespace starling::inference
