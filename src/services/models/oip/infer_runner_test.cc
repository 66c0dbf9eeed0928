#include "services/models/oip/infer_runner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <latch>
#include <sstream>
#include <thread>

#include "base/status.h"
#include "core/async/spawn.h"
#include "services/models/models_test.h"

namespace starling::models::oip {
namespace {

using inference::DataType;
using inference::MakeTensor;
using testing::ElementsAre;
using testing::HasSubstr;

// A list of `values`, 1 x so many.
InferInput Input(const std::string& name, const std::vector<int64_t>& values) {
  const auto tensor = MakeTensor<int64_t>(DataType::kInt64, {1, static_cast<int64_t>(values.size())}, values);
  return {name, tensor.datatype, tensor.shape, {}, tensor.data};
}

// The model says how many ones are in the mask: [1 - n/10, n/10].
InferRequest Request(const std::string& model = "raw") {
  InferRequest request;
  request.model_name = model;
  request.inputs = {Input("input_ids", {7, 8, 9}), Input("attention_mask", {1, 1, 0})};
  return request;
}

std::vector<float> Floats(const inference::Tensor& tensor) {
  const auto values = tensor.Values<float>();
  return {values.begin(), values.end()};
}

class InferRunnerTest : public ModelsTest {
 protected:
  void Serve(const std::vector<std::string>& packages) {
    auto opened = Open(packages);
    ASSERT_TRUE(opened.ok()) << opened.status();
    repository_ = *std::move(opened);
    Settle(*repository_);
    traffic_ = std::make_unique<TrafficRouter>(*repository_, metrics_, ShadowOptions{});
    runner_ = std::make_unique<InferRunner>(*repository_, *traffic_, memory_, 3);
  }
  absl::StatusOr<InferResponse> Infer(const InferRequest& request) {
    return async::BlockOn(runner_->Infer(RequestContext(), request));
  }
  std::string Refusal(const InferRequest& request,
                      absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
    const absl::Status status = Infer(request).status();
    EXPECT_EQ(status.code(), code) << status;
    return std::string(Message(status));
  }
  // A package of one instance, with more lines.
  std::string Package(const std::string& name, const std::string& more) {
    const std::string folder = TensorPackage(name, "1");
    std::ofstream(std::filesystem::path(folder) / "model.yaml", std::ios::app) << "instances: 1\n" << more;
    return folder;
  }
  // Answers on a thread of its own.
  std::future<absl::StatusOr<InferResponse>> Begin(const InferRequest& request) {
    return std::async(std::launch::async, [this, request] { return Infer(request); });
  }

