#include "backends/inference_xgboost/instance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include "base/status.h"

namespace starling::inference_xgboost {

using inference::DataType;
using inference::Tensor;
using inference::TensorBuffer;

namespace {

// Kinds of prediction, of XGBoosterPredictFromDMatrix.
constexpr int kValue = 0;
constexpr int kMargin = 1;
constexpr int kContribution = 2;
constexpr int kLeaf = 6;

// `more`: members that this way to ask has besides.
std::string Config(int type, size_t rounds, const std::string& more = "") {
  return StrCat("{\"type\":", type, ",\"training\":false,\"iteration_begin\":0,\"iteration_end\":", rounds,
                ",\"strict_shape\":true", more, "}");
}

std::string InPlace(const std::string& missing) { return StrCat(",\"cache_id\":0,\"missing\":", missing); }

// Trees compare with finite numbers only, so an infinite one may become the largest: a matrix refuses it, and with it the rows
// of other callers in the same batch.
Tensor WithoutInfinity(const Tensor& rows) {
  const auto values = rows.Values<float>();
  if (std::none_of(values.begin(), values.end(), [](float value) { return std::isinf(value); })) return rows;
  TensorBuffer buffer(DataType::kFp32, rows.shape);
  std::transform(values.begin(), values.end(), buffer.Values<float>().begin(), [](float value) {
    return std::isinf(value) ? std::copysign(std::numeric_limits<float>::max(), value) : value;
  });
  return std::move(buffer).Freeze();
}

}  // namespace

absl::StatusOr<std::unique_ptr<inference::Instance>> XgboostInstance::Make(const Library& library,
                                                                           BoosterHandle booster,
                                                                           Question question) {
  DMatrixHandle matrix = nullptr;
  RETURN_IF_ERROR(library.Check(library.proxy_dmatrix_create(&matrix), absl::StatusCode::kInternal));
  Handle proxy(matrix, library.dmatrix_free);
  return std::unique_ptr<inference::Instance>(
      new XgboostInstance(library, booster, std::move(question), std::move(proxy)));
}

XgboostInstance::XgboostInstance(const Library& library, BoosterHandle booster, Question question,
                                 Handle proxy)
    : library_(library),
      booster_(booster),
      question_(std::move(question)),
      matrix_config_(StrCat("{\"missing\":", question_.missing, ",\"nthread\":1}")),
      value_config_(Config(kValue, question_.rounds, InPlace(question_.missing))),
      margin_config_(Config(kMargin, question_.rounds, InPlace(question_.missing))),
      contribution_config_(Config(kContribution, question_.rounds)),
      leaf_config_(Config(kLeaf, question_.rounds)),
      proxy_(std::move(proxy)) {}

absl::StatusOr<std::vector<Tensor>> XgboostInstance::Run(std::span<const Tensor> inputs) {
  if (inputs.size() != 1 || inputs[0].datatype != DataType::kFp32 || inputs[0].shape.size() != 2 ||
      inputs[0].shape[1] != static_cast<int64_t>(question_.features)) {
    return Internal("XGBoost was given rows of another shape than the model's.");
  }
  const int64_t count = inputs[0].shape[0];
  const Tensor rows = WithoutInfinity(inputs[0]);
  // The array interface of NumPy, version 3, which is how the library takes memory in.
  std::array<char, 160> interface;
  (void)std::snprintf(interface.data(), interface.size(),
                      R"({"data":[%zu,true],"shape":[%lld,%zu],"typestr":"<f4","version":3})",
                      reinterpret_cast<size_t>(rows.data.data()), static_cast<long long>(count),
                      question_.features);
  Handle matrix(nullptr, library_.dmatrix_free);
  std::vector<Tensor> results;
  results.reserve(question_.outputs.size());
  for (const Output& output : question_.outputs) {
    inference::Shape shape = output.spec.shape;
    shape[0] = count;
    TensorBuffer buffer(output.spec.datatype, std::move(shape));
    const size_t expected = buffer.size_bytes() / sizeof(float);
    if (count > 0) {
      ASSIGN_OR_RETURN(const Answer answer, Ask(output.kind, interface.data(), &matrix));
      if (answer.size != expected) {
        return Internal("XGBoost answered with ", answer.size, " numbers in place of ", expected, ".");
      }
      if (output.spec.datatype == DataType::kInt32) {
        std::copy_n(answer.values, expected, buffer.Values<int32_t>().begin());
      } else {
        std::copy_n(answer.values, expected, buffer.Values<float>().begin());
      }
    }
    results.push_back(std::move(buffer).Freeze());
  }
  return results;
}

absl::StatusOr<XgboostInstance::Answer> XgboostInstance::Ask(OutputKind kind, const char* rows,
                                                             Handle* matrix) {
  const auto check = [this](int result) { return library_.Check(result, absl::StatusCode::kInternal); };
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  Answer answer;
  if (kind == OutputKind::kLeaves || kind == OutputKind::kContributions) {
    if (*matrix == nullptr) {
      DMatrixHandle made = nullptr;
      RETURN_IF_ERROR(check(library_.dmatrix_create_from_dense(rows, matrix_config_.c_str(), &made)));
      matrix->reset(made);
    }
    const std::string& config = kind == OutputKind::kLeaves ? leaf_config_ : contribution_config_;
    RETURN_IF_ERROR(check(library_.booster_predict_from_dmatrix(booster_, matrix->get(), config.c_str(),
                                                                &shape, &dimensions, &answer.values)));
  } else {
    const std::string& config = kind == OutputKind::kMargins ? margin_config_ : value_config_;
    RETURN_IF_ERROR(check(library_.booster_predict_from_dense(booster_, rows, config.c_str(), proxy_.get(),
                                                              &shape, &dimensions, &answer.values)));
  }
  answer.size = 1;
  for (bst_ulong i = 0; i < dimensions; ++i) answer.size *= shape[i];
  return answer;
}

}  // namespace starling::inference_xgboost
