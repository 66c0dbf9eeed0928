// The four shapes of call through generated stub and dispatcher, on shared messages and on encoded ones.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/rpc/checked_endpoint.h"
#include "core/rpc/convert.h"
#include "starling/everything/v1/everything.starling.h"
#include "starling/sentiment/v1/sentiment.starling.h"

namespace starling::everything::v1 {
namespace {

using google::protobuf::Empty;

class EchoService final : public EverythingService {
 public:
  const Everything* last_request = nullptr;

  async::Task<absl::StatusOr<Everything>> Echo(RequestContext, const Everything& request) override {
    last_request = &request;
    if (request.a_string() == "fail") co_return NotFound("nothing there");
    co_return request;
  }
  async::Stream<CountResponse> Count(RequestContext, CountRequest request) override {
    for (int i = 1; i <= request.to(); ++i) {
      CountResponse response;
      response.set_number(i);
      co_yield response;
    }
    if (request.to() == 13) co_return OutOfRange("thirteen");
    co_return absl::OkStatus();
  }
  async::Task<absl::StatusOr<CountResponse>> Sum(RequestContext,
                                                 async::Stream<CountRequest> requests) override {
    CountResponse sum;
    while (true) {
      auto request = co_await requests.Next();
      if (!request.ok()) co_return request.status();
      if (!request->has_value()) break;
      sum.set_number(sum.number() + (*request)->to());
    }
    co_return sum;
  }
  async::Stream<CountResponse> Chat(RequestContext, async::Stream<CountRequest> requests) override {
    while (true) {
      auto request = co_await requests.Next();
      if (!request.ok()) co_return request.status();
      if (!request->has_value()) co_return absl::OkStatus();
      CountResponse response;
      response.set_number((*request)->to() * 2);
      co_yield response;
    }
  }
  async::Task<absl::StatusOr<Empty>> Hidden(RequestContext, const Empty&) override { co_return Empty(); }
  async::Task<absl::StatusOr<FindResponse>> Find(RequestContext, const FindRequest& request) override {
    FindResponse response;
    *response.mutable_request() = request;
    co_return response;
  }
};

async::Stream<CountRequest> Numbers(std::vector<int> numbers, absl::Status end = absl::OkStatus()) {
  for (const int number : numbers) {
    CountRequest request;
    request.set_to(number);
    co_yield request;
  }
  co_return end;
}

// What a stream gave, and how it ended.
async::Task<std::pair<std::vector<int>, absl::Status>> Collect(async::Stream<CountResponse> responses) {
  std::pair<std::vector<int>, absl::Status> result;
  while (true) {
    auto item = co_await responses.Next();
    if (!item.ok()) {
      result.second = item.status();
      co_return result;
    }
    if (!item->has_value()) co_return result;
    result.first.push_back((*item)->number());
  }
}

const rpc::Method& MethodNamed(std::string_view name) {
  for (const auto& method : EverythingServiceContract().methods) {
    if (method.name == name) return method;
  }
  return EverythingServiceContract().methods[0];
}

// The parameter: whether every payload is encoded on its way.
class CallsTest : public testing::TestWithParam<bool> {
 protected:
  rpc::Endpoint& endpoint() { return GetParam() ? static_cast<rpc::Endpoint&>(checked_) : dispatcher_; }

