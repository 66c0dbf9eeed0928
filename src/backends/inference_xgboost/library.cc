#include "backends/inference_xgboost/library.h"

#include <dlfcn.h>

#include <string_view>

#include "base/status.h"

namespace starling::inference_xgboost {
namespace {

constexpr int kOldestMajorVersion = 3;

absl::StatusOr<Library> OpenOnce() {
  void* const handle = dlopen("libxgboost.so", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Internal("The library of XGBoost could not be loaded: ", dlerror());
  Library library;
  std::string missing;
  const auto find = [&](const char* name, auto* function) {
    *function = reinterpret_cast<std::decay_t<decltype(*function)>>(dlsym(handle, name));
    if (*function == nullptr) StrAppend(&missing, " ", name);
  };
  find("XGBoostVersion", &library.Version);
  find("XGBGetLastError", &library.GetLastError);
  find("XGBSetGlobalConfig", &library.SetGlobalConfig);
  find("XGBoosterCreate", &library.BoosterCreate);
  find("XGBoosterFree", &library.BoosterFree);
  find("XGBoosterSetParam", &library.BoosterSetParam);
  find("XGBoosterLoadModelFromBuffer", &library.BoosterLoadModelFromBuffer);
  find("XGBoosterGetNumFeature", &library.BoosterGetNumFeature);
  find("XGBoosterPredictFromDense", &library.BoosterPredictFromDense);
  find("XGBoosterPredictFromDMatrix", &library.BoosterPredictFromDMatrix);
  find("XGDMatrixCreateFromDense", &library.DMatrixCreateFromDense);
  find("XGDMatrixFree", &library.DMatrixFree);
  find("XGProxyDMatrixCreate", &library.ProxyDMatrixCreate);
  if (!missing.empty()) return Internal("The library of XGBoost lacks functions:", missing);
  int major = 0;
  int minor = 0;
  int patch = 0;
  library.Version(&major, &minor, &patch);
  if (major < kOldestMajorVersion) {
    return Internal("The library of XGBoost is version ", major, ".", minor, "; it must be ",
                    kOldestMajorVersion, ".0 or later.");
  }
  return library;
}

}  // namespace

absl::StatusOr<const Library*> Library::Open() {
  static const absl::StatusOr<Library> library = OpenOnce();
  RETURN_IF_ERROR(library.status());
  return &*library;
}

absl::Status Library::Check(int result, absl::StatusCode code) const {
  if (result == 0) return absl::OkStatus();
  std::string_view text = GetLastError();
  text = text.substr(0, text.find("\nStack trace"));
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return absl::Status(code, ToAbsl(text));
}

}  // namespace starling::inference_xgboost
