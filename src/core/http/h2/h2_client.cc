#include "core/http/h2/h2_client.h"

#include <nghttp2/nghttp2.h>

#include <charconv>

#include "base/status.h"
#include "core/http/h2/h2_output.h"

namespace starling::http {

async::Task<absl::Status> H2ClientStream::WaitHeaders() {
  const auto keep = shared_from_this();
  while (!headers_done_ && failure_.ok() && !closed_) co_await reader_;
  if (headers_done_) co_return absl::OkStatus();
  co_return failure_.ok() ? Internal("A response without headers.") : failure_;
}

async::Task<absl::Status> H2ClientStream::WaitEnd(size_t limit) {
  const auto keep = shared_from_this();
  gather_ = true;
  input_limit_ = limit;
  while (!input_ended_ && failure_.ok() && !closed_) co_await reader_;
  if (input_too_large_) co_return ResourceExhausted("The response is larger than ", limit, " bytes.");
  co_return input_ended_ ? absl::OkStatus() : failure_;
}

bool H2ClientStream::not_processed() const {
  return !headers_done_ && (!sent_ || (closed_ && close_code() == NGHTTP2_REFUSED_STREAM));
}

bool H2ClientStream::OnHeader(std::string_view name, std::string_view value) {
  if (!CountHeader(name, value)) {
    Fail(ResourceExhausted("The response's headers are too large."));
    Reset(NGHTTP2_ENHANCE_YOUR_CALM);
    return header_bytes_ <= 2 * size_t{session_->options().max_header_list_bytes};
  }
  if (headers_done_) {
    trailers_in_.Add(std::string(name), std::string(value));
  } else if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), status_);
  } else {
    headers_.Add(std::string(name), std::string(value));
  }
  return true;
}

void H2ClientStream::OnHeadersDone(bool) {
  if (headers_done_) return;
  if (status_ / 100 == 1) {  // informational: the real ones follow
    status_ = 0;
    headers_ = Headers();
    return;
  }
  headers_done_ = true;
  if (!gather_) session_->Wake(reader_);
}

void H2ClientStream::OnData(std::string_view data) {
  if (!gather_) return H2Stream::OnData(data);
  nghttp2_session_consume(session_->ng(), id(), data.size());
  if (input_.size() + data.size() <= input_limit_) {
    input_.append(data);
    return;
  }
  if (std::exchange(input_too_large_, true)) return;
  Fail(absl::ResourceExhaustedError("The response is too large."));
  Reset(NGHTTP2_CANCEL);
}

H2ClientSession::H2ClientSession(Connection& connection, const H2Options& options)
    : H2Session(Side::kClient, connection, options) {}

absl::StatusOr<std::shared_ptr<H2ClientStream>> H2ClientSession::Open(const Target& target,
                                                                      const Headers& headers, Bytes body,
                                                                      bool last) {
  if (!usable()) return Unavailable("The connection takes no more requests.");
  auto stream = std::make_shared<H2ClientStream>(*this);
  std::vector<nghttp2_nv> fields;
  fields.reserve(headers.size() + 4);
  fields.push_back(H2Field(":method", target.method));
  fields.push_back(H2Field(":scheme", target.scheme));
  fields.push_back(H2Field(":path", target.path));
  fields.push_back(H2Field(":authority", target.authority));
  for (const auto& [name, value] : headers) fields.push_back(H2Field(name, value));
  if (!body.empty()) {
    stream->progress_ = std::chrono::steady_clock::now();
    stream->output_bytes_ = body.size();
    stream->output_.push_back(std::move(body));
  }
  stream->output_ended_ = last;
  const auto provider = H2OutputOf(*stream);
  const int32_t id =
      nghttp2_submit_request(ng_, nullptr, fields.data(), fields.size(),
                             stream->output_bytes_ > 0 || !last ? &provider : nullptr, nullptr);
  if (id < 0) {
    // Out of stream ids (after 2^30 calls): the next call gets a new connection.
    if (id == NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE) Drain();
    return Unavailable("HTTP/2: ", nghttp2_strerror(id), ".");
  }
  AddStream(id, stream);
  WantWrite();
  return stream;
}

void H2ClientSession::Closed(const absl::Status& reason) {
  const auto keep = shared_from_this();
  const bool first = alive();
  H2Session::Closed(reason);
  if (first && on_closed_) std::exchange(on_closed_, nullptr)(failure_.ok() ? reason : failure_);
}

void H2ClientSession::OnGoAway(int32_t, uint32_t code) {
  peer_goes_away_ = true;
  draining_ = true;
  if (code != NGHTTP2_NO_ERROR) {
    failure_ = Unavailable("The peer ended the connection: ", nghttp2_http2_strerror(code), ".");
  }
}

}  // namespace starling::http