  EchoService service_;
  EverythingServiceDispatcher dispatcher_{service_};
  rpc::CheckedEndpoint checked_{dispatcher_};
  EverythingServiceStub stub_{endpoint()};
};
INSTANTIATE_TEST_SUITE_P(Placements, CallsTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Encoded" : "Shared"; });

TEST_P(CallsTest, UnaryGivesTheAnswer) {
  Everything request;
  request.set_a_string("hello");
  request.mutable_self()->add_strings("inner");
  const auto response = async::BlockOn(stub_.Echo(RequestContext(), request));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->SerializeAsString(), request.SerializeAsString());
  EXPECT_EQ(service_.last_request == &request, !GetParam())
      << "inline, the handler sees the caller's own message";
}

TEST_P(CallsTest, UnaryGivesTheError) {
  Everything request;
  request.set_a_string("fail");
  const auto response = async::BlockOn(stub_.Echo(RequestContext(), request));
  EXPECT_EQ(response.status(), NotFound("nothing there"));
}

TEST_P(CallsTest, ServerStreamGivesItemsThenTheEnd) {
  CountRequest request;
  request.set_to(3);
  const auto [numbers, end] = async::BlockOn(Collect(stub_.Count(RequestContext(), request)));
  EXPECT_EQ(numbers, (std::vector<int>{1, 2, 3}));
  EXPECT_TRUE(end.ok());
}

TEST_P(CallsTest, ServerStreamGivesItemsBeforeAnError) {
  CountRequest request;
  request.set_to(13);
  const auto [numbers, end] = async::BlockOn(Collect(stub_.Count(RequestContext(), request)));
  EXPECT_EQ(numbers.size(), 13u);
  EXPECT_EQ(end, OutOfRange("thirteen"));
}

TEST_P(CallsTest, ClientStream) {
  const auto sum = async::BlockOn(stub_.Sum(RequestContext(), Numbers({1, 2, 39})));
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(sum->number(), 42);
}

TEST_P(CallsTest, ClientStreamThatBreaksReachesTheHandler) {
  const auto sum = async::BlockOn(stub_.Sum(RequestContext(), Numbers({1}, Aborted("gone"))));
  EXPECT_EQ(sum.status(), Aborted("gone"));
}

TEST_P(CallsTest, Bidi) {
  const auto [numbers, end] = async::BlockOn(Collect(stub_.Chat(RequestContext(), Numbers({1, 5, 7}))));
  EXPECT_EQ(numbers, (std::vector<int>{2, 10, 14}));
  EXPECT_TRUE(end.ok());
}

TEST_P(CallsTest, AMessageOfProtobufItself) {
  EXPECT_TRUE(async::BlockOn(stub_.Hidden(RequestContext(), Empty())).ok());
}

TEST_P(CallsTest, AnotherServicesMethodIsUnimplemented) {
  const auto& method = sentiment::v1::SentimentServiceContract().methods[0];
  Everything request;
  auto response = async::BlockOn(dispatcher_.Unary(RequestContext(), method, rpc::Payload::Borrow(request)));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnimplemented);
}

TEST(DispatcherTest, AMethodOfTheOtherShapeIsUnimplemented) {
  EchoService service;
  EverythingServiceDispatcher dispatcher(service);
  Everything request;
  const auto unary =
      async::BlockOn(dispatcher.Unary(RequestContext(), MethodNamed("Count"), rpc::Payload::Borrow(request)));
  EXPECT_EQ(unary.status().code(), absl::StatusCode::kUnimplemented);
}

TEST(DispatcherTest, FindsAMethodOfAnotherTableByItsPath) {
  EchoService service;
  EverythingServiceDispatcher dispatcher(service);
  const rpc::Method copy = MethodNamed("Echo");
  Everything request;
  request.set_a_bool(true);
  const auto response = async::BlockOn(
      dispatcher.Unary(RequestContext(), copy, rpc::Payload::Encoded(Bytes(request.SerializeAsString()))));
  ASSERT_TRUE(response.ok()) << response.status();
}

TEST(DispatcherTest, BytesThatAreNoMessageAreTheCallersFault) {
  EchoService service;
  EverythingServiceDispatcher dispatcher(service);
  const auto response = async::BlockOn(dispatcher.Unary(RequestContext(), MethodNamed("Echo"),
                                                        rpc::Payload::Encoded(Bytes(std::string("\xff")))));
  EXPECT_EQ(response.status(),
            InvalidArgument("These bytes are not a valid starling.everything.v1.Everything."));
}

// Answers every call with bytes that are no message.
class BrokenPeer final : public rpc::Endpoint {
 public:
  async::Task<absl::StatusOr<rpc::Payload>> Unary(RequestContext, const rpc::Method&, rpc::Payload) override {
    co_return rpc::Payload::Encoded(Bytes(std::string("\xff")));
  }
  async::Stream<rpc::Payload> Open(RequestContext, const rpc::Method& method,
                                   async::Stream<rpc::Payload>) override {
    if (method.shape == rpc::CallShape::kClientStream) co_return absl::OkStatus();
    co_yield rpc::Payload::Encoded(Bytes(std::string("\xff")));
    co_return absl::OkStatus();
  }
};

TEST(StubTest, BytesThatAreNoMessageAreThePeersFault) {
  BrokenPeer peer;
  EverythingServiceStub stub(peer);
  EXPECT_EQ(async::BlockOn(stub.Echo(RequestContext(), Everything())).status().code(),
            absl::StatusCode::kInternal);
  const auto [numbers, end] = async::BlockOn(Collect(stub.Count(RequestContext(), CountRequest())));
  EXPECT_EQ(end.code(), absl::StatusCode::kInternal);
}

TEST(StubTest, AClientStreamWithoutAResponseIsThePeersFault) {
  BrokenPeer peer;
  EverythingServiceStub stub(peer);
  EXPECT_EQ(async::BlockOn(stub.Sum(RequestContext(), Numbers({1}))).status().code(),
            absl::StatusCode::kInternal);
}

TEST(ContractTest, SaysWhatTheFileSays) {
  const auto& contract = EverythingServiceContract();
  EXPECT_EQ(contract.service, "starling.everything.v1.EverythingService");
  ASSERT_EQ(contract.methods.size(), 6u);
  const auto& echo = MethodNamed("Echo");
  EXPECT_EQ(echo.path, "/starling.everything.v1.EverythingService/Echo");
  EXPECT_EQ(echo.service, contract.service);
  EXPECT_EQ(echo.shape, rpc::CallShape::kUnary);
  EXPECT_TRUE(echo.safe);
  EXPECT_EQ(echo.access, rpc::Access::kPublic);
  EXPECT_EQ(echo.request, &EverythingType());
  EXPECT_EQ(MethodNamed("Count").shape, rpc::CallShape::kServerStream);
  EXPECT_EQ(MethodNamed("Count").access, rpc::Access::kScope);
  EXPECT_EQ(MethodNamed("Count").scope, "count");
  EXPECT_FALSE(MethodNamed("Count").safe);
  EXPECT_EQ(MethodNamed("Sum").shape, rpc::CallShape::kClientStream);
  EXPECT_EQ(MethodNamed("Sum").access, rpc::Access::kService);
  EXPECT_EQ(MethodNamed("Chat").shape, rpc::CallShape::kBidi);
  EXPECT_EQ(MethodNamed("Chat").access, rpc::Access::kAuthenticated);
  EXPECT_EQ(MethodNamed("Hidden").access, rpc::Access::kNobody);
  EXPECT_TRUE(MethodNamed("Hidden").safe);
  EXPECT_EQ(MethodNamed("Hidden").request->full_name, "google.protobuf.Empty");
  ASSERT_EQ(MethodNamed("Find").http.size(), 3u);
  EXPECT_EQ(MethodNamed("Find").http[1].verb, "PUT");
  EXPECT_EQ(MethodNamed("Find").http[1].path, "/v1/find/{name}");
  EXPECT_TRUE(MethodNamed("Find").http[1].has_body);
  EXPECT_FALSE(MethodNamed("Find").http[2].has_body);
}

}  // namespace
}  // namespace starling::everything::v1
