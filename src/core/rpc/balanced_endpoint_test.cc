#include "core/rpc/balanced_endpoint.h"

#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <thread>
#include <utility>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/rpc/checked_endpoint.h"
#include "core/rpc/convert.h"
#include "core/rpc/retry_marker.h"

namespace starling::rpc {
namespace {

using google::protobuf::StringValue;

constexpr Method kSafe{"/s/Safe",       "s", "Safe",  CallShape::kUnary, true,
                       Access::kPublic, "",  nullptr, nullptr,           {}};
constexpr Method kUnsafe{"/s/Do",         "s", "Do",    CallShape::kUnary, false,
                         Access::kPublic, "",  nullptr, nullptr,           {}};
constexpr Method kWatch{"/s/W",  "s",     "W", CallShape::kServerStream, true, Access::kPublic, "",
                        nullptr, nullptr, {}};

// Answers with a status that the test sets, and counts.
class FakeTarget final : public Endpoint {
 public:
  absl::Status status;
  int calls = 0;
  std::function<void()> meanwhile;  // what happens once, while a call is under way

  async::Task<absl::StatusOr<Payload>> Unary(RequestContext, const Method&, Payload request) override {
    ++calls;
    if (meanwhile != nullptr) std::exchange(meanwhile, nullptr)();
    if (!status.ok()) co_return status;
    co_return request;
  }
  async::Stream<Payload> Open(RequestContext, const Method&, async::Stream<Payload> requests) override {
    ++calls;
    auto request = co_await requests.Next();
    if (!status.ok()) co_return status;
    co_yield **request;
    co_yield **request;
    co_return DataLoss("torn after two");
  }
};

class BalancedEndpointTest : public testing::Test {
 protected:
  std::shared_ptr<FakeTarget> target(const std::string& address) {
    auto& target = targets_[address];
    if (target == nullptr) target = std::make_shared<FakeTarget>();
    return target;
  }
  std::unique_ptr<BalancedEndpoint> Make(std::vector<std::string> addresses) {
    auto endpoint = std::make_unique<BalancedEndpoint>("sentiment", BalancedOptions(),
                                                       [this](const std::string& a) { return target(a); });
    endpoint->SetAddresses(addresses);
    return endpoint;
  }
  absl::Status Call(BalancedEndpoint& endpoint, const Method& method) {
    StringValue request;
    return async::BlockOn(endpoint.Unary(RequestContext(), method, Payload::Borrow(request))).status();
  }
  std::map<std::string, std::shared_ptr<FakeTarget>> targets_;
};

TEST_F(BalancedEndpointTest, SpreadsCallsOverAllAddresses) {
  auto endpoint = Make({"a", "b", "c"});
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(Call(*endpoint, kSafe).ok());
  for (const auto& [address, target] : targets_) EXPECT_GT(target->calls, 50) << address;
}

TEST_F(BalancedEndpointTest, NewAddressesGetTheirShareAndThoseThatAreGoneNone) {
  auto endpoint = Make({"a", "b"});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Call(*endpoint, kSafe).ok());
  const int before = target("a")->calls;
  EXPECT_GT(before, 0);
  endpoint->SetAddresses({"b", "c"});
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Call(*endpoint, kSafe).ok());
  EXPECT_EQ(target("a")->calls, before);
  EXPECT_GT(target("c")->calls, 50);
}

TEST_F(BalancedEndpointTest, RepeatsSafeCallsOnAnotherAddress) {
  auto endpoint = Make({"a", "b"});
  target("a")->status = Unavailable("down");
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Call(*endpoint, kSafe).ok());
  // After five failures the breaker keeps calls away from "a".
  EXPECT_LE(target("a")->calls, 6);
}

TEST_F(BalancedEndpointTest, RepeatsUnsafeCallsOnlyIfTheyWereNotBegun) {
  auto endpoint = Make({"a"});
  target("a")->status = Unavailable("broke off");
  EXPECT_FALSE(Call(*endpoint, kUnsafe).ok());
  EXPECT_EQ(target("a")->calls, 1);
  target("a")->status = WithNotProcessed(Unavailable("refused"));
  EXPECT_FALSE(Call(*endpoint, kUnsafe).ok());
  EXPECT_EQ(target("a")->calls, 4);
}

