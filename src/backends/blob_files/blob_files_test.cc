#include "backends/blob_files/blob_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/store/testing/blob_conformance.h"

namespace starling::blob_files {
namespace {

namespace fs = std::filesystem;

std::string NewFolder() {
  std::string path = (fs::temp_directory_path() / "starling-blobs-XXXXXX").string();
  return mkdtemp(path.data());
}

const bool kRegistered = [] {
  store::RegisterBlobConformance("files", [] {
    const std::string folder = NewFolder();
    auto blobs = *OpenBlobFiles(folder + "/root");
    return std::shared_ptr<store::Blobs>(blobs.release(), [folder](store::Blobs* all) {
      delete all;
      fs::remove_all(folder);
    });
  });
  return true;
}();

class BlobFilesTest : public ::testing::Test {
 public:
  ~BlobFilesTest() override { fs::remove_all(folder); }
  const std::string folder = NewFolder();
  const std::string root = folder + "/root";
};

TEST_F(BlobFilesTest, FollowsNoLink) {
  const auto blobs = *OpenBlobFiles(root);
  std::ofstream(folder + "/secret") << "secret";
  fs::create_symlink(folder, root + "/blobs/out");
  fs::create_symlink(folder + "/secret", root + "/blobs/link");
  EXPECT_FALSE(blobs->Read("link", 0, 100).ok());
  EXPECT_FALSE(blobs->Read("out/secret", 0, 100).ok());
  EXPECT_FALSE(blobs->Create("out/new").ok());
  EXPECT_FALSE(blobs->Create("link").ok());
  EXPECT_TRUE(blobs->List("out")->empty());
  EXPECT_TRUE(blobs->List("")->empty());
  EXPECT_TRUE(blobs->Delete("out").ok());  // the link, not what it leads to
  EXPECT_TRUE(fs::exists(folder + "/secret"));
}

TEST_F(BlobFilesTest, RemovesWhatADeadProgramLeftAndNothingElse) {
  const auto blobs = *OpenBlobFiles(root);
  auto alive = *blobs->Create("alive");
  ASSERT_TRUE(alive->Append("x").ok());
  std::ofstream(root + "/uploads/dead") << "half";
  const auto second = *OpenBlobFiles(root);  // a second program that shares the folder
  EXPECT_FALSE(fs::exists(root + "/uploads/dead"));
  EXPECT_TRUE(alive->Commit().ok());
  EXPECT_EQ(*second->Read("alive", 0, 10), "x");
}

TEST_F(BlobFilesTest, FoldersAreTheOwnersAlone) {
  const auto blobs = *OpenBlobFiles(root);
  EXPECT_EQ(fs::status(root).permissions(), fs::perms::owner_all);
  EXPECT_FALSE(OpenBlobFiles(folder + "/missing/root").ok());
}

}  // namespace
}  // namespace starling::blob_files
