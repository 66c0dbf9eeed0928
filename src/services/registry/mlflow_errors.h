#pragma once

#include "core/http/routing/adapter.h"

namespace starling::registry {

// MLflow's errors (mlflow/protos/databricks.proto): {"error_code": ..., "message": ...}. Clients repeat what is answered 429, 500, 502,
// 503 and 504, so nothing lasting is answered so.
class MlflowErrors final : public http::ErrorCodec {
 public:
  http::ErrorResponse Encode(const absl::Status& status, int http_status,
                             std::string_view request_id) const override;
};

}  // namespace starling::registry
