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
  find("XGBoostVersion", &library.version);
  find("XGBGetLastError", &library.get_last_error);
  find("XGBSetGlobalConfig", &library.set_global_config);
  find("XGBoosterCreate", &library.booster_create);
  find("XGBoosterFree", &library.booster_free);
  find("XGBoosterSetParam", &library.booster_set_param);
  find("XGBoosterLoadModelFromBuffer", &library.booster_load_model_from_buffer);
  find("XGBoosterGetNumFeature", &library.booster_get_num_feature);
  find("XGBoosterPredictFromDense", &library.booster_predict_from_dense);
  find("XGBoosterPredictFromDMatrix", &library.booster_predict_from_dmatrix);
  find("XGDMatrixCreateFromDense", &library.dmatrix_create_from_dense);
  find("XGDMatrixFree", &library.dmatrix_free);
  find("XGProxyDMatrixCreate", &library.proxy_dmatrix_create);
  if (!missing.empty()) return Internal("The library of XGBoost lacks functions:", missing);
  int major = 0;
  int minor = 0;
  int patch = 0;
  library.version(&major, &minor, &patch);
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
  std::string_view text = get_last_error();
  text = text.substr(0, text.find("\nStack trace"));
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return absl::Status(code, ToAbsl(text));
}

}  // namespace starling::inference_xgboost
