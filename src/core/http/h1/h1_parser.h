// HTTP/1 requests out of bytes, on llhttp. Internal to core/http.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/exchange.h"
#include "core/http/h1/h1_options.h"

namespace starling::http {

// One message at a time. Never looks beyond its end, so pipelined requests stay with the caller.
class Http1Parser {
 public:
  explicit Http1Parser(const Http1Options& options);
  Http1Parser(const Http1Parser&) = delete;

  // Takes bytes up to the end of the message or an error; returns how many. Body bytes are appended to `body`.
  size_t Parse(std::string_view bytes);
  // Forgets the message; only after its end.
  void Next();

  bool begun() const { return begun_; }  // a byte of the message was seen
  bool headers_done() const { return headers_done_; }
  bool message_done() const { return message_done_; }
  // The status to refuse the message with and why, once it is wrong; nothing more is parsed then. `body_too_large` past
  // max_body_bytes, which only shows after the headers when there is no Content-Length.
  int error_status() const { return error_status_; }
  const std::string& error() const { return error_; }
  Refused error_reason() const { return error_reason_; }

  // Facts of a message whose headers are done.
  Request request;
  std::string body;  // received and not yet taken away
  bool keep_alive() const { return keep_alive_; }
  bool http_1_0() const { return llhttp_get_http_minor(&parser_mutable()) == 0; }
  bool expects_continue() const { return expects_continue_; }

 private:
  friend struct Http1Callbacks;
  llhttp_t& parser_mutable() const { return const_cast<llhttp_t&>(parser_); }
  // Both return the value that makes llhttp stop.
  int Fail(int status, Refused reason, std::string_view why);
  int TakeHeader();
  int HeadersComplete();
  int CheckTransferEncoding(bool http_1_0);
  bool SplitTarget();
  bool BodyFits(uint64_t bytes);

  const Http1Options& options_;
  llhttp_t parser_;
  std::string target_, name_, value_;
  std::string transfer_encoding_;  // of all headers of that name, in lower case
  size_t header_bytes_ = 0, header_count_ = 0, host_count_ = 0;
  uint64_t body_bytes_ = 0;
  size_t max_body_bytes_;  // of this message
  bool asked_for_more_ = false;
  bool has_transfer_encoding_ = false;
  bool has_length_ = false;
  bool begun_ = false, headers_done_ = false, message_done_ = false;
  bool keep_alive_ = false, expects_continue_ = false;
  int error_status_ = 0;
  Refused error_reason_ = Refused::kMalformed;
  std::string error_;
};

}  // namespace starling::http
