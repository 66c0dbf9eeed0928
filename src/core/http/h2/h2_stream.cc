#include "core/http/h2/h2_stream.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "base/status.h"
#include "core/http/h2/h2_session.h"

namespace starling::http {

H2Stream::H2Stream(H2Session& session) : session_(&session) {}

async::Task<absl::StatusOr<std::optional<Bytes>>> H2Stream::ReadInput() {
  const auto keep = shared_from_this();
  while (true) {
    if (!input_.empty()) {
      Bytes piece(std::exchange(input_, {}));
      OpenWindow(piece.size());
      co_return piece;
    }
    if (input_too_large_) co_return ResourceExhausted("The body is larger than ", input_limit_, " bytes.");
    if (!failure_.ok()) co_return failure_;
    if (!input_failure_.ok()) co_return input_failure_;
    if (input_ended_) co_return std::nullopt;
    if (closed_) co_return Cancelled("The stream is closed.");
    co_await reader_;
  }
}

async::Task<absl::Status> H2Stream::WriteOutput(Bytes bytes) {
  const auto keep = shared_from_this();
  QueueOutput(std::move(bytes));
  if (output_full()) co_await writer_;
  co_return failure_;
}

void H2Stream::QueueOutput(Bytes bytes) {
  if (session_ == nullptr || !failure_.ok() || bytes.empty()) return;
  if (output_bytes_ == 0) progress_ = std::chrono::steady_clock::now();
  output_bytes_ += bytes.size();
  output_.push_back(std::move(bytes));
  if (std::exchange(output_deferred_, false)) nghttp2_session_resume_data(session_->ng(), id_);
  session_->WantWrite();
}

bool H2Stream::output_full() const {
  return session_ != nullptr && failure_.ok() && output_bytes_ >= session_->options().max_output_bytes;
}

void H2Stream::EndOutput(Headers trailers) {
  if (session_ == nullptr || !failure_.ok() || output_ended_) return;
  output_ended_ = true;
  trailers_ = std::move(trailers);
  if (std::exchange(output_deferred_, false)) nghttp2_session_resume_data(session_->ng(), id_);
  session_->WantWrite();
}

void H2Stream::Reset(uint32_t code) {
  if (session_ == nullptr || id_ == 0) return;
  nghttp2_submit_rst_stream(session_->ng(), NGHTTP2_FLAG_NONE, id_, code);
  session_->WantWrite();
}

void H2Stream::Fail(const absl::Status& reason) {
  if (failure_.ok()) failure_ = reason;
  if (session_ == nullptr) return;
  session_->Wake(reader_);
  session_->Wake(writer_);
}

void H2Stream::FailInput(const absl::Status& reason) {
  input_failure_ = reason;
  if (session_ != nullptr) session_->Wake(reader_);
}

void H2Stream::OnData(std::string_view data) {
  body_bytes_ += data.size();
  if (body_bytes_ > input_limit_ && !input_too_large_) input_limit_ = LargerInputLimit();
  if (body_bytes_ > input_limit_ || !failure_.ok()) {
    // Nobody will read it. The connection goes on, this stream's window stays shut.
    input_too_large_ = input_too_large_ || failure_.ok();
    nghttp2_session_consume_connection(session_->ng(), data.size());
  } else {
    input_.append(data);
    counted_bytes_ += data.size();
    session_->buffered_input_ += data.size();
    if (session_->buffered_input_ <= session_->options_.buffered_input_bytes) {
      nghttp2_session_consume_connection(session_->ng(), data.size());
    } else {
      held_connection_bytes_ += data.size();
    }
  }
  session_->Wake(reader_);
}

void H2Stream::OnInputEnd() {
  input_ended_ = true;
  session_->Wake(reader_);
}

void H2Stream::OnClosed(uint32_t code) {
  closed_ = true;
  close_code_ = code;
  if (failure_.ok() && (code != NGHTTP2_NO_ERROR || !input_ended_)) {
    reset_by_peer_ = true;
    failure_ = Cancelled("The stream was reset: ", nghttp2_http2_strerror(code), ".");
  }
  output_.clear();
  output_bytes_ = 0;
  held_connection_bytes_ = 0;
  session_->buffered_input_ -= std::exchange(counted_bytes_, 0);
  session_->Wake(reader_);
  session_->Wake(writer_);
  session_ = nullptr;
}

bool H2Stream::CountHeader(std::string_view name, std::string_view value) {
  header_bytes_ += name.size() + value.size() + 32;
  return header_bytes_ <= session_->options().max_header_list_bytes;
}

void H2Stream::OpenWindow(size_t size) {
  if (session_ == nullptr) return;
  session_->buffered_input_ -= std::min(size, counted_bytes_);
  counted_bytes_ -= std::min(size, counted_bytes_);
  if (held_connection_bytes_ > 0) {
    nghttp2_session_consume_connection(session_->ng(), std::exchange(held_connection_bytes_, 0));
  }
  if (!input_ended_) nghttp2_session_consume_stream(session_->ng(), id_, size);
  // Only if that made a WINDOW_UPDATE.
  if (nghttp2_session_want_write(session_->ng()) != 0) session_->WantWrite();
}

}  // namespace starling::http
