// bench_keyword: Starling as it is, with one service, POST /analyze-sentiment, whose answers come from a rule of a few
// nanoseconds. Everything that costs is the machinery.
#include "app/main.h"

#include <memory>
#include <utility>
#include <vector>

#include "keyword/rule.h"
#include "starling/sentiment/v1/sentiment.starling.h"

namespace starling::bench {
namespace {

class KeywordSentiment final : public sentiment::v1::SentimentService {
 public:
  async::Task<absl::StatusOr<sentiment::v1::AnalyzeSentimentResponse>> AnalyzeSentiment(
      RequestContext, const sentiment::v1::AnalyzeSentimentRequest& request) override {
    sentiment::v1::AnalyzeSentimentResponse response;
    for (const std::string& text : request.texts()) {
      const Verdict verdict = Judge(text);
      sentiment::v1::SentimentResult& result = *response.add_results();
      result.set_text(text);
      result.set_sentiment(verdict.sentiment.data(), verdict.sentiment.size());
      result.set_confidence(verdict.confidence);
    }
    co_return response;
  }
};

class Service final : public run::Service {
 public:
  std::vector<run::Served> Serve() override {
    return {{&sentiment::v1::SentimentServiceContract(), &dispatcher_}};
  }

 private:
  KeywordSentiment sentiment_;
  sentiment::v1::SentimentServiceDispatcher dispatcher_{sentiment_};
};

run::ServiceDefinition Definition() {
  run::ServiceDefinition definition;
  definition.name = "sentiment";
  definition.summary = "Says of texts whether they are positive, negative or neutral, by counting words.";
  definition.contracts = {&sentiment::v1::SentimentServiceContract()};
  definition.create = [](const run::Environment&) -> absl::StatusOr<std::unique_ptr<run::Service>> {
    return std::make_unique<Service>();
  };
  return definition;
}

}  // namespace
}  // namespace starling::bench

int main(int argc, char** argv) {
  std::vector<starling::run::ServiceDefinition> services;
  services.push_back(starling::bench::Definition());
  return starling::app::Main(argc, argv, std::move(services));
}
