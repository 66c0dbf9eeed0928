#include "wire_facts.h"

#include <atomic>
#include <utility>

#include "base/status.h"
#include "core/grpc/frame.h"
#include "core/http/gzip.h"

namespace starling::interop {
namespace {

constexpr char kEchoInitial[] = "x-grpc-test-echo-initial";
constexpr char kEchoTrailing[] = "x-grpc-test-echo-trailing-bin";
constexpr size_t kMaxMessage = 16 * 1024 * 1024;

class WireExchange final : public http::Exchange {
 public:
  WireExchange(http::Exchange& inner, const std::string& id, std::shared_ptr<WireFacts> facts)
      : inner_(inner), request_(inner.request()), facts_(std::move(facts)), frames_(kMaxMessage) {
    request_.headers = http::Headers();
    for (const auto& [name, value] : inner.request().headers) {
      if (name != "x-request-id") request_.headers.Add(name, value);
    }
    request_.headers.Add("x-request-id", id);
  }

  const http::Request& request() const override { return request_; }
  const CancelToken& cancel() const override { return inner_.cancel(); }

  async::Task<absl::StatusOr<std::optional<Bytes>>> Read() override {
    auto piece = co_await inner_.Read();
    if (piece.ok() && piece->has_value()) Note(**piece);
    co_return piece;
  }

  async::Task<absl::Status> Respond(int status, http::Headers headers, Bytes body,
                                    http::Headers trailers) override {
    Echo(kEchoInitial, &headers);
    Echo(kEchoTrailing, trailers.empty() ? &headers : &trailers);
    Bytes wanted = AsWanted(std::move(body));
    co_return co_await inner_.Respond(status, std::move(headers), std::move(wanted), std::move(trailers));
  }
  async::Task<absl::Status> Start(int status, http::Headers headers) override {
    Echo(kEchoInitial, &headers);
    return inner_.Start(status, std::move(headers));
  }
  async::Task<absl::Status> Write(Bytes chunk) override { return inner_.Write(AsWanted(std::move(chunk))); }
  async::Task<absl::Status> Finish(http::Headers trailers) override {
    Echo(kEchoTrailing, &trailers);
    return inner_.Finish(std::move(trailers));
  }
  void Abort(uint32_t http2_code) override { inner_.Abort(http2_code); }
  bool response_started() const override { return inner_.response_started(); }

 private:
  void Note(const Bytes& piece) {
    frames_.Feed(piece);
    while (true) {
      const auto frame = frames_.Next();
      if (!frame.ok() || !frame->has_value()) return;
      facts_->request_compressed.push_back((**frame).compressed);
    }
  }

  void Echo(const char* name, http::Headers* out) const {
    if (const auto value = request_.headers.Get(name)) out->Add(name, std::string(*value));
  }

  // `frame` is one whole message or nothing.
  Bytes AsWanted(Bytes frame) {
    if (frame.empty() || facts_->compress_response.empty()) return frame;
    const bool compress = facts_->compress_response.front();
    facts_->compress_response.pop_front();
    if (compress || frame.view()[0] == 0) return frame;
    const auto plain = http::Gunzip(frame.view().substr(grpc::kFrameHeader), kMaxMessage);
    return plain.ok() ? grpc::MakeFrame(false, *plain) : Bytes();
  }

  http::Exchange& inner_;
  http::Request request_;
  const std::shared_ptr<WireFacts> facts_;
  grpc::FrameReader frames_;
};

}  // namespace

std::shared_ptr<WireFacts> WireBook::Begin(const std::string& id) {
  std::lock_guard lock(mutex_);
  return calls_[id] = std::make_shared<WireFacts>();
}

std::shared_ptr<WireFacts> WireBook::Find(const std::string& id) {
  std::lock_guard lock(mutex_);
  const auto found = calls_.find(id);
  return found != calls_.end() ? found->second : std::make_shared<WireFacts>();
}

void WireBook::End(const std::string& id) {
  std::lock_guard lock(mutex_);
  calls_.erase(id);
}

async::Task<void> WireEdge::Handle(http::Exchange& exchange) {
  static std::atomic<int64_t> calls{0};
  const std::string id = StrCat("call-", calls.fetch_add(1));
  WireExchange noted(exchange, id, book_.Begin(id));
  co_await inner_.Handle(noted);
  book_.End(id);
}

}  // namespace starling::interop
