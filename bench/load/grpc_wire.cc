#include "load/grpc_wire.h"

namespace starling::bench {
namespace {

constexpr size_t kHeadSize = 9;
constexpr size_t kLargestFrame = 16384;  // a peer may not send more, unless it was allowed to
constexpr size_t kStreamAt = 5;          // of the stream's number in a frame
constexpr uint8_t kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kGoAway = 7,
                  kWindowUpdate = 8;
constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;
constexpr uint32_t kLargestWindow = 0x7fffffff, kFirstWindow = 65535;
constexpr char kInitialWindowSize = 4;

void AppendNumber(std::string* out, uint32_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

uint32_t ReadNumber(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

void AppendFrame(std::string* out, uint8_t type, uint8_t flags, std::string_view payload) {
  AppendNumber(out, static_cast<uint32_t>(payload.size()), 3);
  out->push_back(static_cast<char>(type));
  out->push_back(static_cast<char>(flags));
  AppendNumber(out, 0, 4);
  out->append(payload);
}

// A string as it is, without Huffman's code (RFC 7541, section 5.2).
void AppendText(std::string* block, std::string_view text) {
  size_t size = text.size();
  if (size < 127) {
    block->push_back(static_cast<char>(size));
  } else {
    block->push_back(127);
    for (size -= 127; size >= 128; size /= 128) block->push_back(static_cast<char>(size % 128 + 128));
    block->push_back(static_cast<char>(size));
  }
  block->append(text);
}

void SetStream(std::string* bytes, size_t frame, uint32_t stream) {
  std::string number;
  AppendNumber(&number, stream, 4);
  bytes->replace(frame + kStreamAt, number.size(), number);
}

}  // namespace

std::string GrpcWire::Request(std::string_view authority, std::string_view path, const Metadata& metadata,
                              std::string_view message) {
  // Of the static table: 3 is ":method: POST", 6 ":scheme: http", 4 and 1 the names ":path" and ":authority". Nothing enters the
  // dynamic table, so that a block means the same each time.
  std::string block = "\x83\x86\x04";
  AppendText(&block, path);
  block.push_back(1);
  AppendText(&block, authority);
  Metadata all = {{"te", "trailers"}, {"content-type", "application/grpc"}};
  all.insert(all.end(), metadata.begin(), metadata.end());
  for (const auto& [name, value] : all) {
    block.push_back(0);
    AppendText(&block, name);
    AppendText(&block, value);
  }
  std::string framed(1, '\0');  // not compressed
  AppendNumber(&framed, static_cast<uint32_t>(message.size()), 4);
  framed.append(message);
  std::string request;
  AppendFrame(&request, kHeaders, kEndHeaders, block);
  AppendFrame(&request, kData, kEndStream, framed);
  return request;
}

std::string GrpcWire::Call(std::string_view request) {
  std::string bytes;
  if (stream_ == 0) {
    bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    std::string window = {0, kInitialWindowSize};
    AppendNumber(&window, kLargestWindow, 4);
    AppendFrame(&bytes, kSettings, 0, window);
    std::string more;
    AppendNumber(&more, kLargestWindow - kFirstWindow, 4);
    AppendFrame(&bytes, kWindowUpdate, 0, more);
  }
  stream_ = stream_ == 0 ? 1 : stream_ + 2;
  got_message_ = false;
  const size_t headers = bytes.size();
  bytes.append(request);
  SetStream(&bytes, headers, stream_);
  SetStream(&bytes, headers + kHeadSize + ReadNumber(request.substr(0, 3)), stream_);
  return bytes;
}

GrpcWire::Event GrpcWire::Take(std::string* received, std::string* replies) {
  Event event = Event::kNothing;
  size_t taken = 0;
  while (event == Event::kNothing && received->size() - taken >= kHeadSize) {
    const std::string_view rest = std::string_view(*received).substr(taken);
    const size_t size = ReadNumber(rest.substr(0, 3));
    if (size > kLargestFrame) return Event::kMalformed;
    if (rest.size() < kHeadSize + size) break;
    event = Handle({static_cast<uint8_t>(rest[3]), static_cast<uint8_t>(rest[4]),
                    ReadNumber(rest.substr(kStreamAt, 4)) & kLargestWindow, rest.substr(kHeadSize, size)},
                   replies);
    taken += kHeadSize + size;
  }
  received->erase(0, taken);
  return event;
}

GrpcWire::Event GrpcWire::Handle(const Frame& frame, std::string* replies) {
  const bool acknowledges = (frame.flags & kAck) != 0;
  if (frame.type == kSettings && !acknowledges) AppendFrame(replies, kSettings, kAck, "");
  if (frame.type == kPing && !acknowledges) AppendFrame(replies, kPing, kAck, frame.payload);
  if (frame.type == kGoAway) return Event::kGoingAway;
  if (frame.stream != stream_ || stream_ == 0) return Event::kNothing;
  if (frame.type == kReset) return Event::kFailed;
  if (frame.type == kData && !frame.payload.empty()) got_message_ = true;
  const bool ends = (frame.type == kData || frame.type == kHeaders) && (frame.flags & kEndStream) != 0;
  if (!ends) return Event::kNothing;
  return got_message_ && frame.type == kHeaders ? Event::kSucceeded : Event::kFailed;
}

}  // namespace starling::bench
