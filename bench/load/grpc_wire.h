// gRPC over HTTP/2 as far as a load generator has to know it: one unary call after the other on a connection, the frames of each
// request made beforehand. Formats: RFC 9113 (HTTP/2), RFC 7541 (header compression), and gRPC over HTTP2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace starling::bench {

// One connection's end of it. Its windows are as large as can be and are never raised again: enough for 2 GiB of answers. The
// server's are not counted: with one small request under way at a time it always has taken the bytes before.
class GrpcWire {
 public:
  using Metadata = std::vector<std::pair<std::string, std::string>>;

  // HEADERS and DATA of a call, for Call(). `path` is "/package.Service/Method", `message` the bytes of the protobuf. At most
  // 16,000 bytes of either.
  static std::string Request(std::string_view authority, std::string_view path, const Metadata& metadata,
                             std::string_view message);

  // The bytes that start the next call, with the connection's own beginning before the first. Not while a call is under way.
  std::string Call(std::string_view request);

  enum class Event {
    kNothing,    // `*received` holds no complete frame any more
    kSucceeded,  // a message came and then the trailers
    kFailed,     // trailers without a message, which is how an error is told, or the stream was reset
    kGoingAway,  // the server ends the connection
    kMalformed,
  };
  // Takes frames from the front of `*received` until something happened. What must be sent in return is appended to `*replies`.
  Event Take(std::string* received, std::string* replies);

 private:
  struct Frame {
    uint8_t type = 0, flags = 0;
    uint32_t stream = 0;
    std::string_view payload;
  };
  Event Handle(const Frame& frame, std::string* replies);

  uint32_t stream_ = 0;  // the latest; odd ones are a client's
  bool got_message_ = false;
};

}  // namespace starling::bench
