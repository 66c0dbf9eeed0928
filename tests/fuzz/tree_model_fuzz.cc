// A file of boosted trees, read and checked before XGBoost may see it.
#include "backends/inference_xgboost/model_facts.h"
#include "backends/inference_xgboost/model_value.h"
#include "backends/inference_xgboost/outputs.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace xgboost = starling::inference_xgboost;
  using starling::fuzz::Require;
  const std::string_view bytes = starling::fuzz::Text(data, size);
  const auto document = xgboost::IsJsonText(bytes) ? xgboost::ReadJson(bytes) : xgboost::ReadUbjson(bytes);
  if (!document.ok()) {
    Require(document.status().code() == absl::StatusCode::kInvalidArgument, "it is the file's fault");
    return 0;
  }
  const auto facts = xgboost::CheckModel(*document);
  if (!facts.ok()) {
    Require(facts.status().code() == absl::StatusCode::kInvalidArgument, "it is the file's fault");
    return 0;
  }
  Require(facts->trees > 0 && facts->features > 0 && facts->groups > 0,
          "a model has trees, features and groups");
  Require(facts->trees_of_rounds.back() == facts->trees, "the rounds have all trees");
  for (const char* rounds : {"auto", "best", "all", "1"}) {
    const auto chosen = xgboost::ChooseRounds(*facts, rounds);
    Require(!chosen.ok() || (*chosen > 0 && *chosen <= facts->rounds()), "there are as many rounds");
  }
  return 0;
}
