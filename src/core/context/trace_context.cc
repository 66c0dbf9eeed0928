#include "core/context/trace_context.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace starling {
namespace {

void AppendHex(std::string* out, const uint8_t* bytes, size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const size_t begin = out->size();
  out->resize(begin + 2 * size);
  char* digit = out->data() + begin;
  for (size_t i = 0; i < size; ++i) {
    *digit++ = kDigits[bytes[i] >> 4];
    *digit++ = kDigits[bytes[i] & 15];
  }
}

// Lower-case digits only, as the specification asks.
bool ParseHex(std::string_view text, uint8_t* bytes) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    int digit;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else {
      return false;
    }
    bytes[i / 2] = static_cast<uint8_t>(i % 2 == 0 ? digit << 4 : bytes[i / 2] | digit);
  }
  return true;
}

std::array<uint8_t, 8> BigEndian(uint64_t value) {
  std::array<uint8_t, 8> bytes;
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(value);
  return bytes;
}

}  // namespace

uint64_t RandomId() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  uint64_t id = 0;
  while (id == 0) id = generator();
  return id;
}

bool TraceContext::valid() const {
  return span_id != 0 && std::any_of(trace_id.begin(), trace_id.end(), [](uint8_t b) { return b != 0; });
}

std::string TraceContext::TraceIdHex() const {
  std::string out;
  AppendHex(&out, trace_id.data(), trace_id.size());
  return out;
}

std::string TraceContext::SpanIdHex() const {
  std::string out;
  AppendHex(&out, BigEndian(span_id).data(), 8);
  return out;
}

std::string TraceContext::ToTraceparent() const {
  std::string out = "00-";
  out.reserve(55);
  AppendHex(&out, trace_id.data(), trace_id.size());
  out.push_back('-');
  AppendHex(&out, BigEndian(span_id).data(), 8);
  out.append(sampled ? "-01" : "-00");
  return out;
}

std::optional<TraceContext> TraceContext::FromTraceparent(std::string_view header) {
  if (header.size() < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  uint8_t version, flags;
  std::array<uint8_t, 8> span;
  TraceContext trace;
  if (!ParseHex(header.substr(0, 2), &version) || version == 0xff ||
      !ParseHex(header.substr(3, 32), trace.trace_id.data()) ||
      !ParseHex(header.substr(36, 16), span.data()) || !ParseHex(header.substr(53, 2), &flags)) {
    return std::nullopt;
  }
  if (header.size() > 55 && (version == 0 || header[55] != '-')) return std::nullopt;
  for (uint8_t byte : span) trace.span_id = trace.span_id << 8 | byte;
  trace.sampled = (flags & 1) != 0;
  if (!trace.valid()) return std::nullopt;
  return trace;
}

TraceContext TraceContext::NewRoot(bool sampled) {
  TraceContext trace;
  const uint64_t ids[2] = {RandomId(), RandomId()};
  std::memcpy(trace.trace_id.data(), ids, 16);
  trace.span_id = RandomId();
  trace.sampled = sampled;
  return trace;
}

TraceContext TraceContext::NewChild() const {
  TraceContext child = *this;
  child.span_id = RandomId();
  return child;
}

}  // namespace starling
