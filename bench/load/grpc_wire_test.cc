#include "load/grpc_wire.h"

#include <gtest/gtest.h>

namespace starling::bench {
namespace {

using Event = GrpcWire::Event;

constexpr size_t kOpening = 24 + (9 + 6) + (9 + 4);  // preface, SETTINGS, WINDOW_UPDATE

std::string Frame(uint8_t type, uint8_t flags, uint8_t stream, const std::string& payload) {
  std::string frame = {
      0, 0, static_cast<char>(payload.size()), static_cast<char>(type), static_cast<char>(flags), 0,
      0, 0, static_cast<char>(stream)};
  return frame + payload;
}

std::string Request() { return GrpcWire::Request("a:1", "/x.Y/Z", {{"k", "v"}}, "message"); }

TEST(GrpcWire, RequestIsHeadersAndAMessageOnStreamsOfTheirOwn) {
  GrpcWire wire;
  const std::string first = wire.Call(Request());
  EXPECT_TRUE(first.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  const std::string block = std::string(
                                "\x83\x86\x04\x06/x.Y/Z\x01\x03"
                                "a:1") +
                            std::string("\0\x02te\x08trailers", 13) +
                            std::string(
                                "\0\x0c"
                                "content-type\x10"
                                "application/grpc",
                                31) +
                            std::string("\0\x01k\x01v", 5);
  const auto call = [&](uint8_t stream) {
    return Frame(1, 4, stream, block) + Frame(0, 1, stream, std::string("\0\0\0\0\x07message", 12));
  };
  EXPECT_EQ(first.substr(kOpening), call(1));
  EXPECT_EQ(wire.Call(Request()), call(3));
}

TEST(GrpcWire, AMessageAndTrailersAreAnAnswerHoweverTheBytesAreCut) {
  const std::string answer = Frame(4, 0, 0, "") + Frame(1, 4, 1, "head") + Frame(0, 0, 1, "message") +
                             Frame(1, 5, 1, "trailers") + Frame(8, 0, 0, "more");
  GrpcWire wire;
  (void)wire.Call(Request());
  std::string received, replies;
  int answers = 0;
  for (const char byte : answer) {
    received.push_back(byte);
    const Event event = wire.Take(&received, &replies);
    if (event == Event::kSucceeded)
      ++answers;
    else
      EXPECT_EQ(event, Event::kNothing);
  }
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(received, "");
  EXPECT_EQ(replies, Frame(4, 1, 0, ""));
}

TEST(GrpcWire, AnErrorIsNoSuccess) {
  for (const std::string& error :
       {Frame(1, 5, 1, "trailers"), Frame(3, 0, 1, "code"), Frame(0, 1, 1, "message")}) {
    GrpcWire wire;
    (void)wire.Call(Request());
    std::string received = error, replies;
    EXPECT_EQ(wire.Take(&received, &replies), Event::kFailed);
  }
}

TEST(GrpcWire, OtherFramesAreAnsweredOrPassedOver) {
  GrpcWire wire;
  (void)wire.Call(Request());
  (void)wire.Call(Request());
  // Late frames of the call before, a ping and an acknowledgement.
  std::string received = Frame(1, 5, 1, "old") + Frame(6, 0, 0, "12345678") + Frame(4, 1, 0, ""), replies;
  EXPECT_EQ(wire.Take(&received, &replies), Event::kNothing);
  EXPECT_EQ(replies, Frame(6, 1, 0, "12345678"));
  received = Frame(7, 0, 0, "12345678");
  EXPECT_EQ(wire.Take(&received, &replies), Event::kGoingAway);
  received = "HTTP/1.1 400 Bad Request\r\n";
  EXPECT_EQ(wire.Take(&received, &replies), Event::kMalformed);
}

}  // namespace
}  // namespace starling::bench
