#include "services/images/multipart.h"

#include <algorithm>
#include <cctype>

#include "base/status.h"

namespace starling::images {
namespace {

constexpr size_t kMaxParts = 16;
constexpr size_t kMaxBoundary = 70;  // RFC 2046

bool SameWord(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  });
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The text before `end`, which is taken off with it; all of it if `end` is not there.
std::string_view TakeUntil(std::string_view* text, std::string_view end) {
  const size_t at = text->find(end);
  const std::string_view taken = text->substr(0, at);
  *text = at == std::string_view::npos ? std::string_view() : text->substr(at + end.size());
  return taken;
}

struct Parameter {
  std::string_view name;
  std::string value;
};

// The next of `; name=value; other="quoted \" value"`. False at the end or at what is none.
bool TakeParameter(std::string_view* text, Parameter* parameter) {
  *text = Trimmed(*text);
  if (text->empty() || text->front() != ';') return false;
  text->remove_prefix(1);
  const size_t equals = text->find('=');
  if (equals == std::string_view::npos) return false;
  parameter->name = Trimmed(text->substr(0, equals));
  *text = Trimmed(text->substr(equals + 1));
  parameter->value.clear();
  if (text->empty() || text->front() != '"') {
    parameter->value = Trimmed(text->substr(0, text->find(';')));
    text->remove_prefix(std::min(text->size(), text->find(';')));
    return true;
  }
  for (text->remove_prefix(1); !text->empty() && text->front() != '"'; text->remove_prefix(1)) {
    if (text->front() == '\\' && text->size() > 1) text->remove_prefix(1);
    parameter->value += text->front();
  }
  if (text->empty()) return false;
  text->remove_prefix(1);
  return true;
}

// The part whose header lines and content these are.
absl::StatusOr<Part> ReadPart(std::string_view text) {
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return InvalidArgument("A part of the form has no end of its header lines.");
  Part part;
  part.content = text.substr(end + 4);
  for (std::string_view headers = text.substr(0, end); !headers.empty();) {
    std::string_view line = TakeUntil(&headers, "\r\n");
    if (!SameWord(Trimmed(TakeUntil(&line, ":")), "content-disposition")) continue;
    line = Trimmed(line);
    if (!SameWord(Trimmed(line.substr(0, line.find(';'))), "form-data")) continue;
    line.remove_prefix(std::min(line.size(), line.find(';')));
    for (Parameter parameter; TakeParameter(&line, &parameter);) {
      if (SameWord(parameter.name, "name")) part.name = parameter.value;
      if (SameWord(parameter.name, "filename")) part.is_file = true;
    }
  }
  if (part.name.empty()) return InvalidArgument("A part of the form has no name.");
  return part;
}

absl::StatusOr<std::string> Boundary(std::string_view content_type) {
  content_type.remove_prefix(std::min(content_type.size(), content_type.find(';')));
  for (Parameter parameter; TakeParameter(&content_type, &parameter);) {
    if (!SameWord(parameter.name, "boundary")) continue;
    if (!parameter.value.empty() && parameter.value.size() <= kMaxBoundary) return parameter.value;
  }
  return InvalidArgument("The content-type of a form must name a boundary of 1 to ", kMaxBoundary,
                         " characters.");
}

}  // namespace

absl::StatusOr<std::vector<Part>> ParseMultipart(std::string_view content_type, std::string_view body) {
  ASSIGN_OR_RETURN(const std::string boundary, Boundary(content_type));
  const std::string delimiter = "\r\n--" + boundary;
  // The first delimiter may stand at the very beginning; what comes before it means nothing.
  if (body.starts_with(std::string_view(delimiter).substr(2))) {
    body.remove_prefix(delimiter.size() - 2);
  } else {
    TakeUntil(&body, delimiter);
  }
  std::vector<Part> parts;
  while (!body.starts_with("--")) {
    // White space may follow a delimiter on its line.
    const std::string_view padding = TakeUntil(&body, "\r\n");
    const size_t end = body.find(delimiter);
    if (!Trimmed(padding).empty() || end == std::string_view::npos) {
      return InvalidArgument("The form does not end with its boundary.");
    }
    if (parts.size() == kMaxParts) return InvalidArgument("A form may have at most ", kMaxParts, " parts.");
    ASSIGN_OR_RETURN(Part part, ReadPart(body.substr(0, end)));
    parts.push_back(std::move(part));
    body.remove_prefix(end + delimiter.size());
  }
  return parts;
}

}  // namespace starling::images
