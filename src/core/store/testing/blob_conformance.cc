#include "core/store/testing/blob_conformance.h"

#include <gtest/gtest.h>

#include <vector>

namespace starling::store {
namespace {

using Fresh = std::function<std::shared_ptr<Blobs>()>;

using Texts = std::vector<std::string>;

class Conformance : public ::testing::Test {
 public:
  explicit Conformance(const Fresh& fresh) : blobs_(fresh()) {}

  void Put(std::string_view key, std::string_view bytes) {
    auto writer = blobs_->Create(key);
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE((*writer)->Append(bytes).ok());
    ASSERT_TRUE((*writer)->Commit().ok());
  }
  std::vector<std::string> Names(std::string_view key) {
    std::vector<std::string> names;
    const auto entries = blobs_->List(key);
    EXPECT_TRUE(entries.ok()) << entries.status();
    if (!entries.ok()) return names;
    for (const BlobEntry& entry : *entries) names.push_back(entry.name + (entry.is_folder ? "/" : ""));
    return names;
  }

 protected:
  std::shared_ptr<Blobs> blobs_;
};

struct KeepsWhatIsPut : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    Put("a/b/c.bin", "0123456789");
    EXPECT_EQ(*blobs_->Read("a/b/c.bin", 0, 100), "0123456789");
    EXPECT_EQ(*blobs_->Read("a/b/c.bin", 3, 4), "3456");
    EXPECT_EQ(*blobs_->Read("a/b/c.bin", 10, 4), "");
    EXPECT_EQ(*blobs_->Read("a/b/c.bin", 1000, 4), "");
    const auto entry = blobs_->Stat("a/b/c.bin");
    ASSERT_TRUE(entry.ok());
    EXPECT_EQ(entry->bytes, 10);
    EXPECT_TRUE(blobs_->Stat("a/b")->is_folder);
    Put("a/b/c.bin", "new");
    EXPECT_EQ(*blobs_->Read("a/b/c.bin", 0, 100), "new");
    EXPECT_NE(blobs_->Stat("a/b/c.bin")->revision, entry->revision);
    EXPECT_EQ(blobs_->Stat("a/b/c.bin")->revision, blobs_->Stat("a/b/c.bin")->revision);
    Put("empty", "");
    EXPECT_EQ(blobs_->Stat("empty")->bytes, 0);
  }
};

struct ListsOneLevel : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    EXPECT_EQ(Names(""), Texts());
    Put("m/2/x", "1");
    Put("m/1/y", "12");
    Put("m/card.md", "123");
    EXPECT_EQ(Names(""), (Texts{"m/"}));
    EXPECT_EQ(Names("m"), (Texts{"1/", "2/", "card.md"}));
    EXPECT_EQ(Names("m/card.md"), Texts());
    EXPECT_EQ(Names("nothing/here"), Texts());
  }
};

struct NothingIsSeenBeforeCommit : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    Put("model", "old");
    {
      auto writer = *blobs_->Create("model");
      ASSERT_TRUE(writer->Append("half of the new").ok());
      EXPECT_EQ(*blobs_->Read("model", 0, 100), "old");
    }
    EXPECT_EQ(*blobs_->Read("model", 0, 100), "old");
    {
      auto writer = *blobs_->Create("other");
      ASSERT_TRUE(writer->Append("x").ok());
    }
    EXPECT_TRUE(absl::IsNotFound(blobs_->Stat("other").status()));
    EXPECT_EQ(Names(""), std::vector<std::string>{"model"});
  }
};

struct AReaderReadsOneRevision : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    const std::string old(100'000, 'o');
    Put("model", old);
    const auto reader = blobs_->Open("model");
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ((*reader)->entry().bytes, 100'000);
    EXPECT_EQ((*reader)->entry().revision, blobs_->Stat("model")->revision);
    EXPECT_EQ(*(*reader)->Read(99'998, 10), "oo");
    EXPECT_EQ(*(*reader)->Read(100'000, 10), "");
    const auto late = *blobs_->Open("model");
    Put("model", std::string(100'000, 'n'));
    const auto read = late->Read(0, 200'000);
    EXPECT_TRUE(read.ok() ? *read == old : absl::IsAborted(read.status())) << read.status();
    EXPECT_TRUE(absl::IsNotFound(blobs_->Open("none").status()));
  }
};

struct DeletesBlobsAndFolders : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    Put("a/b/c", "1");
    Put("a/b/d/e", "1");
    Put("a/f", "1");
    EXPECT_TRUE(blobs_->Delete("a/f").ok());
    EXPECT_TRUE(absl::IsNotFound(blobs_->Read("a/f", 0, 1).status()));
    EXPECT_TRUE(blobs_->Delete("a/b").ok());
    EXPECT_TRUE(Names("a").empty());
    EXPECT_TRUE(blobs_->Delete("a/b").ok());
    EXPECT_TRUE(blobs_->Delete("never/was").ok());
  }
};

struct KindsDoNotMix : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    Put("a/b", "1");
    EXPECT_TRUE(absl::IsFailedPrecondition(blobs_->Create("a").status()));
    EXPECT_TRUE(absl::IsFailedPrecondition(blobs_->Create("a/b/c").status()));
    EXPECT_TRUE(absl::IsNotFound(blobs_->Read("a", 0, 1).status()));
  }
};

struct RefusesKeysThatLeadElsewhere : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    for (const char* key : {"../x", "/etc/passwd", "a/../../x", "a//b", ""}) {
      EXPECT_TRUE(absl::IsInvalidArgument(blobs_->Create(key).status())) << key;
      EXPECT_TRUE(absl::IsInvalidArgument(blobs_->Read(key, 0, 1).status())) << key;
      EXPECT_TRUE(absl::IsInvalidArgument(blobs_->Stat(key).status())) << key;
      EXPECT_TRUE(absl::IsInvalidArgument(blobs_->Delete(key))) << key;
    }
    EXPECT_TRUE(absl::IsInvalidArgument(blobs_->List("..").status()));
  }
};

template <typename T>
void Register(const std::string& name, const char* test, const Fresh& fresh) {
  ::testing::RegisterTest(("BlobConformance/" + name).c_str(), test, nullptr, nullptr, __FILE__, __LINE__,
                          [fresh]() -> Conformance* { return new T(fresh); });
}

}  // namespace

void RegisterBlobConformance(const std::string& name, std::function<std::shared_ptr<Blobs>()> fresh) {
  Register<KeepsWhatIsPut>(name, "KeepsWhatIsPut", fresh);
  Register<ListsOneLevel>(name, "ListsOneLevel", fresh);
  Register<NothingIsSeenBeforeCommit>(name, "NothingIsSeenBeforeCommit", fresh);
  Register<AReaderReadsOneRevision>(name, "AReaderReadsOneRevision", fresh);
  Register<DeletesBlobsAndFolders>(name, "DeletesBlobsAndFolders", fresh);
  Register<KindsDoNotMix>(name, "KindsDoNotMix", fresh);
  Register<RefusesKeysThatLeadElsewhere>(name, "RefusesKeysThatLeadElsewhere", fresh);
}

}  // namespace starling::store
