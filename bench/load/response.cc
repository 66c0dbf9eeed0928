#include "load/response.h"

#include <charconv>

namespace starling::bench {
namespace {

bool HasName(std::string_view line, std::string_view lower_name) {
  if (line.size() <= lower_name.size() || line[lower_name.size()] != ':') return false;
  for (size_t i = 0; i < lower_name.size(); ++i) {
    // Letters and the hyphen: setting the bit of lower case changes nothing else that could match.
    if (static_cast<char>(line[i] | 0x20) != static_cast<char>(lower_name[i] | 0x20)) return false;
  }
  return true;
}

std::string_view ValueOf(std::string_view line) {
  line.remove_prefix(line.find(':') + 1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

bool ToNumber(std::string_view text, size_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<ResponseEnd> FindEnd(std::string_view bytes) {
  const size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return std::nullopt;
  ResponseEnd end;
  size_t status = 0, length = 0;
  if (!bytes.starts_with("HTTP/1.") || bytes.size() < 12 || !ToNumber(bytes.substr(9, 3), &status))
    return end;
  bool has_length = status == 204 || status == 304;
  std::string_view lines = bytes.substr(0, head + 2);
  while (!lines.empty()) {
    const size_t size = lines.find("\r\n");
    const std::string_view line = lines.substr(0, size);
    lines.remove_prefix(size + 2);
    if (HasName(line, "content-length")) {
      if (!ToNumber(ValueOf(line), &length)) return end;
      has_length = true;
    } else if (HasName(line, "connection")) {
      end.close = ValueOf(line) == "close";
    }
  }
  if (!has_length) return end;
  if (bytes.size() < head + 4 + length) return std::nullopt;
  end.status = static_cast<int>(status);
  end.size = head + 4 + length;
  return end;
}

}  // namespace starling::bench
