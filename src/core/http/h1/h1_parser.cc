#include "core/http/h1/h1_parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/status.h"

namespace starling::http {
namespace {

constexpr int kStop = HPE_USER;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// Of the connection, not of the request (RFC 9110, section 7.6.1).
bool HopByHop(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "http2-settings"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

Http1Parser& Self(llhttp_t* parser) { return *static_cast<Http1Parser*>(parser->data); }

}  // namespace

struct Http1Callbacks {
  static int Target(llhttp_t* parser, const char* at, size_t size) {
    Http1Parser& self = Self(parser);
    if (self.target_.size() + size > self.options_.max_target_bytes)
      return self.Fail(414, Refused::kTargetTooLong, "The request target is too long.");
    self.target_.append(at, size);
    return 0;
  }
  static int Grow(Http1Parser& self, std::string& text, const char* at, size_t size) {
    self.header_bytes_ += size;
    if (self.header_bytes_ > self.options_.max_header_bytes)
      return self.Fail(431, Refused::kHeaderTooLarge, "The request's headers are too large.");
    text.append(at, size);
    return 0;
  }
  static int Field(llhttp_t* parser, const char* at, size_t size) {
    return Grow(Self(parser), Self(parser).name_, at, size);
  }
  static int Value(llhttp_t* parser, const char* at, size_t size) {
    return Grow(Self(parser), Self(parser).value_, at, size);
  }
  static int ValueComplete(llhttp_t* parser) { return Self(parser).TakeHeader(); }
  static int ChunkExtension(llhttp_t* parser, const char*, size_t size) {
    // They mean nothing to us: all that they cost is counted with the headers.
    Http1Parser& self = Self(parser);
    self.header_bytes_ += size;
    return self.header_bytes_ > self.options_.max_header_bytes
               ? self.Fail(431, Refused::kHeaderTooLarge, "The chunk extensions are too large.")
               : 0;
  }
  static int HeadersComplete(llhttp_t* parser) { return Self(parser).HeadersComplete(); }
  static int Body(llhttp_t* parser, const char* at, size_t size) {
    Http1Parser& self = Self(parser);
    self.body_bytes_ += size;
    if (!self.BodyFits(self.body_bytes_))
      return self.Fail(413, Refused::kBodyTooLarge, "The request's body is too large.");
    self.body.append(at, size);
    return 0;
  }
  static int MessageComplete(llhttp_t* parser) {
    Self(parser).message_done_ = true;
    return HPE_PAUSED;
  }