  SharedMemory memory_{"starling-test"};
  std::unique_ptr<ModelRepository> repository_;
  std::unique_ptr<TrafficRouter> traffic_;
  std::unique_ptr<InferRunner> runner_;
};

TEST_F(InferRunnerTest, GivesTensorsTheModelsOrderAndNamesWhatComesOut) {
  Serve({TensorPackage("raw", "1"), TensorPackage("raw", "2")});
  InferRequest request = Request();
  request.id = "seven";
  const auto latest = Infer(request);
  ASSERT_TRUE(latest.ok()) << latest.status();
  EXPECT_EQ(latest->id, "seven");
  EXPECT_EQ(latest->model_name, "raw");
  EXPECT_EQ(latest->model_version, "2");
  ASSERT_EQ(latest->outputs.size(), 1u);
  EXPECT_EQ(latest->outputs[0].name, "probabilities");
  EXPECT_THAT(Floats(latest->outputs[0].tensor), ElementsAre(0.8f, 0.2f));
  request.model_version = "1";
  EXPECT_EQ(Infer(request)->model_version, "1");
  request.model_version = "";
  request.model_name = "raw@1";
  EXPECT_EQ(Infer(request)->model_version, "1");
  request.outputs = {{"probabilities", {}}, {"probabilities", {}}};
  EXPECT_EQ(Infer(request)->outputs.size(), 2u);
}

TEST_F(InferRunnerTest, ATextClassifierTakesTextsAndAnswersLabels) {
  const std::vector<std::string_view> texts = {"ab", "eight let"};
  Serve({ModelsTest::Package("text", "1")});
  InferRequest request;
  request.model_name = "text";
  for (const inference::Shape& shape : {inference::Shape{2}, inference::Shape{2, 1}}) {
    const auto tensor = inference::MakeBytesTensor(shape, texts);
    request.inputs = {{"text", tensor.datatype, tensor.shape, {}, tensor.data}};
    const auto answer = Infer(request);
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_EQ(answer->outputs.size(), 2u);
    EXPECT_EQ(answer->outputs[0].name, "label");
    EXPECT_EQ(answer->outputs[0].tensor.shape, shape);
    EXPECT_THAT(*inference::ReadByteStrings(answer->outputs[0].tensor), ElementsAre("short", "long"));
    EXPECT_EQ(answer->outputs[1].name, "probabilities");
    EXPECT_EQ(answer->outputs[1].tensor.shape, (inference::Shape{2, 2}));
  }
  request.outputs = {{"label", {}}};
  EXPECT_EQ(Infer(request)->outputs.size(), 1u);
  // Who has token ids may still give them.
  request = Request("text");
  ASSERT_EQ(Infer(request)->outputs.size(), 1u);
  EXPECT_EQ(Infer(request)->outputs[0].name, "probabilities");
}

TEST_F(InferRunnerTest, SaysWhatIsWrongWithTexts) {
  Serve({ModelsTest::Package("text", "1")});
  const auto refusal = [this](const inference::Tensor& tensor) {
    InferRequest request;
    request.model_name = "text";
    request.inputs = {{"text", tensor.datatype, tensor.shape, {}, tensor.data}};
    return Refusal(request);
  };
  using Texts = std::vector<std::string_view>;
  EXPECT_EQ(refusal(MakeTensor<int64_t>(DataType::kInt64, {1}, std::vector<int64_t>{1})),
            "Input 'text' must be BYTES [n] or [n,1], one text or more.");
  EXPECT_EQ(refusal(inference::MakeBytesTensor({1, 2}, Texts{"a", "b"})),
            "Input 'text' must be BYTES [n] or [n,1], one text or more.");
  EXPECT_EQ(refusal(inference::MakeBytesTensor({0}, Texts{})),
            "Input 'text' must be BYTES [n] or [n,1], one text or more.");
  EXPECT_EQ(refusal(inference::MakeBytesTensor({4}, Texts{"a", "b", "c", "d"})),
            "Input 'text' must hold at most 3 texts.");
  EXPECT_EQ(refusal(inference::MakeBytesTensor({2}, Texts{"a", "\xff"})),
            "Input 'text': text 1 is not valid UTF-8.");
  InferRequest both = Request("text");
  const auto tensor = inference::MakeBytesTensor({1}, Texts{"a"});
  both.inputs.push_back({"text", tensor.datatype, tensor.shape, {}, tensor.data});
  EXPECT_EQ(Refusal(both), "A request has the input 'text' alone, or those that the model's file has.");
}

TEST_F(InferRunnerTest, SaysWhatIsWrongWithARequest) {
  Serve({TensorPackage("raw", "1")});
  EXPECT_THAT(Refusal({.model_name = "raw"}), HasSubstr("has no inputs"));
  InferRequest request = Request();
  request.inputs.pop_back();
  EXPECT_EQ(Refusal(request), "Input 'attention_mask' is missing.");
  request.inputs.push_back(Input("mask", {1, 1, 1}));
  EXPECT_EQ(Refusal(request), "Model 'raw' has no input 'mask'; it has 'attention_mask', 'input_ids'.");
  request = Request();
  request.outputs = {{"logits", {}}};
  EXPECT_EQ(Refusal(request), "Model 'raw' has no output 'logits'; it has 'probabilities'.");
  request = Request();
  request.inputs[0].datatype = DataType::kFp64;
  EXPECT_THAT(Refusal(request), HasSubstr("input_ids"));
  EXPECT_THAT(Refusal(Request("none"), absl::StatusCode::kNotFound), HasSubstr("none"));
}

TEST_F(InferRunnerTest, ChecksTheParametersThatItKnows) {
  Serve({TensorPackage("raw", "1")});
  const auto with = [](const char* name, Parameter value) {
    InferRequest request = Request();
    request.parameters.Set(name, std::move(value));
    return request;
  };
  EXPECT_THAT(Refusal(with("sequence_id", int64_t{3}), absl::StatusCode::kUnimplemented),
              HasSubstr("sequence_id"));
  EXPECT_THAT(Refusal(with("sequence_id", std::string("x")), absl::StatusCode::kUnimplemented),
              HasSubstr("sequence_id"));
  EXPECT_THAT(Refusal(with("priority", std::string("high"))), HasSubstr("priority"));
  EXPECT_THAT(Refusal(with("timeout", int64_t{-1})), HasSubstr("timeout"));
  for (const auto& fine :
       {with("sequence_id", int64_t{0}), with("sequence_id", std::string()), with("priority", int64_t{1}),
        with("timeout", uint64_t{1} << 63), with("unknown", true)}) {
    EXPECT_TRUE(Infer(fine).ok());
  }
}

TEST_F(InferRunnerTest, ClassesHaveTheModelsLabels) {
  Serve({ModelsTest::Package("length", "1")});
  InferRequest request = Request("length");
  Parameters top;
  top.Set("classification", int64_t{1});
  request.outputs = {{"probabilities", top}};
  const auto response = Infer(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->outputs[0].tensor.datatype, DataType::kBytes);
  EXPECT_THAT(std::string(response->outputs[0].tensor.data.view()), HasSubstr("0.8"));
  EXPECT_THAT(std::string(response->outputs[0].tensor.data.view()), HasSubstr(":short"));
  top.Set("shared_memory_region", std::string("out"));
  top.Set("shared_memory_byte_size", int64_t{8});
  request.outputs = {{"probabilities", top}};
  EXPECT_THAT(Refusal(request), HasSubstr("classes can't go to shared memory"));
}

TEST_F(InferRunnerTest, TensorsComeFromSharedMemoryAndGoThere) {
  Serve({TensorPackage("raw", "1")});
  const std::string key = StrCat("/starling-test-infer-", getpid());
  const int file = shm_open(key.c_str(), O_CREAT | O_RDWR, 0600);
  ASSERT_GE(file, 0);
  const std::vector<int64_t> mask = {1, 1, 1};
  ASSERT_EQ(ftruncate(file, 64), 0);
  ASSERT_EQ(pwrite(file, mask.data(), 24, 8), 24);
  ASSERT_TRUE(memory_.Register({"both", key, 0, 64}).ok());
  const auto place = [](uint64_t offset, uint64_t size) {
    Parameters parameters;
    parameters.Set("shared_memory_region", std::string("both"));
    parameters.Set("shared_memory_offset", static_cast<int64_t>(offset));
    parameters.Set("shared_memory_byte_size", static_cast<int64_t>(size));
    return parameters;
  };
  InferRequest request = Request();
  request.inputs[1].data = Bytes();
  request.inputs[1].parameters = place(8, 24);
  request.outputs = {{"probabilities", place(40, 16)}};
  const auto response = Infer(request);
  ASSERT_TRUE(response.ok()) << response.status();
  const InferOutput& output = response->outputs[0];
  EXPECT_TRUE(output.tensor.data.empty());
  EXPECT_EQ(output.tensor.shape, inference::Shape({1, 2}));
  EXPECT_EQ(*output.parameters.Count("shared_memory_byte_size"), 8u);
  EXPECT_EQ(*output.parameters.Count("shared_memory_offset"), 40u);
  std::vector<float> written(2);
  ASSERT_EQ(pread(file, written.data(), 8, 40), 8);
  EXPECT_THAT(written, ElementsAre(testing::FloatEq(0.7f), testing::FloatEq(0.3f)));

  request.outputs = {{"probabilities", place(40, 4)}};
  EXPECT_THAT(Refusal(request), HasSubstr("has 8 bytes; its place in shared memory has 4"));
  request.outputs.clear();
  request.inputs[1].parameters = place(8, 16);
  EXPECT_THAT(Refusal(request), HasSubstr("attention_mask"));
  request.inputs[1].parameters = place(48, 24);
  Refusal(request);
  Parameters half;
  half.Set("shared_memory_region", std::string("both"));
  request.inputs[1].parameters = half;
  EXPECT_THAT(Refusal(request), HasSubstr("must come together"));
  close(file);
  shm_unlink(key.c_str());
}

TEST_F(InferRunnerTest, ATimeOutIsOneOfWaitingWhereTheModelSaysSoElseADeadline) {
  std::latch go{1};
  std::atomic<int> begun_runs{0};
  fake_.run = [&](std::span<const inference::Tensor> inputs) {
    ++begun_runs;
    go.wait();
    return JudgeLength(inputs);
  };
  const std::string waits = Package("waits", "batching: {max_size: 1, allow_timeout_override: true}\n");
  const std::string ends = Package("ends", "batching: {max_size: 1}\n");
  Serve({waits, ends});
  InferRequest hurried = Request("waits");
  hurried.parameters.Set("timeout", int64_t{20'000});
  // It has begun, and may take as long as it likes.
  auto first = Begin(hurried);
  while (begun_runs == 0) std::this_thread::yield();
  auto second = Begin(hurried);
  const absl::Status waited = second.get().status();
  hurried.model_name = "ends";
  const absl::Status ended = Infer(hurried).status();
  go.count_down();
  EXPECT_EQ(waited.code(), absl::StatusCode::kUnavailable) << waited;
  EXPECT_TRUE(RetryAfter(waited).has_value());
  EXPECT_EQ(ended.code(), absl::StatusCode::kDeadlineExceeded) << ended;
  const auto begun = first.get();
  EXPECT_TRUE(begun.ok()) << begun.status();
}

TEST_F(InferRunnerTest, AFallbackAnswersUnderItsOwnName) {
  inference::FakeModel gone = fake_;
  gone.load_error = Unavailable("Its upstream is not there.");
  runtimes_.Add("gone", [gone]() -> absl::StatusOr<std::unique_ptr<inference::Runtime>> {
    return std::make_unique<inference::FakeRuntime>(gone);
  });
  const std::string spare = TensorPackage("spare", "1");
  const std::string first = Package("first", "fallback: {model: spare}\n");
  const auto file = std::filesystem::path(first) / "model.yaml";
  std::stringstream read;
  read << std::ifstream(file).rdbuf();
  std::string text = read.str();
  text.replace(text.find("runtime: fake"), 13, "runtime: gone");
  std::ofstream(file) << text;
  auto opened = Open({first, spare});
  ASSERT_TRUE(opened.ok()) << opened.status();
  repository_ = *std::move(opened);
  repository_->Start();
  traffic_ = std::make_unique<TrafficRouter>(*repository_, metrics_, ShadowOptions{});
  runner_ = std::make_unique<InferRunner>(*repository_, *traffic_, memory_, 3);
  while (!repository_->Find("spare", "").ok()) std::this_thread::yield();
  const auto response = Infer(Request("first"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->model_name, "spare");
}

}  // namespace
}  // namespace starling::models::oip
