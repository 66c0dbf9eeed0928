#include "backends/inference_xgboost/xgboost_runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

#include "base/status.h"

namespace starling::inference_xgboost {
namespace {

using inference::DataType;
using inference::MakeTensor;
using inference::ModelFile;
using inference::Shape;
using inference::Tensor;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

// What tools/xgboost_testdata wrote: models, rows and what the Python package makes of them.
constexpr char kFolder[] = "src/backends/inference_xgboost/testdata/";
constexpr int64_t kFeatures = 4;

inference::Runtime& Shared() {
  static const std::unique_ptr<inference::Runtime> runtime = MakeRuntime().value();
  return *runtime;
}

std::vector<float> Numbers(std::istream& text) {
  std::vector<float> numbers;
  for (std::string word; text >> word;) numbers.push_back(std::stof(word));
  return numbers;
}

std::vector<float> Rows() {
  std::ifstream file(StrCat(kFolder, "rows.txt"));
  return Numbers(file);
}

Tensor RowsTensor(std::span<const float> rows) {
  return MakeTensor<float>(DataType::kFp32, {static_cast<int64_t>(rows.size()) / kFeatures, kFeatures}, rows);
}

std::map<std::string, std::vector<float>> Expected(const std::string& model) {
  std::ifstream file(StrCat(kFolder, model, ".expected.txt"));
  std::map<std::string, std::vector<float>> expected;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    expected[name] = Numbers(words);
  }
  return expected;
}

std::vector<float> Floats(const Tensor& tensor) {
  if (tensor.datatype == DataType::kFp32) {
    const auto values = tensor.Values<float>();
    return {values.begin(), values.end()};
  }
  const auto values = tensor.Values<int32_t>();
  return {values.begin(), values.end()};
}

struct Loaded {
  std::unique_ptr<inference::LoadedModel> model;
  std::unique_ptr<inference::Instance> instance;

