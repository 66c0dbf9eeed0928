// The four shapes of call through generated stub and dispatcher, in every placement: the same tests for all of them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/async/spawn.h"
#include "core/grpc/channel.h"
#include "core/grpc/handler.h"
#include "core/http/listener.h"
#include "core/rpc/balanced_endpoint.h"
#include "core/rpc/checked_endpoint.h"
#include "echo_service.h"

namespace starling::everything::v1 {
namespace {

// Reads until the stream ends, pausing as it goes.
async::Task<absl::Status> ReadSlowly(async::Stream<CountResponse> responses) {
  while (true) {
    auto item = co_await responses.Next();
    if (!item.ok() || !item->has_value()) co_return item.status();
    const absl::Status slept = co_await async::Sleep(std::chrono::milliseconds(1), CancelToken());
    if (!slept.ok()) co_return slept;
  }
}

// Says that everyone is a service of the program: who may call is another test's matter.
class AnyoneIsAService final : public http::Authenticator {
 public:
  absl::StatusOr<Principal> Authenticate(const http::Request&) override {
    return Principal{Principal::Kind::kService, "test", {}};
  }
};

// The parameter: the placement. All calls run on the one loop of `loops_`.
class CallsTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string placement = GetParam();
    if (placement == "inline") {
      stub_ = std::make_unique<EverythingServiceStub>(dispatcher_);
    } else if (placement == "inline_checked") {
      stub_ = std::make_unique<EverythingServiceStub>(checked_);
    } else {
      http::ListenerOptions listen;
      listen.address = placement == "remote" ? "127.0.0.1:0"
                                             : StrCat("unix:", testing::TempDir(), "/calls_test_",
                                                      static_cast<int64_t>(getpid()));
      listener_ = *http::Listener::Start(loops_, listen, handler_);
      remote_.SetAddresses({listener_->address()});
      stub_ = std::make_unique<EverythingServiceStub>(remote_);
    }
  }

  template <typename T>
  T Run(async::Task<T> task) {
    std::promise<T> done;
    async::Spawn(loops_.at(0), Finish(std::move(task), &done));
    return done.get_future().get();
  }
  template <typename T>
  static async::Task<void> Finish(async::Task<T> task, std::promise<T>* done) {
    done->set_value(co_await std::move(task));
  }

  // Ends `source` when the service has begun a call.
  async::Task<void> CancelOnceBegun(const CancelSource* source) {
    while (service_.begun == 0) (void)co_await async::Sleep(std::chrono::milliseconds(1), CancelToken());
    source->Cancel();
  }
  // The handler hears of it soon after the caller, across a wire.
  void ExpectEnded() {
    const auto ended = [this]() -> async::Task<bool> {
      for (int i = 0; i < 5000 && service_.ended < service_.begun; ++i) {
        (void)co_await async::Sleep(std::chrono::milliseconds(1), CancelToken());
      }
      co_return service_.ended == service_.begun;
    };
    EXPECT_TRUE(Run(ended()));
  }

  EchoService service_;
  EverythingServiceDispatcher dispatcher_{service_};
  rpc::CheckedEndpoint checked_{dispatcher_};
  AnyoneIsAService authenticator_;
  grpc::Handler handler_{WithAuthenticator(&authenticator_), {{&EverythingServiceContract(), &dispatcher_}}};
  async::LoopGroup loops_{1};
  std::unique_ptr<http::Listener> listener_;
  rpc::BalancedEndpoint remote_{"everything", rpc::BalancedOptions(), [](const std::string& address) {
                                  grpc::ChannelOptions options;
                                  options.address = address;
                                  return std::make_shared<grpc::Channel>(options);
                                }};
  std::unique_ptr<EverythingServiceStub> stub_;

