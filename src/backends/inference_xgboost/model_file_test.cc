// Files that are no models, or were made to break who reads them.
#include "backends/inference_xgboost/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "backends/inference_xgboost/model_value.h"
#include "backends/inference_xgboost/xgboost_runtime.h"
#include "base/status.h"

namespace starling::inference_xgboost {
namespace {

using inference::DataType;
using testing::HasSubstr;

constexpr char kJson[] = "src/backends/inference_xgboost/testdata/binary.json";
constexpr char kUbjson[] = "src/backends/inference_xgboost/testdata/binary.ubj";
constexpr char kClasses[] = "src/backends/inference_xgboost/testdata/classes.ubj";
constexpr char kDart[] = "src/backends/inference_xgboost/testdata/dart.ubj";
constexpr char kCategories[] = "src/backends/inference_xgboost/testdata/categories.ubj";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ModelFileTest : public testing::Test {
 protected:
  ~ModelFileTest() override { std::filesystem::remove(path_); }

  absl::StatusOr<std::unique_ptr<inference::LoadedModel>> Load(
      const std::string& bytes, std::map<std::string, std::string> options = {}) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    return runtime_->Load({path_, 1, 1, std::move(options)});
  }
  // What is said of these bytes, which must be refused as INVALID_ARGUMENT with the file's name.
  std::string Refusal(const std::string& bytes, std::map<std::string, std::string> options = {}) {
    const absl::Status status = Load(bytes, std::move(options)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(Message(status)), HasSubstr("model.bin: "));
    return std::string(Message(status));
  }
  // The model as JSON with `what` replaced by `with`, once.
  static std::string Changed(const std::string& what, const std::string& with) {
    std::string text = ReadFile(kJson);
    const size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
  }