  static const llhttp_settings_t* Settings() {
    static const llhttp_settings_t settings = [] {
      llhttp_settings_t made;
      llhttp_settings_init(&made);
      made.on_url = Target;
      made.on_header_field = Field;
      made.on_header_value = Value;
      made.on_header_value_complete = ValueComplete;
      made.on_chunk_extension_name = ChunkExtension;
      made.on_chunk_extension_value = ChunkExtension;
      made.on_headers_complete = HeadersComplete;
      made.on_body = Body;
      made.on_message_complete = MessageComplete;
      return made;
    }();
    return &settings;
  }
};

Http1Parser::Http1Parser(const Http1Options& options)
    : options_(options), max_body_bytes_(options.max_body_bytes) {
  llhttp_init(&parser_, HTTP_REQUEST, Http1Callbacks::Settings());
  parser_.data = this;
}

size_t Http1Parser::Parse(std::string_view bytes) {
  if (message_done_ || error_status_ != 0 || bytes.empty()) return 0;
  begun_ = true;
  const llhttp_errno_t rv = llhttp_execute(&parser_, bytes.data(), bytes.size());
  if (rv == HPE_OK) return bytes.size();
  if (error_status_ == 0 && !message_done_) {
    const char* reason = llhttp_get_error_reason(&parser_);
    if (rv == HPE_INVALID_VERSION && std::string_view(reason) == "Invalid HTTP version") {
      Fail(505, Refused::kNotSupported, "Only HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here.");
    } else {
      Fail(400, Refused::kMalformed,
           StrCat("Malformed HTTP request (", reason == nullptr ? llhttp_errno_name(rv) : reason, ")."));
    }
  }
  const char* position = llhttp_get_error_pos(&parser_);
  return position == nullptr ? bytes.size() : static_cast<size_t>(position - bytes.data());
}

void Http1Parser::Next() {
  llhttp_reset(&parser_);
  request.method.clear();
  request.path.clear();
  request.query.clear();
  request.authority.clear();
  request.headers.Clear();
  body.clear();
  target_.clear();
  name_.clear();
  value_.clear();
  header_bytes_ = header_count_ = host_count_ = 0;
  transfer_encoding_.clear();
  body_bytes_ = 0;
  max_body_bytes_ = options_.max_body_bytes;
  asked_for_more_ = false;
  has_transfer_encoding_ = has_length_ = begun_ = headers_done_ = message_done_ = keep_alive_ =
      expects_continue_ = false;
}

int Http1Parser::Fail(int status, Refused reason, std::string_view why) {
  error_status_ = status;
  error_reason_ = reason;
  error_ = why;
  return kStop;
}

int Http1Parser::TakeHeader() {
  std::string name = Lower(std::move(name_));
  const std::string_view value = Trim(value_);
  name_.clear();
  if (++header_count_ > options_.max_header_count)
    return Fail(431, Refused::kTooManyHeaders, "The request has too many headers.");
  if (headers_done_) {
    value_.clear();  // trailers of a chunked body mean nothing to us
    return 0;
  }
  if (name == "host") {
    ++host_count_;
    request.authority = value;
  } else if (name == "content-length") {
    has_length_ = true;
  } else if (name == "transfer-encoding") {
    StrAppend(&transfer_encoding_, has_transfer_encoding_ ? "," : "", Lower(std::string(value)));
    has_transfer_encoding_ = true;
  } else if (name == "expect") {
    if (Lower(std::string(value)) != "100-continue")
      return Fail(417, Refused::kExpectation, "The only expectation known here is 100-continue.");
    expects_continue_ = true;
  }
  if (!HopByHop(name)) request.headers.Add(std::move(name), std::string(value));
  value_.clear();
  return 0;
}

// origin-form, absolute-form or "*" (RFC 9112, section 3.2).
bool Http1Parser::SplitTarget() {
  std::string_view target = target_;
  if (target.empty()) return false;
  if (target[0] != '/' && target != "*") {
    const size_t scheme = target.find("://");
    if (scheme == std::string_view::npos) return false;
    const std::string name = Lower(std::string(target.substr(0, scheme)));
    if (name != "http" && name != "https") return false;
    const std::string_view rest = target.substr(scheme + 3);
    const size_t slash = rest.find_first_of("/?");
    request.authority = rest.substr(0, slash);
    target = slash == std::string_view::npos ? "/" : rest.substr(slash);
    if (target[0] == '?') return false;
  }
  target = target.substr(0, target.find('#'));
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  return true;
}

// Where the body ends must be beyond doubt (RFC 9112, sections 6.1 and 6.3).
int Http1Parser::CheckTransferEncoding(bool http_1_0) {
  if (http_1_0 || has_length_) {
    return Fail(400, Refused::kMalformed, "Malformed HTTP request (the length of its body is ambiguous).");
  }
  if (transfer_encoding_ == "chunked") return 0;
  const size_t comma = transfer_encoding_.rfind(',');
  const std::string_view all = transfer_encoding_;
  const bool ends_chunked = comma != std::string::npos && Trim(all.substr(comma + 1)) == "chunked";
  if (!ends_chunked || all.substr(0, comma).find("chunked") != std::string_view::npos) {
    return Fail(400, Refused::kMalformed,
                "Malformed HTTP request (its transfer encoding must end with one chunked).");
  }
  return Fail(501, Refused::kNotSupported, "The only transfer encoding known here is chunked.");
}

bool Http1Parser::BodyFits(uint64_t bytes) {
  if (bytes > max_body_bytes_ && options_.body_limits != nullptr && !std::exchange(asked_for_more_, true)) {
    const auto more = options_.body_limits->For(request);
    if (more.has_value()) max_body_bytes_ = std::max(max_body_bytes_, more->max_bytes);
  }
  return bytes <= max_body_bytes_;
}

int Http1Parser::HeadersComplete() {
  const int major = llhttp_get_http_major(&parser_), minor = llhttp_get_http_minor(&parser_);
  if (major != 1 || minor > 1)
    return Fail(505, Refused::kNotSupported, "Only HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here.");
  const auto method = static_cast<llhttp_method_t>(llhttp_get_method(&parser_));
  request.method = llhttp_method_name(method);
  if (method == HTTP_CONNECT) return Fail(501, Refused::kNotSupported, "This server is no proxy.");
  if (host_count_ > 1 || (minor == 1 && host_count_ == 0)) {
    return Fail(400, Refused::kMalformed, "Malformed HTTP request (there must be one Host header).");
  }
  if (!SplitTarget())
    return Fail(400, Refused::kMalformed, "Malformed HTTP request (the request target is not a path).");
  if (has_transfer_encoding_ && CheckTransferEncoding(minor == 0) != 0) return kStop;
  if (has_length_ && !BodyFits(parser_.content_length))
    return Fail(413, Refused::kBodyTooLarge, "The request's body is too large.");
  if (minor == 0) expects_continue_ = false;
  keep_alive_ = llhttp_should_keep_alive(&parser_) == 1;
  headers_done_ = true;
  // Offers to change the protocol are declined by going on.
  parser_.upgrade = 0;
  return 0;
}

}  // namespace starling::http