  // The output `name`, of a model that was loaded with all.
  Tensor Ask(const std::string& name, std::span<const float> rows) {
    const std::vector<Tensor> inputs = {RowsTensor(rows)};
    const auto outputs = instance->Run(inputs);
    EXPECT_TRUE(outputs.ok()) << outputs.status();
    for (size_t i = 0; outputs.ok() && i < model->outputs().size(); ++i) {
      if (model->outputs()[i].name == name) return (*outputs)[i];
    }
    ADD_FAILURE() << "no output " << name;
    return {};
  }
};

Loaded Load(const std::string& file, std::map<std::string, std::string> options = {},
            std::vector<std::string> outputs = {}) {
  Loaded loaded;
  auto model = Shared().Load({StrCat(kFolder, file), 1, 1, std::move(options), std::move(outputs)});
  EXPECT_TRUE(model.ok()) << model.status();
  loaded.model = std::move(model).value();
  loaded.instance = loaded.model->NewInstance().value();
  return loaded;
}

struct Case {
  std::string file;
  std::string expected;
  std::map<std::string, std::string> options = {};
};

class XgboostModelTest : public testing::TestWithParam<Case> {};

TEST_P(XgboostModelTest, AnswersAsThePythonPackage) {
  Loaded loaded = Load(GetParam().file, GetParam().options);
  const std::vector<float> rows = Rows();
  const auto expected = Expected(GetParam().expected);
  ASSERT_FALSE(expected.empty());
  ASSERT_EQ(loaded.model->outputs().size(), expected.size());
  for (const auto& [name, numbers] : expected) {
    EXPECT_THAT(Floats(loaded.Ask(name, rows)), Pointwise(FloatNear(1e-5f), numbers)) << name;
  }
}

TEST_P(XgboostModelTest, ARowsAnswerDoesNotDependOnItsCompany) {
  Loaded loaded = Load(GetParam().file, GetParam().options);
  const std::vector<float> rows = Rows();
  for (const auto& output : loaded.model->outputs()) {
    const std::vector<float> together = Floats(loaded.Ask(output.name, rows));
    std::vector<float> apart;
    for (size_t at = 0; at < rows.size(); at += kFeatures) {
      const auto alone = Floats(loaded.Ask(output.name, std::span(rows).subspan(at, kFeatures)));
      apart.insert(apart.end(), alone.begin(), alone.end());
    }
    EXPECT_EQ(apart, together) << output.name;
  }
}

TEST_P(XgboostModelTest, ContributionsAddUpToTheMargins) {
  Loaded loaded = Load(GetParam().file, GetParam().options);
  const std::vector<float> rows = Rows();
  const std::vector<float> margins = Floats(loaded.Ask("margins", rows));
  const std::vector<float> contributions = Floats(loaded.Ask("contributions", rows));
  ASSERT_EQ(contributions.size(), margins.size() * (kFeatures + 1));
  for (size_t i = 0; i < margins.size(); ++i) {
    float sum = 0;
    for (size_t j = 0; j <= kFeatures; ++j) sum += contributions[i * (kFeatures + 1) + j];
    EXPECT_NEAR(sum, margins[i], 1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, XgboostModelTest,
                         testing::Values(Case{"binary.json", "binary"}, Case{"binary.ubj", "binary"},
                                         Case{"classes.ubj", "classes"}, Case{"softmax.ubj", "softmax"},
                                         Case{"regression.ubj", "regression"}, Case{"dart.ubj", "dart"},
                                         Case{"categories.ubj", "categories"},
                                         // Training of these went on past the best round: which trees answer?
                                         Case{"stopped.ubj", "stopped"},
                                         Case{"stopped.ubj", "stopped-best", {{"rounds", "best"}}},
                                         Case{"stopped.ubj", "stopped-2", {{"rounds", "2"}}},
                                         Case{"estimator.json", "estimator"},
                                         Case{"estimator.ubj", "estimator"},
                                         Case{"estimator.ubj", "estimator", {{"rounds", "best"}}},
                                         Case{"estimator.ubj", "estimator-all", {{"rounds", "all"}}}),
                         [](const auto& info) {
                           std::string name = info.param.file;
                           name[name.find('.')] = '_';
                           for (const auto& [option, value] : info.param.options)
                             name += "_" + option + "_" + value;
                           return name;
                         });

// The cases above would prove nothing if training had ended with the best round.
TEST(XgboostRuntimeTest, TheBestRoundIsNotTheLast) {
  EXPECT_LT(Expected("stopped-best")["leaves"].size(), Expected("stopped")["leaves"].size());
  EXPECT_LT(Expected("estimator")["leaves"].size(), Expected("estimator-all")["leaves"].size());
}

TEST(XgboostRuntimeTest, RoundsThatAreNotThereAreRefused) {
  const auto refusal = [](const std::string& file, const std::string& rounds) {
    const absl::Status status = Shared().Load({StrCat(kFolder, file), 1, 1, {{"rounds", rounds}}}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(Message(status));
  };
  EXPECT_THAT(refusal("binary.ubj", "best"), HasSubstr("it names no best round"));
  EXPECT_THAT(refusal("binary.ubj", "9"), HasSubstr("it has 8 rounds of trees, and 9 are to answer"));
  EXPECT_THAT(refusal("binary.ubj", "0"), HasSubstr("rounds is '0'"));
  EXPECT_THAT(refusal("binary.ubj", "first"), HasSubstr("auto, best, all or a number"));
}

TEST(XgboostRuntimeTest, SaysWhatTheModelTakesAndGives) {
  const Loaded loaded = Load("classes.ubj");
  ASSERT_EQ(loaded.model->inputs().size(), 1u);
  EXPECT_EQ(loaded.model->inputs()[0].name, "features");
  EXPECT_EQ(loaded.model->inputs()[0].shape, Shape({-1, kFeatures}));
  std::map<std::string, Shape> shapes;
  for (const auto& output : loaded.model->outputs()) shapes[output.name] = output.shape;
  EXPECT_EQ(shapes["probabilities"], Shape({-1, 3}));
  EXPECT_EQ(shapes["leaves"], Shape({-1, 12}));
  EXPECT_EQ(shapes["contributions"], Shape({-1, 3, kFeatures + 1}));
}

TEST(XgboostRuntimeTest, GivesTheOutputsThatAreWantedInTheirOrder) {
  const Loaded loaded = Load("binary.ubj", {}, {"margins", "nothing", "probabilities"});
  ASSERT_EQ(loaded.model->outputs().size(), 2u);
  EXPECT_EQ(loaded.model->outputs()[0].name, "margins");
  const std::vector<Tensor> inputs = {RowsTensor(Rows())};
  const auto outputs = loaded.instance->Run(inputs);
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  ASSERT_EQ(outputs->size(), 2u);
  EXPECT_THAT(Floats((*outputs)[0]), Pointwise(FloatNear(1e-5f), Expected("binary")["margins"]));
}

TEST(XgboostRuntimeTest, AnotherNumberMayStandForMissing) {
  std::vector<float> rows = Rows();
  const std::vector<float> expected = Expected("binary")["margins"];
  for (float& value : rows) {
    if (std::isnan(value)) value = -999;
  }
  EXPECT_THAT(Floats(Load("binary.ubj", {{"missing", "-999"}}).Ask("margins", rows)),
              Pointwise(FloatNear(1e-5f), expected));
  EXPECT_THAT(Floats(Load("binary.ubj", {{"missing", "-999"}}).Ask("contributions", rows)),
              Pointwise(FloatNear(1e-5f), Expected("binary")["contributions"]));
  EXPECT_THAT(Floats(Load("binary.ubj").Ask("margins", rows)),
              testing::Not(Pointwise(FloatNear(1e-5f), expected)));
}

TEST(XgboostRuntimeTest, AnInfiniteNumberIsLargerThanAllAndSpoilsNoOtherRow) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> rows = {infinity, 0, -infinity, 1, 0, 0, 0, 0};
  const std::vector<float> large = {1e30f, 0, -1e30f, 1, 0, 0, 0, 0};
  Loaded loaded = Load("binary.ubj");
  for (const auto& output : loaded.model->outputs()) {
    EXPECT_EQ(Floats(loaded.Ask(output.name, rows)), Floats(loaded.Ask(output.name, large))) << output.name;
  }
}

TEST(XgboostRuntimeTest, NoRowsAreNoAnswers) {
  Loaded loaded = Load("binary.ubj");
  EXPECT_EQ(loaded.Ask("contributions", {}).shape, Shape({0, kFeatures + 1}));
}

TEST(XgboostRuntimeTest, RowsOfAnotherWidthAreAnErrorAndLeaveTheInstanceUsable) {
  Loaded loaded = Load("binary.ubj");
  const std::vector<Tensor> narrow = {
      MakeTensor<float>(DataType::kFp32, {1, 3}, std::vector<float>{1, 2, 3})};
  EXPECT_EQ(loaded.instance->Run(narrow).status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(Floats(loaded.Ask("margins", Rows())),
              Pointwise(FloatNear(1e-5f), Expected("binary")["margins"]));
}

TEST(XgboostRuntimeTest, InstancesOfOneModelRunAtTheSameTime) {
  const auto model = Shared().Load({StrCat(kFolder, "binary.ubj"), 4, 1});
  ASSERT_TRUE(model.ok()) << model.status();
  const std::vector<float> rows = Rows();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto instance = (*model)->NewInstance().value();
      const std::vector<Tensor> inputs = {RowsTensor(rows)};
      const auto first = instance->Run(inputs);
      for (int run = 0; run < 200; ++run) {
        const auto outputs = instance->Run(inputs);
        ASSERT_TRUE(outputs.ok()) << outputs.status();
        for (size_t j = 0; j < outputs->size(); ++j)
          EXPECT_EQ((*outputs)[j].data.view(), (*first)[j].data.view());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(XgboostRuntimeTest, AnUnknownOptionIsAnError) {
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"missing", "none"}, {"missin", "NaN"}, {"max_file_mb", "0"}, {"max_file_mb", "lots"}}) {
    const absl::Status status =
        Shared().Load({StrCat(kFolder, "binary.ubj"), 1, 1, {{name, value}}}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(Message(status)), HasSubstr(name));
  }
}

}  // namespace
}  // namespace starling::inference_xgboost
