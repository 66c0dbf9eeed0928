// The shared library of XGBoost, opened when the first model asks for it.
#pragma once

#include <xgboost/c_api.h>

#include <memory>

#include "absl/status/statusor.h"

namespace starling::inference_xgboost {

// The functions in use, under the names and with the types of the C header. Debian's header is older than the library, whose
// C interface keeps what it once had. Any thread; what a failed call says is kept per thread.
struct Library {
  decltype(&::XGBoostVersion) version = nullptr;
  decltype(&::XGBGetLastError) get_last_error = nullptr;
  decltype(&::XGBSetGlobalConfig) set_global_config = nullptr;
  decltype(&::XGBoosterCreate) booster_create = nullptr;
  decltype(&::XGBoosterFree) booster_free = nullptr;
  decltype(&::XGBoosterSetParam) booster_set_param = nullptr;
  decltype(&::XGBoosterLoadModelFromBuffer) booster_load_model_from_buffer = nullptr;
  decltype(&::XGBoosterGetNumFeature) booster_get_num_feature = nullptr;
  decltype(&::XGBoosterPredictFromDense) booster_predict_from_dense = nullptr;
  decltype(&::XGBoosterPredictFromDMatrix) booster_predict_from_dmatrix = nullptr;
  decltype(&::XGDMatrixCreateFromDense) dmatrix_create_from_dense = nullptr;
  decltype(&::XGDMatrixFree) dmatrix_free = nullptr;
  decltype(&::XGProxyDMatrixCreate) proxy_dmatrix_create = nullptr;

  // Finds the library as the program's rpath says. INTERNAL if it is not there, is too old for models of today or lacks a
  // function. Stays in memory for the program's life: its threads may outlive all models.
  static absl::StatusOr<const Library*> Open();

  // OK for 0, which all calls return when they succeed; else `code` with the first line of what the library says.
  absl::Status Check(int result, absl::StatusCode code) const;
};

// A booster or matrix with the function that frees it.
using Handle = std::unique_ptr<void, int (*)(void*)>;

}  // namespace starling::inference_xgboost
