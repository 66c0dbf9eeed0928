// From a customer to the row that the churn model reads.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "starling/churn/v1/churn.starling.h"

namespace starling::churn {

// The features' names, in the model's order. tools/train_churn/features.py has the same; tests/feature_skew compares the two.
std::span<const std::string> FeatureNames();

// One number for each of FeatureNames(), NaN for what is not known. `customer` keeps the contract's rules.
std::vector<float> CustomerRow(const v1::PredictChurnRequest& customer);

}  // namespace starling::churn