 private:
  static grpc::HandlerOptions WithAuthenticator(http::Authenticator* authenticator) {
    grpc::HandlerOptions options;
    options.authenticator = authenticator;
    return options;
  }
};
INSTANTIATE_TEST_SUITE_P(Placements, CallsTest,
                         testing::Values("inline", "inline_checked", "process", "remote"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(CallsTest, UnaryGivesTheAnswer) {
  Everything request;
  request.set_a_string("hello");
  request.mutable_self()->add_strings("inner");
  const auto response = Run(stub_->Echo(RequestContext(), request));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->SerializeAsString(), request.SerializeAsString());
  EXPECT_EQ(service_.last_request == &request, GetParam() == std::string("inline"))
      << "inline, the handler sees the caller's own message";
}

TEST_P(CallsTest, UnaryGivesTheError) {
  Everything request;
  request.set_a_string("fail");
  const auto response = Run(stub_->Echo(RequestContext(), request));
  EXPECT_EQ(response.status(), NotFound("nothing there"));
}

TEST_P(CallsTest, ServerStreamGivesItemsThenTheEnd) {
  CountRequest request;
  request.set_to(3);
  const auto [numbers, end] = Run(Collect(stub_->Count(RequestContext(), request)));
  EXPECT_EQ(numbers, (std::vector<int>{1, 2, 3}));
  EXPECT_TRUE(end.ok());
}

TEST_P(CallsTest, ServerStreamGivesItemsBeforeAnError) {
  CountRequest request;
  request.set_to(13);
  const auto [numbers, end] = Run(Collect(stub_->Count(RequestContext(), request)));
  EXPECT_EQ(numbers.size(), 13u);
  EXPECT_EQ(end, OutOfRange("thirteen"));
}

TEST_P(CallsTest, ClientStream) {
  const auto sum = Run(stub_->Sum(RequestContext(), Numbers({1, 2, 39})));
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(sum->number(), 42);
}

TEST_P(CallsTest, ClientStreamThatBreaksReachesTheHandler) {
  const auto sum = Run(stub_->Sum(RequestContext(), Numbers({1}, Aborted("gone"))));
  EXPECT_EQ(sum.status(), Aborted("gone"));
}

TEST_P(CallsTest, Bidi) {
  const auto [numbers, end] = Run(Collect(stub_->Chat(RequestContext(), Numbers({1, 5, 7}))));
  EXPECT_EQ(numbers, (std::vector<int>{2, 10, 14}));
  EXPECT_TRUE(end.ok());
}

TEST_P(CallsTest, AMessageOfProtobufItself) {
  EXPECT_TRUE(Run(stub_->Hidden(RequestContext(), Empty())).ok());
}

// A stream of requests that only a cancelled call ends.
async::Stream<CountRequest> NumbersUntil(CancelToken cancel, std::vector<int> numbers) {
  for (const int number : numbers) {
    CountRequest request;
    request.set_to(number);
    co_yield request;
  }
  co_return co_await async::Sleep(std::chrono::seconds(30), cancel);
}

TEST_P(CallsTest, CancellingEndsEveryShapeOnBothSides) {
  for (const auto shape : {rpc::CallShape::kUnary, rpc::CallShape::kServerStream,
                           rpc::CallShape::kClientStream, rpc::CallShape::kBidi}) {
    service_.begun = service_.ended = 0;
    const CancelSource source;
    const auto context = RequestContext().WithCancel(source.token());
    async::Spawn(loops_.at(0), CancelOnceBegun(&source));
    absl::Status end;
    if (shape == rpc::CallShape::kUnary) {
      Everything request;
      request.set_a_string("wait");
      end = Run(stub_->Echo(context, request)).status();
    } else if (shape == rpc::CallShape::kServerStream) {
      CountRequest request;
      request.set_to(kForever);
      end = Run(ReadSlowly(stub_->Count(context, request)));
    } else if (shape == rpc::CallShape::kClientStream) {
      end = Run(stub_->Sum(context, NumbersUntil(source.token(), {1, kForever}))).status();
    } else {
      end = Run(Collect(stub_->Chat(context, NumbersUntil(source.token(), {1})))).second;
    }
    EXPECT_EQ(end.code(), absl::StatusCode::kCancelled) << static_cast<int>(shape) << " " << end;
    ExpectEnded();
  }
}

TEST_P(CallsTest, ASlowReaderPausesTheWriter) {
  const auto slow = [this]() -> async::Task<int> {
    CountRequest request;
    request.set_to(kForever);
    auto numbers = stub_->Count(RequestContext(), request);
    auto item = co_await numbers.Next();
    EXPECT_TRUE(item.ok());
    // Others are served meanwhile, and the writer gets far ahead of nobody: at most what the windows of a wire hold.
    for (int i = 0; i < 200; ++i) {
      const Everything other;
      auto answer = co_await stub_->Echo(RequestContext(), other);
      EXPECT_TRUE(answer.ok());
    }
    const int held = service_.counted;
    for (int i = 0; i < 50; ++i) (void)co_await async::Sleep(std::chrono::milliseconds(1), CancelToken());
    EXPECT_EQ(service_.counted, held);
    co_return held;
  };
  EXPECT_LT(Run(slow()), 100'000);
  ExpectEnded();
}

TEST_P(CallsTest, ASlowHandlerPausesTheCallersStream) {
  std::atomic<int> sent = 0;
  const CancelSource source;
  const auto numbers = [&sent]() -> async::Stream<CountRequest> {
    CountRequest request;
    request.set_to(kForever);
    while (true) {
      ++sent;
      co_yield request;
    }
  };
  const auto watch = [&]() -> async::Task<void> {
    int before = -1;
    while (service_.begun == 0 || before != sent) {
      before = sent;
      for (int i = 0; i < 50; ++i) (void)co_await async::Sleep(std::chrono::milliseconds(1), CancelToken());
    }
    source.Cancel();
  };
  async::Spawn(loops_.at(0), watch());
  const auto sum = Run(stub_->Sum(RequestContext().WithCancel(source.token()), numbers()));
  EXPECT_EQ(sum.status().code(), absl::StatusCode::kCancelled);
  EXPECT_LT(sent, 100'000);
  ExpectEnded();
}

}  // namespace
}  // namespace starling::everything::v1