TEST_F(BalancedEndpointTest, ATargetThatGivesUpACallHasFailedIt) {
  auto endpoint = Make({"a", "b"});
  target("a")->status = Cancelled("stopping");
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Call(*endpoint, kSafe).ok());
  EXPECT_LE(target("a")->calls, 6);
  auto alone = Make({"a"});
  EXPECT_EQ(Call(*alone, kUnsafe).code(), absl::StatusCode::kUnavailable);
}

TEST_F(BalancedEndpointTest, WhoSaysLaterIsLeftAloneForThatLong) {
  auto endpoint = Make({"a", "b"});
  target("a")->status = WithRetryAfter(Unavailable("starting"), std::chrono::seconds(60));
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(Call(*endpoint, kSafe).ok());
  // One call found out, and one more may for each second of the longest pause.
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_LE(target("a")->calls, 1 + took / std::chrono::seconds(1));
  EXPECT_GE(target("a")->calls, 1);
}

TEST_F(BalancedEndpointTest, IfAllSayLaterTheyAreAskedAllTheSame) {
  auto endpoint = Make({"a"});
  target("a")->status = WithRetryAfter(Unavailable("busy"), std::chrono::seconds(60));
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(Call(*endpoint, kUnsafe).ok());
  EXPECT_EQ(target("a")->calls, 20);
}

TEST_F(BalancedEndpointTest, ACallerWhoGivesUpIsToldSo) {
  auto endpoint = Make({"a"});
  target("a")->status = Cancelled("as asked");
  CancelSource source;
  source.Cancel();
  StringValue request;
  const auto context = RequestContext().WithCancel(source.token());
  const auto answer = async::BlockOn(endpoint->Unary(context, kSafe, Payload::Borrow(request)));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kCancelled);
}

TEST_F(BalancedEndpointTest, RetriesAddATenthAtMost) {
  auto endpoint = Make({"a"});
  target("a")->status = WithRetryAfter(Unavailable("busy"), std::chrono::milliseconds(1));
  for (int i = 0; i < 400; ++i) EXPECT_FALSE(Call(*endpoint, kSafe).ok());
  EXPECT_LE(endpoint->stats().retries, 51u);  // a reserve of 10, and 400 / 10
}

TEST_F(BalancedEndpointTest, AnOpenBreakerAnswersAtOnce) {
  auto endpoint = Make({"a"});
  target("a")->status = Unavailable("down");
  for (int i = 0; i < 10; ++i) (void)Call(*endpoint, kUnsafe);
  EXPECT_EQ(target("a")->calls, 5);
  const absl::Status status = Call(*endpoint, kUnsafe);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(RetryAfter(status).has_value());
}

TEST_F(BalancedEndpointTest, WhoSaidLaterLongestAgoIsAskedFirstWhenAllDid) {
  const absl::Status starting = WithRetryAfter(Unavailable("starting"), std::chrono::seconds(60));
  auto endpoint = Make({"a"});
  target("a")->status = starting;
  EXPECT_FALSE(Call(*endpoint, kUnsafe).ok());
  endpoint->SetAddresses({"a", "b"});
  target("b")->status = starting;
  EXPECT_FALSE(Call(*endpoint, kUnsafe).ok());
  EXPECT_EQ(target("b")->calls, 1);
  target("a")->status = absl::OkStatus();
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Call(*endpoint, kUnsafe).ok());
}

TEST_F(BalancedEndpointTest, OneThatIsBackIsAskedWhenTheOthersGo) {
  const absl::Status refused = WithNotProcessed(Unavailable("connection refused"));
  auto endpoint = Make({"a", "b"});
  target("a")->status = refused;
  // Until the breaker of "a" is open: it is not asked any more.
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Call(*endpoint, kUnsafe).ok());
  EXPECT_EQ(target("a")->calls, 5);
  target("a")->status = absl::OkStatus();
  target("b")->status = refused;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Call(*endpoint, kUnsafe).ok());
  EXPECT_GE(target("a")->calls, 55);  // the first such call closed its breaker
}

