// Client against server over real sockets: what a call is, whatever carries it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>

#include "core/async/spawn.h"
#include "core/grpc/channel.h"
#include "core/grpc/handler.h"
#include "core/grpc/testing/echo_service.h"
#include "core/http/listener.h"
#include "core/rpc/retry_marker.h"

namespace starling::grpc {
namespace {

using namespace testing;  // NOLINT: the test's own vocabulary

class Call : public ::testing::TestWithParam<const char*> {
 public:
  Call() {
    handler = std::make_unique<Handler>(handler_options, std::vector<Served>{{&kEchoContract, &service}});
    const std::string where = std::string(GetParam()) == "unix"
                                  ? "unix:" + ::testing::TempDir() + "/call_test_" + std::to_string(getpid())
                                  : "127.0.0.1:0";
    http::ListenerOptions listen;
    listen.address = where;
    listener = *http::Listener::Start(loops, listen, *handler);
    options.address = listener->address();
    channel = std::make_unique<Channel>(options);
  }

  // On the loop that the server is on too.
  template <typename T>
  T Run(async::Task<T> task) {
    std::promise<T> done;
    async::Spawn(loops.at(0), Finish(std::move(task), &done));
    return done.get_future().get();
  }
  template <typename T>
  static async::Task<void> Finish(async::Task<T> task, std::promise<T>* done) {
    done->set_value(co_await std::move(task));
  }

  absl::StatusOr<std::string> Say(const std::string& text, RequestContext context = RequestContext(),
                                  const rpc::Method& method = kUnary) {
    auto response = Run(channel->Unary(std::move(context), method, Text(text)));
    if (!response.ok()) return response.status();
    return TextOf(*response);
  }

  EchoService service;
  HandlerOptions handler_options;
  std::unique_ptr<Handler> handler;
  async::LoopGroup loops{1};
  std::unique_ptr<http::Listener> listener;
  ChannelOptions options;
  std::unique_ptr<Channel> channel;
};

TEST_P(Call, UnaryGivesTheAnswer) {
  EXPECT_EQ(*Say("one"), "one");
  EXPECT_EQ(*Say("two"), "two");
  EXPECT_EQ(*Say(""), "");
  EXPECT_EQ(channel->state().connections, 1u);
}

TEST_P(Call, LargeMessagesPassBothWays) {
  std::string large(3 * 1024 * 1024, 'x');
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 >> 5);
  EXPECT_EQ(*Say(large), large);
}

TEST_P(Call, ErrorsArriveWithCodeMessageAndDetails) {
  service.unary = [](RequestContext, rpc::Payload) -> async::Task<absl::StatusOr<rpc::Payload>> {
    co_return WithRetryAfter(Unavailable("später, 100% \n"), std::chrono::milliseconds(1500));
  };
  const auto status = Say("x").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Message(status), "später, 100% \n");
  EXPECT_EQ(RetryAfter(status), std::chrono::milliseconds(1500));
  EXPECT_FALSE(rpc::NotProcessed(status));
}

TEST_P(Call, UnknownMethodIsUnimplemented) {
  EXPECT_EQ(Say("x", RequestContext(), kMissing).status().code(), absl::StatusCode::kUnimplemented);
}

