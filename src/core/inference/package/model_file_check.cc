#include "core/inference/package/model_file_check.h"

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
constexpr std::string_view kPickle = "a Python pickle";
constexpr std::string_view kTorch = "a PyTorch archive, which holds a pickle";
constexpr std::string_view kNumPy = "a NumPy file, which may hold a pickle";
constexpr std::string_view kKeras = "an HDF5 file, in which Keras keeps Python code";
constexpr std::string_view kPacked = "a compressed file, as joblib packs its pickles";

constexpr Refusal kFirstBytes[] = {
    {"\x80\x02"sv, kPickle},
    {"\x80\x03"sv, kPickle},
    {"\x80\x04"sv, kPickle},
    {"\x80\x05"sv, kPickle},
    // Of protocol 0 and 1: a list, a tuple or a dictionary, or the name of what is called.
    {"(lp"sv, kPickle},
    {"(dp"sv, kPickle},
    {"ccopy_reg\n"sv, kPickle},
    {"ccopyreg\n"sv, kPickle},
    {"c__builtin__\n"sv, kPickle},
    {"cbuiltins\n"sv, kPickle},
    {"cos\n"sv, kPickle},
    {"cposix\n"sv, kPickle},
    {"csubprocess\n"sv, kPickle},
    {"PK\x03\x04"sv, "a zip archive, as PyTorch and Keras write them"},
    {"\x93NUMPY"sv, kNumPy},
    {"\x89HDF\r\n"sv, kKeras},
    {"\x1f\x8b"sv, kPacked},          // gzip
    {"BZh"sv, kPacked},               // bzip2
    {"\xfd\x37zXZ"sv, kPacked},       // xz
    {"\x04\x22\x4d\x18"sv, kPacked},  // lz4
    {"\x28\xb5\x2f\xfd"sv, kPacked},  // zstd
    {"\x7f\x45LF"sv, "a program or a library"},
    {"MZ"sv, "a program or a library"},
    {"#!"sv, "a program"},
};
constexpr Refusal kNames[] = {
    {".pkl", kPickle},
    {".pickle", kPickle},
    {".dill", kPickle},
    {".joblib", "a joblib archive, which is a pickle"},
    {".pt", kTorch},
    {".pth", kTorch},
    {".ckpt", kTorch},
    {".mar", "a TorchServe archive, which holds Python code"},
    {".npy", kNumPy},
    {".npz", kNumPy},
    {".keras", "a Keras archive, which may hold Python code"},
    {".h5", kKeras},
    {".hdf5", kKeras},
    {".py", "Python source"},
    {".pyc", "Python code"},
    {".ipynb", "a notebook, which holds Python code"},
    {".sh", "a program"},
    {".so", "a library"},
};
// How a node of a TensorFlow graph (NodeDef.op, field 2, of graph.proto) names what calls back into Python.
constexpr std::string_view kPythonNodes[] = {"\x12\x06PyFunc"sv,
                                             "\x12\x0b"
                                             "EagerPyFunc"sv,
                                             "\x12\x0fPyFuncStateless"sv};
constexpr size_t kLongestPythonNode = 17;

absl::Status Refuse(const std::string& path, std::string_view what) {
  return InvalidArgument(
      path, " is ", what,
      ": loading it could run code that somebody put there, so it is not loaded. Export the "
      "model to a format that is data alone, such as ONNX, OpenVINO IR or XGBoost's JSON.");
}

// A graph whose nodes call Python functions of the program that made it.
absl::Status CheckGraph(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string piece;  // and what is left of the one before, so that no name is cut
  std::string buffer(size_t{1} << 20, '\0');
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), file.gcount() > 0) {
    piece.append(buffer, 0, static_cast<size_t>(file.gcount()));
    for (const std::string_view node : kPythonNodes) {
      if (piece.find(node) == std::string::npos) continue;
      return Refuse(path, "a TensorFlow graph with a node that calls Python (py_function)");
    }
    if (piece.size() > kLongestPythonNode) piece.erase(0, piece.size() - kLongestPythonNode);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckModelFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    const std::string graph = std::filesystem::path(path) / "saved_model.pb";
    if (!std::filesystem::is_regular_file(graph, error))
      return NotFound("There is no saved_model.pb in the folder '", path, "'.");
    return CheckGraph(graph);
  }
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
  if (path.ends_with(".pb")) return CheckGraph(path);
  return absl::OkStatus();
}

}  // namespace starling::inference
