#include "backends/blob_s3/xml.h"

#include <absl/strings/numbers.h>

#include <cstdint>
#include <utility>

#include "base/strings.h"

namespace starling::blob_s3 {
namespace {

constexpr std::pair<std::string_view, char> kEntities[] = {
    {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
// Deeper than any answer of S3.
constexpr size_t kMaxPath = 4096;

void AppendUtf8(uint32_t point, std::string* out) {
  const auto tail = [&](int shift) { out->push_back(static_cast<char>(0x80 | ((point >> shift) & 0x3f))); };
  if (point < 0x80) {
    out->push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out->push_back(static_cast<char>(0xc0 | (point >> 6)));
    tail(0);
  } else if (point < 0x10000) {
    out->push_back(static_cast<char>(0xe0 | (point >> 12)));
    tail(6);
    tail(0);
  } else {
    out->push_back(static_cast<char>(0xf0 | (point >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
}

// "#38", "#x26" or "amp", without '&' and ';'.
bool AppendEntity(std::string_view name, std::string* out) {
  for (const auto& [known, character] : kEntities) {
    if (name == known) return out->push_back(character), true;
  }
  if (name.size() < 2 || name[0] != '#') return false;
  const bool hex = name[1] == 'x';
  uint32_t point = 0;
  const absl::string_view digits = ToAbsl(name.substr(hex ? 2 : 1));
  if (!(hex ? absl::SimpleHexAtoi(digits, &point) : absl::SimpleAtoi(digits, &point))) return false;
  if (point == 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
  AppendUtf8(point, out);
  return true;
}

bool AppendText(std::string_view raw, std::string* out) {
  while (true) {
    const size_t entity = raw.find('&');
    out->append(raw.substr(0, entity));
    if (entity == std::string_view::npos) return true;
    const size_t end = raw.find(';', entity);
    if (end == std::string_view::npos || !AppendEntity(raw.substr(entity + 1, end - entity - 1), out))
      return false;
    raw.remove_prefix(end + 1);
  }
}

}  // namespace

bool ForEachElement(std::string_view xml,
                    const std::function<void(std::string_view path, const std::string& text)>& visit) {
  std::string path, text;
  const auto leave = [&] {
    visit(path, text);
    text.clear();
    const size_t slash = path.rfind('/');
    path.resize(slash == std::string::npos ? 0 : slash);
  };
  while (true) {
    const size_t open = xml.find('<');
    if (!AppendText(xml.substr(0, open), &text)) return false;
    if (open == std::string_view::npos) return path.empty();
    const size_t close = xml.find('>', open);
    if (close == std::string_view::npos) return false;
    std::string_view tag = xml.substr(open + 1, close - open - 1);
    xml.remove_prefix(close + 1);
    if (tag.empty() || tag[0] == '!') return false;  // no server of S3 sends a document type
    if (tag[0] == '?') continue;
    if (tag[0] == '/') {
      const size_t slash = path.rfind('/');
      const size_t own = slash == std::string::npos ? 0 : slash + 1;
      if (path.empty() || tag.substr(1) != std::string_view(path).substr(own)) return false;
      leave();
      continue;
    }
    const bool empty = tag.back() == '/';
    const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/"));
    if (name.empty()) return false;
    text.clear();
    StrAppend(&path, path.empty() ? "" : "/", name);
    if (path.size() > kMaxPath) return false;
    if (empty) leave();
  }
}

std::string TextAt(std::string_view xml, std::string_view path) {
  std::string found;
  (void)ForEachElement(xml, [&](std::string_view at, const std::string& text) {
    if (at == path) found = text;
  });
  return found;
}

std::string XmlEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace starling::blob_s3
