#include "core/http/h2/h2_callbacks.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <vector>

#include "core/http/h2/h2_output.h"
#include "core/http/h2/h2_session.h"

namespace starling::http {
namespace {

std::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

struct H2Callbacks {
  static H2Session& Self(void* user) { return *static_cast<H2Session*>(user); }

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    H2Session& self = Self(user);
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    auto stream = self.NewStream();
    if (stream == nullptr) {
      nghttp2_submit_rst_stream(self.ng_, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
      return 0;
    }
    self.AddStream(frame->hd.stream_id, std::move(stream));
    return 0;
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* user) {
    H2Stream* stream = Self(user).Find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (!stream->OnHeader(View(name, name_size), View(value, value_size))) {
      Self(user).Terminate(NGHTTP2_ENHANCE_YOUR_CALM, "a header list far over the limit",
                           Http2Limit::kHeaderList);
    }
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    H2Session& self = Self(user);
    const bool end_stream = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA: {
        if (frame->hd.type == NGHTTP2_DATA && frame->hd.length == 0 && !end_stream) {
          self.CountIdleFrame();
        } else {
          self.idle_frames_.Refund();
        }
        H2Stream* stream = self.Find(frame->hd.stream_id);
        if (stream == nullptr) return 0;
        if (frame->hd.type == NGHTTP2_HEADERS) stream->OnHeadersDone(end_stream);
        if (end_stream) stream->OnInputEnd();
        return 0;
      }
      case NGHTTP2_RST_STREAM:
        self.CountReset();
        return 0;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
          self.ping_waits_ = false;
          if (self.draining_) self.SendGoAway();
        } else {
          self.CountIdleFrame();
        }
        return 0;
      case NGHTTP2_SETTINGS:
      case NGHTTP2_PRIORITY:
        self.CountIdleFrame();
        return 0;
      case NGHTTP2_GOAWAY:
        self.OnGoAway(frame->goaway.last_stream_id, frame->goaway.error_code);
        return 0;
      default:
        return 0;
    }
  }

  static int OnData(nghttp2_session* ng, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
    H2Stream* stream = Self(user).Find(id);
    if (stream == nullptr) {
      nghttp2_session_consume_connection(ng, size);
      return 0;
    }
    stream->OnData(View(data, size));
    return 0;
  }

  static int OnFrameSent(nghttp2_session* ng, const nghttp2_frame* frame, void* user) {
    H2Session& self = Self(user);
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR &&
        self.options_.stats != nullptr) {
      Count(self.options_.stats->protocol_errors);
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
      if (frame->rst_stream.error_code == NGHTTP2_REFUSED_STREAM) self.Struck(Http2Limit::kStreams);
      // A peer can make us reset streams too, by sending what breaks the protocol (CVE-2025-8671).
      if (self.side_ == H2Session::Side::kServer && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) {
        self.CountReset();
      }
      return 0;
    }
    if (frame->hd.type == NGHTTP2_HEADERS && self.side_ == H2Session::Side::kClient) {
      if (H2Stream* stream = self.Find(frame->hd.stream_id)) stream->OnHeadersSent();
    }
    const bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                      (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (!ends || self.side_ != H2Session::Side::kServer) return 0;
    // The answer is complete: the rest of the request is not wanted (RFC 9113, section 8.1).
    H2Stream* stream = self.Find(frame->hd.stream_id);
    if (stream != nullptr && !stream->input_ended_) {
      nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  static int OnStreamClose(nghttp2_session* ng, int32_t id, uint32_t code, void* user) {
    H2Session& self = Self(user);
    const auto found = self.streams_.find(id);
    if (found == self.streams_.end()) return 0;
    const auto stream = std::move(found->second);
    self.streams_.erase(found);
    if (stream->held_connection_bytes_ > 0) {
      nghttp2_session_consume_connection(ng, std::exchange(stream->held_connection_bytes_, 0));
    }
    stream->OnClosed(code);
    self.OnStreamClosed(*stream);
    return 0;
  }

  // The output of a stream: its bytes go from the handler's buffers to the socket's in one copy.
  static ssize_t ReadOutput(nghttp2_session* ng, int32_t id, uint8_t*, size_t limit, uint32_t* flags,
                            nghttp2_data_source* source, void*) {
    auto& stream = *static_cast<H2Stream*>(source->ptr);
    const size_t size = std::min(limit, stream.output_bytes_);
    if (size == 0 && !stream.output_ended_) {
      stream.output_deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (size == stream.output_bytes_ && stream.output_ended_) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (!stream.trailers_.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto fields = H2Fields(stream.trailers_);
        if (nghttp2_submit_trailer(ng, id, fields.data(), fields.size()) != 0) {
          return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
      }
    }
    return static_cast<ssize_t>(size);
  }

  static int SendOutput(nghttp2_session*, nghttp2_frame*, const uint8_t* head, size_t size,
                        nghttp2_data_source* source, void* user) {
    H2Session& self = Self(user);
    auto& stream = *static_cast<H2Stream*>(source->ptr);
    self.out_->append(reinterpret_cast<const char*>(head), 9);
    stream.output_bytes_ -= size;
    stream.progress_ = std::chrono::steady_clock::now();
    while (size > 0) {
      Bytes& front = stream.output_.front();
      const size_t piece = std::min(size, front.size());
      self.out_->append(front.data(), piece);
      size -= piece;
      if (piece == front.size()) {
        stream.output_.pop_front();
      } else {
        front = front.Slice(piece);
      }
    }
    if (stream.writer_.waiting() && !stream.output_full()) self.Wake(stream.writer_);
    return 0;
  }
};

const nghttp2_session_callbacks* H2SessionCallbacks() {
  static const nghttp2_session_callbacks* const made = [] {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, H2Callbacks::OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, H2Callbacks::OnHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, H2Callbacks::OnFrame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, H2Callbacks::OnData);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, H2Callbacks::OnFrameSent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, H2Callbacks::OnStreamClose);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, H2Callbacks::SendOutput);
    return callbacks;
  }();
  return made;
}

nghttp2_data_provider H2OutputOf(H2Stream& stream) {
  nghttp2_data_provider provider;
  provider.source.ptr = &stream;
  provider.read_callback = H2Callbacks::ReadOutput;
  return provider;
}

std::vector<nghttp2_nv> H2Fields(const Headers& headers) {
  std::vector<nghttp2_nv> fields;
  fields.reserve(headers.size() + 4);
  for (const auto& [name, value] : headers) fields.push_back(H2Field(name, value));
  return fields;
}

nghttp2_nv H2Field(std::string_view name, std::string_view value) {
  // nghttp2 copies names and values, and does not write to them.
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace starling::http
