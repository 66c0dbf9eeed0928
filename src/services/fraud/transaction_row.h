// From a transaction to the row that the fraud model reads.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "starling/fraud/v1/fraud.starling.h"

namespace starling::fraud {

// The features' names, in the model's order. tools/train_fraud/features.py has the same; tests/feature_skew compares the two.
std::span<const std::string> FeatureNames();

// One number for each of FeatureNames(), NaN for what is not known. `transaction` keeps the contract's rules.
std::vector<float> TransactionRow(const v1::ScoreTransactionRequest& transaction);

}  // namespace starling::fraud
