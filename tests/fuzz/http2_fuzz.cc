// What a client may send on an HTTP/2 connection, after its preface.
#include <memory>
#include <string>

#include "core/async/loop.h"
#include "core/async/spawn.h"
#include "core/http/h2/h2_server.h"
#include "fuzz.h"

namespace {

using namespace starling;  // NOLINT: a program of its own

constexpr size_t kMostOutput = 16 * 1024 * 1024;

// A socket that takes everything at once.
class Sink final : public http::Connection {
 public:
  explicit Sink(async::Loop& loop) : loop_(loop), peer_(std::make_shared<http::Peer>()) {}
  async::Loop& loop() override { return loop_; }
  const std::shared_ptr<const http::Peer>& peer() const override { return peer_; }
  void WantWrite() override {
    if (busy_ || session == nullptr) return;
    busy_ = true;
    std::string out;
    do {
      out.clear();
      session->Produce(&out, 64 * 1024);
      written_ += out.size();
    } while (!out.empty() && written_ < kMostOutput);
    busy_ = false;
    fuzz::Require(written_ < kMostOutput, "output stays bounded");
  }
  void PauseReading(bool) override {}
  void CloseAfterWrite() override { closing = true; }

  std::shared_ptr<http::Session> session;
  bool closing = false;

 private:
  async::Loop& loop_;
  const std::shared_ptr<const http::Peer> peer_;
  bool busy_ = false;
  size_t written_ = 0;
};

class Echo final : public http::Handler {
 public:
  async::Task<void> Handle(http::Exchange& exchange) override {
    auto body = co_await http::ReadAll(exchange, 64 * 1024);
    const int status = body.ok() ? 200 : 413;
    Bytes answer;
    if (body.ok()) answer = *std::move(body);
    (void)co_await exchange.Respond(status, http::Headers(), std::move(answer));
  }
};

async::Task<void> Run(std::string_view bytes, size_t piece) {
  async::Loop& loop = *async::Loop::Current();
  Echo echo;
  Sink sink(loop);
  http::H2Options options;
  options.max_concurrent_streams = 8;
  options.idle_frame_burst = 50;
  options.reset_burst = 20;
  sink.session = http::MakeH2ServerSession(sink, echo, options);
  sink.WantWrite();
  absl::Status status;
  while (!bytes.empty() && status.ok() && !sink.closing) {
    status = sink.session->Consume(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    sink.WantWrite();
  }
  sink.session->Closed(absl::CancelledError("The input is over."));
  // What the end has woken runs before the handler is gone.
  for (int i = 0; i < 3; ++i) co_await loop.Resume();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  bytes.append("\0\0\0\4\0\0\0\0\0", 9);  // empty SETTINGS
  bytes.append(fuzz::Text(data + 1, size - 1));
  async::BlockOn(Run(bytes, data[0] % 2 == 0 ? bytes.size() : size_t{data[0]}));
  return 0;
}