TEST_P(Call, TooLargeIsResourceExhaustedAndTheConnectionStays) {
  EXPECT_EQ(Say(std::string(5 * 1024 * 1024, 'x')).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(*Say("after"), "after");
  EXPECT_EQ(channel->state().connections, 1u);
}

TEST_P(Call, DeadlineEndsItOnBothSides) {
  CancelToken seen;
  service.unary = [&seen](RequestContext context, rpc::Payload) -> async::Task<absl::StatusOr<rpc::Payload>> {
    seen = context.cancel();
    co_return co_await async::Sleep(std::chrono::seconds(30), context.cancel());
  };
  const auto begin = std::chrono::steady_clock::now();
  const auto status = Say("x", RequestContext().WithDeadline(begin + std::chrono::milliseconds(50))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  service.unary = nullptr;
  EXPECT_EQ(*Say("after"), "after");
  EXPECT_TRUE(seen.cancelled());
}

TEST_P(Call, CancellationReachesTheServer) {
  CancelToken seen;
  CancelSource source;
  service.unary = [&](RequestContext context, rpc::Payload) -> async::Task<absl::StatusOr<rpc::Payload>> {
    seen = context.cancel();
    source.Cancel();
    co_return co_await async::Sleep(std::chrono::seconds(30), context.cancel());
  };
  EXPECT_EQ(Say("x", RequestContext().WithCancel(source.token())).status().code(),
            absl::StatusCode::kCancelled);
  service.unary = nullptr;
  EXPECT_EQ(*Say("after"), "after");
  EXPECT_TRUE(seen.cancelled());
}

TEST_P(Call, ContextTravels) {
  auto origin = std::make_shared<RequestOrigin>();
  origin->request_id = "id-1";
  origin->tenant = "acme";
  origin->principal = Principal{Principal::Kind::kApiKey, "jörg", {}};
  auto trace = TraceContext::NewRoot(true);
  const auto context = RequestContext().WithOrigin(origin).WithTrace(trace);
  ASSERT_TRUE(Say("x", context).ok());
  EXPECT_EQ(service.last_context.request_id(), "id-1");
  EXPECT_EQ(service.last_context.trace().TraceIdHex(), trace.TraceIdHex());
  EXPECT_TRUE(service.last_context.trace().sampled);
  const bool trusted = std::string(GetParam()) == "unix";
  EXPECT_EQ(service.last_context.tenant(), trusted ? "acme" : "default");
  EXPECT_EQ(service.last_context.principal().name, trusted ? "jörg" : "");
}

TEST_P(Call, AccessIsCheckedForCallersFromOutside) {
  const auto answer = Say("x", RequestContext(), kClosed);
  if (std::string(GetParam()) == "unix") {
    EXPECT_TRUE(answer.ok()) << answer.status();
  } else {
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnauthenticated);
  }
}

TEST_P(Call, ManyAtOnceShareOneConnection) {
  auto many = [&]() -> async::Task<int> {
    async::TaskGroup group;
    int good = 0;
    auto one = [&](int i) -> async::Task<void> {
      auto response = co_await channel->Unary(RequestContext(), kUnary, Text(std::to_string(i)));
      if (response.ok() && TextOf(*response) == std::to_string(i)) ++good;
    };
    for (int i = 0; i < 500; ++i) group.Start(one(i));
    co_await group.Join();
    co_return good;
  };
  EXPECT_EQ(Run(many()), 500);
  EXPECT_EQ(channel->state().connections, 1u);
}

async::Task<std::vector<std::string>> Collect(async::Stream<rpc::Payload> stream, absl::Status* end) {
  std::vector<std::string> all;
  while (true) {
    auto item = co_await stream.Next();
    *end = item.status();
    if (!item.ok() || !item->has_value()) co_return all;
    all.push_back(TextOf(**item));
  }
}

async::Stream<rpc::Payload> Words(std::vector<std::string> words) {
  for (auto& word : words) co_yield Text(word);
  co_return absl::OkStatus();
}

TEST_P(Call, StreamsOfAllShapes) {
  absl::Status end;
  using List = std::vector<std::string>;
  EXPECT_EQ(Run(Collect(channel->Open(RequestContext(), kServer, Words({"a"})), &end)),
            (List{"a0", "a1", "a2"}));
  EXPECT_TRUE(end.ok()) << end;
  EXPECT_EQ(Run(Collect(channel->Open(RequestContext(), kClient, Words({"a", "b", "c"})), &end)),
            (List{"a+b+c"}));
  EXPECT_TRUE(end.ok()) << end;
  EXPECT_EQ(Run(Collect(channel->Open(RequestContext(), kBidi, Words({"a", "b", "c"})), &end)),
            (List{"a", "b", "c"}));
  EXPECT_TRUE(end.ok()) << end;
  EXPECT_EQ(Run(Collect(channel->Open(RequestContext(), kBidi, Words({"a", "stop", "c"})), &end)),
            (List{"a"}));
  EXPECT_TRUE(end.ok()) << end;
  EXPECT_EQ(Run(Collect(channel->Open(RequestContext(), kClient, Words({})), &end)), (List{""}));
  EXPECT_TRUE(end.ok()) << end;
}

TEST_P(Call, DroppingAStreamEndsItOnTheServer) {
  service.items = 1000000;
  auto some = [&]() -> async::Task<std::string> {
    auto stream = channel->Open(RequestContext(), kServer, Words({"a"}));
    auto item = co_await stream.Next();
    EXPECT_EQ(service.open_streams, 1);
    co_return item.ok() && item->has_value() ? TextOf(**item) : "";
  };
  EXPECT_EQ(Run(some()), "a0");
  EXPECT_EQ(*Say("after"), "after");
  EXPECT_EQ(service.open_streams, 0);
}

TEST_P(Call, ASlowReaderPausesItsStreamOnly) {
  service.items = 1000000;
  auto slow = [&]() -> async::Task<bool> {
    auto stream = channel->Open(RequestContext(), kServer, Words({std::string(1000, 'x')}));
    auto item = co_await stream.Next();
    EXPECT_TRUE(item.ok());
    for (int i = 0; i < 100; ++i) {
      auto other = co_await channel->Unary(RequestContext(), kUnary, Text("other"));
      EXPECT_TRUE(other.ok());
    }
    EXPECT_EQ(service.open_streams, 1);
    co_return true;
  };
  Run(slow());
}

TEST_P(Call, NobodyThereIsUnavailableAndNotProcessed) {
  ChannelOptions nowhere;
  nowhere.address = std::string(GetParam()) == "unix" ? "unix:/nonexistent/socket" : "127.0.0.1:1";
  channel = std::make_unique<Channel>(nowhere);
  const auto status = Say("x").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(rpc::NotProcessed(status));
  EXPECT_FALSE(channel->state().last_error.empty());
}

INSTANTIATE_TEST_SUITE_P(Over, Call, ::testing::Values("tcp", "unix"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace starling::grpc
