#include "core/rpc/policy_endpoint.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

#include "base/status.h"
#include "core/async/completion.h"
#include "core/async/spawn.h"
#include "core/observe/logger.h"
#include "core/observe/prometheus.h"
#include "core/rpc/behind_setting.h"

namespace starling::rpc {
namespace {

using google::protobuf::StringValue;
using testing::AllOf;
using testing::HasSubstr;

absl::Status MustHaveAValue(const google::protobuf::MessageLite& message) {
  if (!static_cast<const StringValue&>(message).value().empty()) return absl::OkStatus();
  return ViolationError({"value", "string.min_len", "'value' must not be empty."});
}

const MessageType kType{
    "google.protobuf.StringValue",
    []() -> std::shared_ptr<google::protobuf::MessageLite> { return std::make_shared<StringValue>(); },
    nullptr, nullptr, MustHaveAValue};
const Method kMethods[] = {
    {"/s/Echo", "s", "Echo", CallShape::kUnary, true, Access::kPublic, "", &kType, &kType, {}},
    {"/s/Throw", "s", "Throw", CallShape::kUnary, true, Access::kPublic, "", &kType, &kType, {}},
    {"/s/Wait", "s", "Wait", CallShape::kUnary, true, Access::kPublic, "", &kType, &kType, {}},
    {"/s/Stream", "s", "Stream", CallShape::kBidi, true, Access::kPublic, "", &kType, &kType, {}},
};
const Contract kContract{"s", kMethods, "", ""};

class Inner final : public Endpoint {
 public:
  int calls = 0;
  absl::Status failure;
  async::Completion<bool> go_on;

  async::Task<absl::StatusOr<Payload>> Unary(RequestContext, const Method& method, Payload request) override {
    ++calls;
    if (method.name == "Throw") throw std::runtime_error("bug");
    if (!failure.ok()) co_return failure;
    if (method.name == "Wait") co_await go_on;
    co_return request;
  }
  async::Stream<Payload> Open(RequestContext, const Method&, async::Stream<Payload> requests) override {
    while (true) {
      auto request = co_await requests.Next();
      if (!request.ok()) co_return request.status();
      if (!request->has_value()) throw std::runtime_error("bug at the end");
      co_yield **std::move(request);
    }
  }
};

class PolicyEndpointTest : public testing::Test {
 protected:
  PolicyEndpointTest() : endpoint_(kContract, inner_, {"sample", "inline", 1}, registry_, tracer_) {}

  absl::Status Call(const Method& method, std::string_view value, RequestContext context = RequestContext()) {
    StringValue request;
    request.set_value(std::string(value));
    return async::BlockOn(endpoint_.Unary(context, method, Payload::Borrow(request))).status();
  }