  const std::unique_ptr<inference::Runtime> runtime_ = MakeRuntime().value();
  const std::string path_ =
      std::filesystem::path(testing::TempDir()) /
      StrCat(getpid(), testing::UnitTest::GetInstance()->current_test_info()->name(), ".model.bin");
};

TEST_F(ModelFileTest, AFileThatIsNotThereIsNotFound) {
  EXPECT_EQ(runtime_->Load({"nothing.ubj"}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModelFileTest, PicklesAreRefusedWithTheReason) {
  EXPECT_THAT(Refusal("\x80\x05\x95\x10 cos\nsystem"),
              HasSubstr("a Python pickle, which can run any program"));
  EXPECT_THAT(Refusal("cos\nsystem\n(S'true'\ntR."), HasSubstr("a Python pickle"));
  EXPECT_THAT(Refusal("PK\x03\x04 joblib"), HasSubstr("packed archive"));
  EXPECT_THAT(Refusal("binf\x01"), HasSubstr("before version 3"));
  EXPECT_THAT(Refusal("hello"), HasSubstr("neither JSON nor UBJSON"));
  EXPECT_THAT(Refusal(""), HasSubstr("neither JSON nor UBJSON"));
}

TEST_F(ModelFileTest, LargeFilesAreRefused) {
  EXPECT_THAT(Refusal(ReadFile(kJson) + std::string(2 << 20, ' '), {{"max_file_mb", "1"}}),
              HasSubstr("it is larger than 1 MB"));
}

TEST_F(ModelFileTest, WhatXgboostTakesOnTrustIsChecked) {
  EXPECT_THAT(Refusal(Changed(R"("left_children":[1,)", R"("left_children":[1000000,)")),
              HasSubstr("a child that can't be"));
  EXPECT_THAT(Refusal(Changed(R"("left_children":[1,)", R"("left_children":[0,)")),
              HasSubstr("a child that can't be"));
  EXPECT_THAT(Refusal(Changed(R"("left_children":[1,3,)", R"("left_children":[1,1,)")),
              HasSubstr("a child that can't be"));
  EXPECT_THAT(Refusal(Changed(R"("left_children":[1,)", R"("left_children":[1.5,)")),
              HasSubstr("a child that can't be"));
  EXPECT_THAT(Refusal(Changed(R"("left_children":[1,)", R"("left_children":[-2,)")),
              HasSubstr("a child that can't be"));
  EXPECT_THAT(Refusal(Changed(R"("parents":[2147483647,0,)", R"("parents":[2147483647,-1,)")),
              HasSubstr("a parent that can't be"));
  EXPECT_THAT(Refusal(Changed(R"("parents":[2147483647,0,)", R"("parents":[2147483647,1,)")),
              HasSubstr("a child that can't be"));
  EXPECT_THAT(Refusal(Changed(R"("left_children":[)", R"("left_children":[1,)")),
              HasSubstr("left_children is no list of"));
  EXPECT_THAT(Refusal(Changed(R"("split_indices":[)", R"("split_indices":[4)")),
              HasSubstr("tree 0 is broken"));
  EXPECT_THAT(Refusal(Changed(R"("split_type":[0,)", R"("split_type":[1,)")), HasSubstr("splits in a way"));
  EXPECT_THAT(Refusal(Changed(R"("id":1,)", R"("id":0,)")), HasSubstr("not numbered from 0 to 7"));
  EXPECT_THAT(Refusal(Changed(R"("tree_info":[0,)", R"("tree_info":[1,)")), HasSubstr("tree_info"));
  EXPECT_THAT(Refusal(Changed(R"("iteration_indptr":[0,1,)", R"("iteration_indptr":[0,9,)")),
              HasSubstr("iteration_indptr"));
  EXPECT_THAT(Refusal(Changed(R"("attributes":{})", R"("attributes":{"best_iteration":"-1"})")),
              HasSubstr("its best_iteration is no whole number"));
  EXPECT_THAT(Refusal(Changed(R"("num_trees":"8")", R"("num_trees":"9")")), HasSubstr("not what it says"));
  EXPECT_THAT(Refusal(ReadFile(kJson) + "x"), HasSubstr("nothing may follow"));
  EXPECT_THAT(Refusal(Changed(R"("num_class":"0")", R"("num_class":"99999999999")")), HasSubstr("num_class"));
  EXPECT_THAT(Refusal(Changed(R"("name":"gbtree")", R"("name":"gblinear")")),
              HasSubstr("'gblinear' is not supported"));
  EXPECT_THAT(Refusal(Changed(R"("size_leaf_vector":"1")", R"("size_leaf_vector":"3")")),
              HasSubstr("several values"));
  EXPECT_THAT(Refusal(Changed(R"("base_score":"[)", R"("base_score":"[1E0,2E0,)")), HasSubstr("base_score"));
  EXPECT_THAT(Refusal(Changed("binary:logistic", "binary:nothing")), HasSubstr("binary:nothing"));
  EXPECT_THAT(Refusal(Changed(R"("name":"binary:logistic")", R"("name":"a","name":"binary:logistic")")),
              HasSubstr("given twice"));
  EXPECT_TRUE(Load(ReadFile(kJson)).ok());
}

TEST_F(ModelFileTest, DeepAndHugeStructuresAreRefusedWithinLittleMemory) {
  EXPECT_THAT(Refusal("{\"a\":" + std::string(1'000'000, '[')), HasSubstr("nested too deep"));
  EXPECT_THAT(Refusal("{U\x01"
                      "a" +
                      std::string(1'000'000, '[')),
              HasSubstr("nested too deep"));
  const std::string count("\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
  EXPECT_THAT(Refusal("{U\x01"
                      "a[$d#L" +
                      count),
              HasSubstr("larger than what follows"));
  EXPECT_THAT(Refusal("{U\x01"
                      "a[#L" +
                      count),
              HasSubstr("larger than what follows"));
  EXPECT_THAT(Refusal("{U\x01"
                      "a[$Z#L" +
                      count),
              HasSubstr("numbers only"));
  EXPECT_THAT(Refusal("{L" + count), HasSubstr("larger than what follows"));
  std::string many = "{\"a\":[null";
  for (int i = 0; i < 2'100'000; ++i) many += ",null";
  EXPECT_THAT(Refusal(many), HasSubstr("too many values"));
}

TEST_F(ModelFileTest, AFileThatIsCutAnywhereIsRefused) {
  for (const char* path : {kJson, kUbjson}) {
    const std::string whole = ReadFile(path);
    for (size_t size = 0; size < whole.size(); size += 97) {
      EXPECT_EQ(Load(whole.substr(0, size)).status().code(), absl::StatusCode::kInvalidArgument)
          << path << " " << size;
    }
  }
}

// Bytes changed at random: each file is refused, or a model that can be asked. The address sanitizer watches.
TEST_F(ModelFileTest, AFileWithWrongBytesIsRefusedOrRuns) {
  std::mt19937 random(1);
  size_t refused = 0;
  size_t ran = 0;
  for (const char* path : {kJson, kUbjson, kClasses, kDart, kCategories}) {
    const std::string whole = ReadFile(path);
    for (int i = 0; i < 300; ++i) {
      std::string broken = whole;
      for (int change = 0; change <= i % 3; ++change) {
        broken[random() % broken.size()] =
            static_cast<char>(i % 2 == 0 ? random() % 256 : '0' + random() % 10);
      }
      const auto model = Load(broken);
      if (!model.ok()) {
        EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument) << model.status();
        ++refused;
        continue;
      }
      const int64_t features = (*model)->inputs()[0].shape[1];
      const std::vector<float> row(static_cast<size_t>(features), 0.5f);
      const std::vector<inference::Tensor> inputs = {
          inference::MakeTensor<float>(DataType::kFp32, {1, features}, row)};
      (void)(*model)->NewInstance().value()->Run(inputs);
      ++ran;
    }
  }
  EXPECT_GT(refused, 100u);
  EXPECT_GT(ran, 100u);
}

TEST(ModelValueTest, BothFormatsGiveTheSameValues) {
  const auto json =
      ReadJson(R"({"a": [1, -2.5, true], "b": {"c": "x\"y"}, "d": [], "e": ["p", "q"], "f": NaN})");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_THAT(json->Find("a")->numbers, testing::ElementsAre(1, -2.5, 1));
  EXPECT_EQ(json->Find("b")->Find("c")->text, "x\"y");
  EXPECT_EQ(json->Find("d")->ListSize(), 0u);
  EXPECT_EQ(json->Find("e")->items[1].text, "q");
  EXPECT_TRUE(std::isnan(json->Find("f")->number));
  EXPECT_EQ(json->Find("g"), nullptr);
  const std::string bytes(
      "{U\x01"
      "a[$I#U\x02\x01\x00\xff\xfeU\x01"
      "bSU\x02xyi\x01"
      "c[U\x07i\xff]}",
      32);
  const auto ubjson = ReadUbjson(bytes);
  ASSERT_TRUE(ubjson.ok()) << ubjson.status();
  EXPECT_THAT(ubjson->Find("a")->numbers, testing::ElementsAre(256, -2));
  EXPECT_EQ(ubjson->Find("b")->text, "xy");
  EXPECT_THAT(ubjson->Find("c")->numbers, testing::ElementsAre(7, -1));
}

}  // namespace
}  // namespace starling::inference_xgboost
