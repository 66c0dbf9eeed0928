#include "services/fraud/transaction_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace starling::fraud {
namespace {

class TransactionRowTest : public testing::Test {
 protected:
  TransactionRowTest() {
    transaction_.set_amount(100);
    transaction_.set_merchant_category("fuel");
    transaction_.set_channel("online");
    transaction_.mutable_time()->set_seconds(1764041520);  // Tuesday, 2025-11-25 03:32 UTC
  }
  float Feature(std::string_view name) {
    const auto names = FeatureNames();
    const auto row = TransactionRow(transaction_);
    EXPECT_EQ(row.size(), names.size());
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) ADD_FAILURE() << "no feature " << name;
    return found == names.end() ? 0 : row[static_cast<size_t>(found - names.begin())];
  }
  v1::ScoreTransactionRequest transaction_;
};

TEST_F(TransactionRowTest, ReadsTimesInUtc) {
  EXPECT_EQ(Feature("hour_of_day"), 3);
  EXPECT_EQ(Feature("day_of_week"), 1);
  transaction_.mutable_time()->set_seconds(-1);  // Wednesday, 1969-12-31 23:59:59
  EXPECT_EQ(Feature("hour_of_day"), 23);
  EXPECT_EQ(Feature("day_of_week"), 2);
}

TEST_F(TransactionRowTest, WordsAreTheirPlacesInTheContract) {
  EXPECT_EQ(Feature("merchant_category"), 1);
  EXPECT_EQ(Feature("channel"), 3);
}

TEST_F(TransactionRowTest, WhatIsNotKnownIsNoNumber) {
  for (const char* name :
       {"amount_to_average", "foreign_country", "country_changed", "known_device", "known_merchant",
        "distance_from_home_km", "speed_km_per_hour", "account_age_days", "transactions_30d"}) {
    EXPECT_TRUE(std::isnan(Feature(name))) << name;
  }
  transaction_.mutable_user()->set_average_amount_30d(0);
  EXPECT_TRUE(std::isnan(Feature("amount_to_average")));
}

TEST_F(TransactionRowTest, ComparesAmountsCountriesAndDistances) {
  transaction_.mutable_user()->set_average_amount_30d(40);
  transaction_.set_merchant_country("BR");
  transaction_.set_card_country("DE");
  transaction_.set_last_country("BR");
  transaction_.set_known_device(false);
  transaction_.set_distance_from_last_km(90);
  transaction_.set_minutes_since_last(30);
  EXPECT_EQ(Feature("amount_to_average"), 2.5f);
  EXPECT_EQ(Feature("foreign_country"), 1);
  EXPECT_EQ(Feature("country_changed"), 0);
  EXPECT_EQ(Feature("known_device"), 0);
  EXPECT_EQ(Feature("speed_km_per_hour"), 180);
  transaction_.set_minutes_since_last(0);
  EXPECT_EQ(Feature("speed_km_per_hour"), 5400);
}

}  // namespace
}  // namespace starling::fraud
