// The endpoints of MLflow that are a method of a contract under another name: the messages have MLflow's field names.
#pragma once

#include <string_view>
#include <vector>

#include "core/rpc/method.h"

namespace starling::registry {

struct MlflowRoute {
  std::string_view verb;
  std::string_view path;  // below /api/2.0/mlflow/
  const rpc::Contract* contract;
  const rpc::Method* method;
};

const std::vector<MlflowRoute>& MlflowRoutes();

}  // namespace starling::registry
