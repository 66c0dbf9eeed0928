#include "services/models/oip/shared_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/status.h"

namespace starling::models::oip {
namespace {

class SharedMemoryTest : public testing::Test {
 protected:
  SharedMemoryTest()
      : key_(StrCat("/oip-test-", getpid())), descriptor_(shm_open(key_.c_str(), O_RDWR | O_CREAT, 0600)) {
    EXPECT_EQ(ftruncate(descriptor_, 64), 0);
  }
  ~SharedMemoryTest() override {
    close(descriptor_);
    shm_unlink(key_.c_str());
  }
  const std::string key_;
  const int descriptor_;
  SharedMemory memory_{"oip-test-"};
};

TEST_F(SharedMemoryTest, ReadsAndWritesARegion) {
  ASSERT_EQ(pwrite(descriptor_, "0123456789", 10, 0), 10);
  ASSERT_TRUE(memory_.Register({"r", key_, 2, 8}).ok());
  EXPECT_EQ(memory_.Read("r", 1, 3)->view(), "345");
  ASSERT_TRUE(memory_.Write("r", 6, "xy").ok());
  char read[2];
  ASSERT_EQ(pread(descriptor_, read, 2, 8), 2);
  EXPECT_EQ(std::string(read, 2), "xy");
  EXPECT_EQ(memory_.List("")->size(), 1u);
  memory_.Unregister("r");
  EXPECT_FALSE(memory_.Read("r", 0, 1).ok());
}

TEST_F(SharedMemoryTest, NothingPastTheRegionOrTheMemory) {
  ASSERT_TRUE(memory_.Register({"r", key_, 0, 64}).ok());
  EXPECT_FALSE(memory_.Read("r", 60, 5).ok());
  EXPECT_FALSE(memory_.Read("r", UINT64_MAX, 2).ok());
  EXPECT_FALSE(memory_.Write("r", 63, "ab").ok());
  EXPECT_FALSE(memory_.Register({"large", key_, 1, 64}).ok());
  EXPECT_EQ(memory_.Register({"r", key_, 0, 8}).code(), absl::StatusCode::kAlreadyExists);
  // Its owner shortens it: an error, and no signal.
  ASSERT_EQ(ftruncate(descriptor_, 8), 0);
  EXPECT_FALSE(memory_.Read("r", 0, 64).ok());
  EXPECT_FALSE(memory_.Write("r", 32, "ab").ok());
}

TEST_F(SharedMemoryTest, KeysOutsideThePrefixAreRefused) {
  for (const char* key : {"/other", "/oip-test-/../x", "oip-test-x", "/", "", "/oip-test-none"}) {
    EXPECT_EQ(memory_.Register({"r", key, 0, 8}).code(), absl::StatusCode::kInvalidArgument) << key;
  }
  SharedMemory off("");
  EXPECT_EQ(off.Register({"r", key_, 0, 8}).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace starling::models::oip
