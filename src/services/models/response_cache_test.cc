#include "services/models/response_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace starling::models {
namespace {

using inference::DataType;
using inference::MakeTensor;
using Tensors = ResponseCache::Tensors;

Tensors Of(int64_t value, inference::Shape shape = {1}) {
  return {MakeTensor<int64_t>(DataType::kInt64, std::move(shape), std::vector<int64_t>{value})};
}

TEST(ResponseCacheTest, TheSameQuestionHasTheSameAnswer) {
  ResponseCache cache(10000);
  EXPECT_FALSE(cache.Get(1, Of(5)).has_value());
  cache.Put(1, Of(5), Of(50));
  const auto answer = cache.Get(1, Of(5));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ((*answer)[0].Values<int64_t>()[0], 50);
  EXPECT_FALSE(cache.Get(2, Of(5)).has_value());          // other files
  EXPECT_FALSE(cache.Get(1, Of(6)).has_value());          // other elements
  EXPECT_FALSE(cache.Get(1, Of(5, {1, 1})).has_value());  // another shape
  Tensors unsigned_five = Of(5);
  unsigned_five[0].datatype = DataType::kUint64;
  EXPECT_FALSE(cache.Get(1, unsigned_five).has_value());
}

TEST(ResponseCacheTest, PastItsBoundItForgetsWhatWasAskedForLongestAgo) {
  ResponseCache probe(100000);
  probe.Put(1, Of(0), Of(0));
  ResponseCache cache(probe.bytes() * 3);
  for (int i = 0; i < 3; ++i) cache.Put(1, Of(i), Of(i));
  EXPECT_TRUE(cache.Get(1, Of(0)).has_value());
  cache.Put(1, Of(3), Of(3));
  EXPECT_TRUE(cache.Get(1, Of(0)).has_value());
  EXPECT_FALSE(cache.Get(1, Of(1)).has_value());
  for (int i = 10; i < 1000; ++i) {
    cache.Put(1, Of(i), Of(i));
    ASSERT_LE(cache.bytes(), probe.bytes() * 3);
  }
}

TEST(ResponseCacheTest, WhatIsLargerThanTheBoundIsNotKept) {
  ResponseCache cache(100);
  cache.Put(1, {MakeTensor<char>(DataType::kInt8, {200}, std::vector<char>(200))}, Of(1));
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_FALSE(ResponseCache(0).enabled());
}

}  // namespace
}  // namespace starling::models
