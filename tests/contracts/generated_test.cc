// What the generated dispatcher, stub and contract do with calls that do not fit, and what they say of the contract.
#include <gtest/gtest.h>

#include "core/async/spawn.h"
#include "core/rpc/convert.h"
#include "echo_service.h"
#include "starling/sentiment/v1/sentiment.starling.h"

namespace starling::everything::v1 {
namespace {

const rpc::Method& MethodNamed(std::string_view name) {
  for (const auto& method : EverythingServiceContract().methods) {
    if (method.name == name) return method;
  }
  return EverythingServiceContract().methods[0];
}

TEST(DispatcherTest, AnotherServicesMethodIsUnimplemented) {
  EchoService service;
  EverythingServiceDispatcher dispatcher(service);
  const auto& method = sentiment::v1::SentimentServiceContract().methods[0];
  Everything request;
  auto response = async::BlockOn(dispatcher.Unary(RequestContext(), method, rpc::Payload::Borrow(request)));
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
