#include "core/http/routing/json_route.h"

#include <gmock/gmock.h>
#include <google/protobuf/empty.pb.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "core/async/completion.h"
#include "core/http/listener.h"
#include "core/http/testing/raw_client.h"
#include "core/rpc/admission.h"

namespace starling::http {
namespace {

using ::testing::HasSubstr;
using testing::RawClient;
using ::testing::StartsWith;

const rpc::MessageType kType{"google.protobuf.Empty",
                             []() -> std::shared_ptr<google::protobuf::MessageLite> {
                               return std::make_shared<google::protobuf::Empty>();
                             },
                             nullptr, nullptr, nullptr};
const rpc::HttpRule kRules[] = {
    {"POST", "/slow", true,
     [](const rpc::HttpParameters&, std::string_view, const rpc::JsonLimits&,
        google::protobuf::MessageLite*) { return absl::OkStatus(); },
     [](const google::protobuf::MessageLite&, std::string* out) { out->append("{}"); }}};
const rpc::Method kSlow{"/test.Slow/Wait",
                        "test.Slow",
                        "Wait",
                        rpc::CallShape::kUnary,
                        false,
                        rpc::Access::kPublic,
                        "",
                        &kType,
                        &kType,
                        kRules};

// Each call ends when it is told to.
class SlowService final : public rpc::Endpoint {
 public:
  async::Task<absl::StatusOr<rpc::Payload>> Unary(RequestContext, const rpc::Method&,
                                                  rpc::Payload request) override {
    async::Completion<bool> done;
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(done.completer());
      ++calls_;
      changed_.notify_all();
    }
    co_await done;
    co_return request;
  }
  async::Stream<rpc::Payload> Open(RequestContext, const rpc::Method&, async::Stream<rpc::Payload>) override {
    return async::FailedStream<rpc::Payload>(absl::UnimplementedError("no streams"));
  }
  // Waits until a call is under way, and ends it.
  void EndOne() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty(); });
    waiting_.front().Set(true);
    waiting_.erase(waiting_.begin());
  }
  void WaitForCalls(int calls) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return calls_ >= calls; });
  }

 private:
  std::condition_variable changed_;
  std::mutex mutex_;
  std::vector<async::Completer<bool>> waiting_;
  int calls_ = 0;
};

class AdmissionTest : public ::testing::Test {
 public:
  AdmissionTest() {
    options.admission = &admission;
    route.emplace(options, kSlow, kRules[0], service);
    EXPECT_TRUE(router.Add("POST", "/slow", "test", *route).ok());
    listener = *Listener::Start(loops, ListenerOptions(), router);
  }

  observe::Registry registry;
  rpc::Admission admission{{.initial = 1, .min = 1, .max = 1}, registry};
  SlowService service;
  JsonOptions options;
  std::optional<JsonRoute> route;
  Router router{CorsOptions(), registry};
  async::LoopGroup loops{1};
  std::unique_ptr<Listener> listener;
};

constexpr char kWhole[] = "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}";
constexpr char kHead[] = "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n";

TEST_F(AdmissionTest, RefusesBeforeTheBodyIsThereAndAdmitsAgain) {
  RawClient first(listener->address());
  first.Send(kWhole);
  service.WaitForCalls(1);

  RawClient second(listener->address());
  second.Send(kHead);
  const std::string refusal = second.ReadUntil("}");
  EXPECT_THAT(refusal, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refusal, HasSubstr("retry-after: 1"));
  EXPECT_THAT(refusal, HasSubstr("Wait is busy"));

  service.EndOne();
  EXPECT_THAT(first.ReadUntil("}"), StartsWith("HTTP/1.1 200 "));
  RawClient third(listener->address());
  third.Send(kWhole);
  service.EndOne();
  EXPECT_THAT(third.ReadUntil("}"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdmissionTest, ASenderOfHalfARequestHoldsNoPlace) {
  RawClient slow(listener->address());
  slow.Send(kHead);
  RawClient other(listener->address());
  other.Send(kWhole);
  service.EndOne();
  EXPECT_THAT(other.ReadUntil("}"), StartsWith("HTTP/1.1 200 "));
  slow.Send("{}");
  service.EndOne();
  EXPECT_THAT(slow.ReadUntil("}"), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace starling::http
