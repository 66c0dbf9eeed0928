#include <gtest/gtest.h>

#include "core/store/blobs.h"

namespace starling::store {
namespace {

TEST(BlobKeyTest, TakesPaths) {
  for (const char* key : {"a", "a/b/c.bin", "..a/b..", "a b/\xC3\xA9", "-", "...", ".hidden"})
    EXPECT_TRUE(CheckBlobKey(key).ok()) << key;
}

TEST(BlobKeyTest, RefusesWhatLeadsElsewhere) {
  for (const std::string& key :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."),
        std::string(".."), std::string("a/../b"), std::string("a/.."), std::string("../a"),
        std::string("a/./b"), std::string("a\\b"), std::string("a\0b", 3), std::string("a\nb"),
        std::string("\xff"), std::string(256, 'a'), std::string(1025, '/')})
    EXPECT_EQ(CheckBlobKey(key).code(), absl::StatusCode::kInvalidArgument) << key;
}

}  // namespace
}  // namespace starling::store
