// A string setting that must not be seen: it prints as stars everywhere, and only Reveal() gives it away.
#pragma once

#include <string>
#include <utility>

namespace starling::config {

// In a source it is the value itself, `file:/run/secrets/key` (the file's text without the final newline) or
// `env:NAME` (that environment variable).
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value, std::string reference = "")
      : value_(std::move(value)), reference_(std::move(reference)) {}

  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  // What may be shown: where it came from if it is a reference, stars if it was written out, nothing if
  // empty.
  std::string Masked() const {
    if (!reference_.empty()) return reference_;
    return value_.empty() ? "" : "********";
  }

 private:
  std::string value_;
  std::string reference_;
};

}  // namespace starling::config
