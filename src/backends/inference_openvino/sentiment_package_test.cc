// The shipped sentiment package through tokenizer, batcher and OpenVINO.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/inference_openvino/openvino_runtime.h"
#include "core/async/spawn.h"
#include "core/inference/text/bert_tokenizer.h"
#include "core/inference/text_classifier.h"

namespace starling::inference_openvino {
namespace {

using inference::TextClass;
using inference::TextClassifier;

class SentimentPackageTest : public testing::Test {
 protected:
  SentimentPackageTest() { runtimes_.Add("openvino", MakeRuntime); }
  void SetUp() override { Load({}); }
  void Load(const std::map<std::string, std::string>& runtime_options) {
    auto package = inference::ReadModelPackage("models/sentiment");
    ASSERT_TRUE(package.ok()) << package.status();
    package->runtime_options = runtime_options;
    const auto& text = package->pre_processing;
    auto loaded = inference::BertTokenizer::Load(text.vocabulary, text.lowercase);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    const auto tokenizer = std::make_shared<inference::BertTokenizer>(*std::move(loaded));
    const auto tokenize = [tokenizer, size = text.max_length](std::string_view input) {
      return tokenizer->EncodeWindows(input, size);
    };
    auto classifier = TextClassifier::Load(*package, tokenize, runtimes_, {});
    ASSERT_TRUE(classifier.ok()) << classifier.status();
    classifier_ = *std::move(classifier);
  }
  std::vector<TextClass> Classify(const std::vector<std::string_view>& texts) {
    auto classes = async::BlockOn(classifier_->Classify(RequestContext(), texts));
    EXPECT_TRUE(classes.ok()) << classes.status();
    return classes.ok() ? *std::move(classes) : std::vector<TextClass>(texts.size());
  }

  inference::RuntimeRegistry runtimes_;
  std::unique_ptr<TextClassifier> classifier_;
};

TEST_F(SentimentPackageTest, LabelsTheThreeTexts) {
  const auto classes = Classify({"This product is absolutely amazing! Highly recommend.",
                                 "I had a terrible experience with their customer service.",
                                 "The weather today is neither good nor bad."});
  const auto label = [&](size_t i) { return classifier_->labels()[classes[i].label]; };
  EXPECT_EQ(label(0), "positive");
  EXPECT_EQ(label(1), "negative");
  EXPECT_EQ(label(2), "neutral");
}

TEST_F(SentimentPackageTest, AnswersTheSameWhereActivationsStayFloats) {
  const std::vector<std::string_view> texts = {"What a lovely day!", "The box is empty.",
                                               "It broke at once."};
  const auto quantized = Classify(texts);
  Load({{"dynamic_quantization", "off"}});
  const auto exact = Classify(texts);
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(exact[i].label, quantized[i].label);
    EXPECT_THAT(exact[i].probabilities,
                testing::Pointwise(testing::FloatNear(0.1f), quantized[i].probabilities));
  }
}

TEST_F(SentimentPackageTest, ATextsAnswerDoesNotDependOnItsCompany) {
  std::vector<std::string> owned;
  for (int i = 0; i < 40; ++i) {
    std::string text = i % 2 == 0 ? "good" : "bad and sad";
    for (int j = 0; j < i; ++j) text += j % 3 == 0 ? " news" : " day";
    owned.push_back(std::move(text));
  }
  owned.emplace_back();
  owned.emplace_back(5000, 'x');
  const std::vector<std::string_view> texts(owned.begin(), owned.end());
  const auto together = Classify(texts);
  for (size_t i = 0; i < texts.size(); i += 5) {
    const auto alone = Classify({texts[i]});
    EXPECT_EQ(alone[0].label, together[i].label);
    // In another shape sums are made in another order, and one that is then rounded to a byte may round the other way.
    EXPECT_THAT(alone[0].probabilities,
                testing::Pointwise(testing::FloatNear(1e-3f), together[i].probabilities));
  }
}

}  // namespace
}  // namespace starling::inference_openvino