TEST_F(BalancedEndpointTest, AnAnswerAfterTheFirstRefusalsDoesNotTakeThemBack) {
  auto endpoint = Make({"a"});
  target("a")->meanwhile = [&] {
    target("a")->status = WithNotProcessed(Unavailable("connection refused"));
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(Call(*endpoint, kUnsafe).ok());
    target("a")->status = absl::OkStatus();
  };
  EXPECT_TRUE(Call(*endpoint, kUnsafe).ok());
  // Its breaker is open, and it is back.
  EXPECT_TRUE(Call(*endpoint, kUnsafe).ok());
}

TEST_F(BalancedEndpointTest, ALateRefusalOfAStoppingTargetDoesNotKeepItFromBeingAsked) {
  auto endpoint = Make({"a"});
  target("a")->meanwhile = [&] {
    target("a")->status = WithNotProcessed(Unavailable("connection refused"));
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(Call(*endpoint, kUnsafe).ok());
    // What it had taken before and gives back at its end.
    const auto late = std::chrono::steady_clock::now() + std::chrono::milliseconds(110);
    while (std::chrono::steady_clock::now() < late) std::this_thread::yield();
  };
  EXPECT_FALSE(Call(*endpoint, kUnsafe).ok());
  target("a")->status = absl::OkStatus();
  EXPECT_TRUE(Call(*endpoint, kUnsafe).ok());
}

TEST_F(BalancedEndpointTest, AllThatRefuseAreAskedOncePerCall) {
  auto endpoint = Make({"a"});
  target("a")->status = WithNotProcessed(Unavailable("connection refused"));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Call(*endpoint, kUnsafe).ok());
  const int before = target("a")->calls;
  const absl::Status status = Call(*endpoint, kUnsafe);
  EXPECT_EQ(target("a")->calls, before + 1);
  EXPECT_TRUE(RetryAfter(status).has_value());
  target("a")->status = absl::OkStatus();
  EXPECT_TRUE(Call(*endpoint, kUnsafe).ok());
}

TEST_F(BalancedEndpointTest, WithoutAddressesSaysLater) {
  auto endpoint = Make({});
  EXPECT_TRUE(RetryAfter(Call(*endpoint, kSafe)).has_value());
  endpoint->SetAddresses({"a"});
  EXPECT_TRUE(Call(*endpoint, kSafe).ok());
}

async::Task<int> CountItems(async::Stream<Payload> stream, absl::Status* end) {
  int items = 0;
  while (true) {
    auto item = co_await stream.Next();
    if (!item.ok() || !item->has_value()) {
      *end = item.status();
      co_return items;
    }
    ++items;
  }
}

TEST_F(BalancedEndpointTest, StreamsAreRepeatedBeforeTheFirstItemOnly) {
  auto endpoint = Make({"a", "b"});
  target("a")->status = Unavailable("down");
  for (int i = 0; i < 4; ++i) {
    absl::Status end;
    auto requests = async::StreamOf(Payload::Encoded(Bytes(std::string("x"))));
    EXPECT_EQ(async::BlockOn(CountItems(endpoint->Open(RequestContext(), kWatch, std::move(requests)), &end)),
              2);
    EXPECT_EQ(end.code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(target("b")->calls, 4);
}

TEST(CheckedEndpointTest, NothingIsShared) {
  FakeTarget target;
  CheckedEndpoint checked(target);
  StringValue request;
  request.set_value("hello");
  auto response = async::BlockOn(checked.Unary(RequestContext(), kSafe, Payload::Borrow(request)));
  ASSERT_TRUE(response.ok());
  EXPECT_FALSE(response->has_message());
  EXPECT_EQ(response->bytes().view(), request.SerializeAsString());
}

}  // namespace
}  // namespace starling::rpc
