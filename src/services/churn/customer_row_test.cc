#include "services/churn/customer_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace starling::churn {
namespace {

float Feature(const v1::PredictChurnRequest& customer, std::string_view name) {
  const auto names = FeatureNames();
  const auto row = CustomerRow(customer);
  EXPECT_EQ(row.size(), names.size());
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) ADD_FAILURE() << "no feature " << name;
  return found == names.end() ? 0 : row[static_cast<size_t>(found - names.begin())];
}

TEST(CustomerRowTest, NothingKnownIsNoNumber) {
  const auto row = CustomerRow({});
  EXPECT_TRUE(std::all_of(row.begin(), row.end(), [](float value) { return std::isnan(value); }));
}

TEST(CustomerRowTest, TrendsCompareWithTheMonthBefore) {
  v1::PredictChurnRequest customer;
  customer.mutable_user()->set_transactions_30d(6);
  customer.set_transactions_previous_30d(12);
  customer.set_logins_30d(3);
  customer.set_logins_previous_30d(0);
  customer.set_bound_by_contract(true);
  EXPECT_EQ(Feature(customer, "transactions_trend"), 0.5f);
  EXPECT_TRUE(std::isnan(Feature(customer, "logins_trend")));
  EXPECT_EQ(Feature(customer, "logins_30d"), 3);
  EXPECT_EQ(Feature(customer, "bound_by_contract"), 1);
  EXPECT_EQ(Feature(customer, "transactions_30d"), 6);
}

}  // namespace
}  // namespace starling::churn