  Inner inner_;
  observe::Registry registry_;
  observe::Tracer tracer_;
  PolicyEndpoint endpoint_;
};

TEST_F(PolicyEndpointTest, NoWorkStartsAfterTheDeadlineOrForBadInput) {
  EXPECT_EQ(Call(kMethods[0], "x", RequestContext().WithDeadline(std::chrono::steady_clock::now())).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Call(kMethods[0], "").message(), "'value' must not be empty.");
  const auto garbage = Payload::Encoded(Bytes::Static("\xff\xff"));
  EXPECT_EQ(async::BlockOn(endpoint_.Unary(RequestContext(), kMethods[0], garbage)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(inner_.calls, 0);
  EXPECT_TRUE(Call(kMethods[0], "x").ok());
}

// What is logged while it lives.
class Lines {
 public:
  Lines() : logger_({.fd = open("/dev/null", O_WRONLY | O_CLOEXEC)}), installed_(logger_) {}
  std::vector<std::string> Take() {
    EXPECT_TRUE(logger_.Flush(std::chrono::seconds(10)));
    std::vector<std::string> lines;
    for (const auto& line : logger_.Recent(1000)) lines.push_back(line->json);
    return lines;
  }

 private:
  observe::Logger logger_;
  const observe::ProcessLogger installed_;
};

TEST_F(PolicyEndpointTest, AnExceptionIsAnInternalErrorAndLoggedWithItsStack) {
  Lines lines;
  EXPECT_EQ(Call(kMethods[1], "x").code(), absl::StatusCode::kInternal);
  const auto logged = lines.Take();
  ASSERT_EQ(logged.size(), 1u);
  EXPECT_THAT(logged[0],
              HasSubstr(R"("where":"s/Throw","exception":"std::runtime_error","what":"bug","stack":")"));
}

TEST_F(PolicyEndpointTest, ABugIsLoggedOnceHoweverManyServicesPassItOn) {
  StringValue request;
  request.set_value("x");
  const auto through_both = [&](const absl::Status& failure) {
    inner_.failure = failure;
    PolicyEndpoint nearer(kContract, inner_, {.service = "nearer", .placement = "inline"}, registry_,
                          tracer_);
    PolicyEndpoint outer(kContract, nearer, {.service = "outer", .placement = "inline"}, registry_, tracer_);
    return async::BlockOn(outer.Unary(RequestContext(), kMethods[0], Payload::Borrow(request))).status();
  };
  for (const absl::Status& bug : {Internal("no row"), absl::UnknownError("no row"), DataLoss("no row")}) {
    Lines lines;
    EXPECT_EQ(through_both(bug).code(), bug.code());
    const auto logged = lines.Take();
    ASSERT_EQ(logged.size(), 1u);
    EXPECT_THAT(logged[0], AllOf(HasSubstr(R"("level":"error")"), HasSubstr(R"("where":"s/Echo")"),
                                 HasSubstr(R"("what":"no row")")));
  }
  Lines lines;
  for (const absl::Status& told : {InvalidArgument("x"), NotFound("x"), Unavailable("x"), Cancelled("x")}) {
    EXPECT_EQ(through_both(told), told);
  }
  EXPECT_TRUE(lines.Take().empty());
}

TEST_F(PolicyEndpointTest, AFloodOfBugsIsAHundredLinesASecond) {
  Lines lines;
  inner_.failure = Internal("no row");
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 500; ++i) EXPECT_FALSE(Call(kMethods[0], "x").ok());
  const auto took = std::chrono::steady_clock::now() - began;
  const size_t logged = lines.Take().size();
  EXPECT_GE(logged, 1u);
  EXPECT_LE(logged, static_cast<size_t>(1 + took / std::chrono::milliseconds(10)));
}

async::Task<void> CallInto(Endpoint* endpoint, const Method* method, absl::Status* status) {
  StringValue request;
  request.set_value("x");
  *status = (co_await endpoint->Unary(RequestContext(), *method, Payload::Borrow(request))).status();
}

async::Task<absl::Status> SecondOfTwo(Endpoint* endpoint, Inner* inner) {
  absl::Status first, second;
  async::TaskGroup group;
  group.Start(CallInto(endpoint, &kMethods[2], &first));
  co_await CallInto(endpoint, &kMethods[0], &second);
  inner->go_on.completer().Set(true);
  co_await group.Join();
  EXPECT_TRUE(first.ok());
  co_return second;
}

TEST_F(PolicyEndpointTest, TooManyCallsAreRefusedWithATimeToComeBack) {
  const absl::Status status = async::BlockOn(SecondOfTwo(&endpoint_, &inner_));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(RetryAfter(status).has_value());
  EXPECT_TRUE(Call(kMethods[0], "x").ok());
}

async::Stream<Payload> Texts(std::vector<std::string> values) {
  for (const std::string& value : values) {
    auto message = std::make_shared<StringValue>();
    message->set_value(value);
    co_yield Payload::Own(std::move(message));
  }
  co_return absl::OkStatus();
}

async::Task<int> Count(async::Stream<Payload> stream, absl::Status* end) {
  int count = 0;
  while (true) {
    auto item = co_await stream.Next();
    *end = item.status();
    if (!item.ok() || !item->has_value()) co_return count;
    ++count;
  }
}

TEST_F(PolicyEndpointTest, EveryMessageOfAStreamIsChecked) {
  absl::Status end;
  EXPECT_EQ(async::BlockOn(Count(endpoint_.Open(RequestContext(), kMethods[3], Texts({"a", "b", ""})), &end)),
            2);
  EXPECT_EQ(end.message(), "'value' must not be empty.");
  EXPECT_EQ(async::BlockOn(Count(endpoint_.Open(RequestContext(), kMethods[3], Texts({"a"})), &end)), 1);
  EXPECT_EQ(end.code(), absl::StatusCode::kInternal);
}

TEST(BehindSettingTest, WhatTheCallerCannotMendIsNotHisFault) {
  const absl::Status missing = BehindSetting(NotFound("There is no model 'foo'."), "sentiment.model");
  EXPECT_EQ(missing.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Message(missing), "sentiment.model: There is no model 'foo'.");
  EXPECT_EQ(BehindSetting(FailedPrecondition("x"), "a.b").code(), absl::StatusCode::kInternal);
  const absl::Status later = WithRetryAfter(Unavailable("loading"), std::chrono::milliseconds(500));
  EXPECT_EQ(BehindSetting(later, "a.b"), later);
  EXPECT_TRUE(BehindSetting(absl::OkStatus(), "a.b").ok());
}

TEST_F(PolicyEndpointTest, CountsEveryOutcome) {
  (void)Call(kMethods[0], "x");
  (void)Call(kMethods[0], "");
  const std::string text = observe::Expose(registry_, observe::Exposition::kPrometheusText);
  EXPECT_NE(
      text.find("rpc_method=\"s/Echo\",rpc_response_status_code=\"OK\",starling_placement=\"inline\"} 1"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("rpc_method=\"s/Echo\",rpc_response_status_code=\"INVALID_ARGUMENT\""),
            std::string::npos);
}

}  // namespace
}  // namespace starling::rpc
