// An exchange that adds headers to whatever response is given, packs it if its client asks for that, and remembers its status.
// Internal to core/http.
#pragma once

#include <string>
#include <utility>

#include "core/http/compression.h"
#include "core/http/exchange.h"
#include "core/http/routing/negotiation.h"

namespace starling::http {

// `inner` and `compression` outlive it. Adds no coroutine of its own but where it packs.
class AnsweringExchange final : public Exchange {
 public:
  AnsweringExchange(Exchange& inner, Headers added, const CompressionOptions& compression)
      : inner_(inner), added_(std::move(added)), compression_(compression) {}

  int status() const { return status_; }  // 0: none given yet

  const Request& request() const override { return inner_.request(); }
  const CancelToken& cancel() const override { return inner_.cancel(); }
  async::Task<absl::StatusOr<std::optional<Bytes>>> Read() override { return inner_.Read(); }
  async::Task<absl::Status> Respond(int status, Headers headers, Bytes body, Headers trailers) override {
    AddTo(status, &headers);
    if (IsCompressible(compression_, status, headers, body)) {
      headers.Add("vary", "accept-encoding");
      if (AcceptsCoding(request().headers.Get("accept-encoding").value_or(""), "gzip")) {
        return Pack(status, std::move(headers), std::move(body));
      }
    }
    return Send(status, std::move(headers), std::move(body), std::move(trailers));
  }
  async::Task<absl::Status> Start(int status, Headers headers) override {
    AddTo(status, &headers);
    return inner_.Start(status, std::move(headers));
  }
  async::Task<absl::Status> Write(Bytes chunk) override { return inner_.Write(std::move(chunk)); }
  async::Task<absl::Status> Finish(Headers trailers) override { return inner_.Finish(std::move(trailers)); }
  void Abort(uint32_t http2_code) override { inner_.Abort(http2_code); }
  bool response_started() const override { return inner_.response_started(); }

 private:
  async::Task<absl::Status> Send(int status, Headers headers, Bytes body, Headers trailers) {
    // HTTP/1.1 leaves the body of an answer to HEAD out by itself, and keeps its length.
    if (request().method == "HEAD" && request().version == Version::kHttp2) body = Bytes();
    return inner_.Respond(status, std::move(headers), std::move(body), std::move(trailers));
  }

  async::Task<absl::Status> Pack(int status, Headers headers, Bytes body) {
    co_await Compress(compression_, &headers, &body);
    co_return co_await Send(status, std::move(headers), std::move(body), {});
  }

  void AddTo(int status, Headers* headers) {
    status_ = status;
    headers->Append(std::move(added_));  // a response is given once
  }

  Exchange& inner_;
  Headers added_;
  const CompressionOptions& compression_;
  int status_ = 0;
};

}  // namespace starling::http
