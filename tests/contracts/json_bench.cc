// JSON of the sentiment contract, beside protobuf's own on the same documents. bytes_per_second is of JSON.
#include <benchmark/benchmark.h>
#include <google/protobuf/util/json_util.h>

#include <string>

#include "starling/sentiment/v1/sentiment.starling.h"

namespace starling::sentiment::v1 {
namespace {

namespace util = google::protobuf::util;

constexpr char kText[] =
    "I had a terrible experience with their customer service. \"Never again\", said my café neighbour.";

AnalyzeSentimentRequest MakeRequest(int64_t texts) {
  AnalyzeSentimentRequest request;
  for (int64_t i = 0; i < texts; ++i) request.add_texts(kText);
  return request;
}

AnalyzeSentimentResponse MakeResponse(int64_t texts) {
  AnalyzeSentimentResponse response;
  for (int64_t i = 0; i < texts; ++i) {
    auto& result = *response.add_results();
    result.set_text(kText);
    result.set_sentiment("negative");
    result.set_confidence(0.9473684210526315);
  }
  return response;
}

template <typename Message>
std::string JsonOf(const rpc::MessageType& type, const Message& message) {
  std::string json;
  type.to_json(message, &json);
  return json;
}

void Count(benchmark::State& state, size_t bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(bytes));
}

void BM_Decode(benchmark::State& state) {
  const std::string json = JsonOf(AnalyzeSentimentRequestType(), MakeRequest(state.range(0)));
  for (auto _ : state) {
    AnalyzeSentimentRequest request;
    const auto status = AnalyzeSentimentRequestType().from_json(json, {}, &request);
    benchmark::DoNotOptimize(status.ok());
  }
  Count(state, json.size());
}

void BM_DecodeByProtobuf(benchmark::State& state) {
  const std::string json = JsonOf(AnalyzeSentimentRequestType(), MakeRequest(state.range(0)));
  util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  for (auto _ : state) {
    AnalyzeSentimentRequest request;
    const auto status = util::JsonStringToMessage(json, &request, options);
    benchmark::DoNotOptimize(status.ok());
  }
  Count(state, json.size());
}

void BM_Validate(benchmark::State& state) {
  const auto request = MakeRequest(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(AnalyzeSentimentRequestType().validate(request).ok());
}

void BM_Encode(benchmark::State& state) {
  const auto response = MakeResponse(state.range(0));
  size_t bytes = 0;
  for (auto _ : state) {
    std::string json;
    AnalyzeSentimentResponseType().to_json(response, &json);
    bytes = json.size();
  }
  Count(state, bytes);
}

void BM_EncodeByProtobuf(benchmark::State& state) {
  const auto response = MakeResponse(state.range(0));
  util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  size_t bytes = 0;
  for (auto _ : state) {
    std::string json;
    const auto status = util::MessageToJsonString(response, &json, options);
    benchmark::DoNotOptimize(status.ok());
    bytes = json.size();
  }
  Count(state, bytes);
}

BENCHMARK(BM_Decode)->Arg(1)->Arg(100);
BENCHMARK(BM_DecodeByProtobuf)->Arg(1)->Arg(100);
BENCHMARK(BM_Validate)->Arg(1)->Arg(100);
BENCHMARK(BM_Encode)->Arg(1)->Arg(100);
BENCHMARK(BM_EncodeByProtobuf)->Arg(1)->Arg(100);

}  // namespace
}  // namespace starling::sentiment::v1

BENCHMARK_MAIN();
