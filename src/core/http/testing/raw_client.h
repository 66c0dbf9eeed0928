// A blocking socket that says exactly what a test wants said.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace starling::http::testing {

class RawClient {
 public:
  // "127.0.0.1:8000" or "unix:/path". Ends the program if nobody listens.
  explicit RawClient(const std::string& address);
  ~RawClient();
  RawClient(const RawClient&) = delete;

  // False if the connection is gone.
  bool Send(std::string_view bytes);
  // What arrives until it contains `text` `times` times, the peer's end, or 5 s have passed; all of it, each byte once.
  std::string ReadUntil(std::string_view text, int times = 1);
  std::string ReadToEnd();
  // Whether the peer has closed, waiting for at most `limit`.
  bool Ended(std::chrono::milliseconds limit = std::chrono::seconds(5));
  void EndOutput();  // half-close
  void Reset();      // closes with RST
  void Close();

 private:
  int fd_ = -1;
};

// Sends `request` on a new connection and returns all that comes back until the peer's end.
std::string Talk(const std::string& address, std::string_view request);

}  // namespace starling::http::testing
