// What a listener counts. Read by whoever exports metrics.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace starling::http {

// What of an HTTP/2 peer was too much (see H2Options); each but the last two ends the connection.
enum class Http2Limit {
  kResets,         // streams reset
  kControlFrames,  // frames that carry nothing: PING, SETTINGS, PRIORITY, empty DATA
  kHeaderList,     // a header list over twice its limit
  kContinuations,  // CONTINUATION frames of one header list
  kAnswers,        // answers to control frames that the peer does not take
  kSilence,        // no answer to our PING
  kStalledStream,  // a stream whose output the peer does not take; the stream is reset
  kStreams,        // more streams than allowed; the stream is refused
};
inline constexpr std::array<const char*, 8> kHttp2LimitNames = {
    "resets",  "control_frames", "header_list",    "continuations",
    "answers", "silence",        "stalled_stream", "streams"};

// Any thread. Counters only go up, except `connections_open` and `requests_in_flight`.
struct Stats {
  std::atomic<int64_t> connections_accepted{0};
  std::atomic<int64_t> connections_open{0};
  std::atomic<int64_t> connections_refused{0};  // over the limit, or a Unix peer of another user
  std::atomic<int64_t> tls_failures{0};         // handshakes that failed or took too long
  std::atomic<int64_t> protocol_errors{0};      // connections that ended because of what the peer sent
  std::atomic<int64_t> requests_in_flight{0};  // HTTP/1.1 alone: HTTP/2 streams are counted by their handlers
  std::array<std::atomic<int64_t>, 6> responses{};  // HTTP/1.1, by the first digit of their status
  std::array<std::atomic<int64_t>, kHttp2LimitNames.size()> http2_limits{};  // by Http2Limit
  std::atomic<int64_t> bytes_read{0};
  std::atomic<int64_t> bytes_written{0};
};

inline void Count(std::atomic<int64_t>& counter, int64_t n = 1) {
  counter.fetch_add(n, std::memory_order_relaxed);
}

}  // namespace starling::http
