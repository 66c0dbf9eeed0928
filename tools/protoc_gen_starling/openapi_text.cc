#include "openapi_text.h"

#include <cctype>

namespace starling::codegen {
namespace {

bool IsUpper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

void TrimEnd(std::string* text) {
  while (!text->empty() && IsSpace(text->back())) text->pop_back();
}

std::string WithoutPackage(const std::string& full_name, const std::string& package) {
  return package.empty() ? full_name : full_name.substr(package.size() + 1);
}

}  // namespace

std::string CommentText(const google::protobuf::SourceLocation& location) {
  std::string_view rest =
      location.leading_comments.empty() ? location.trailing_comments : location.leading_comments;
  std::string text;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
    if (line.starts_with(' ')) line.remove_prefix(1);
    text += line;
    TrimEnd(&text);
    text += line.empty() ? "\n\n" : "\n";
  }
  TrimEnd(&text);
  return text;
}

std::string Summary(std::string_view comment) {
  std::string line;
  for (size_t i = 0; i < comment.size(); ++i) {
    const char c = comment[i];
    if (c == '\n' && (i + 1 == comment.size() || comment[i + 1] == '\n')) break;
    if (c == '.' && i + 1 < comment.size() && IsSpace(comment[i + 1])) {
      // A full stop within a sentence (an abbreviation) goes on in lower case.
      const size_t next = comment.find_first_not_of(" \n", i + 1);
      if (next == std::string_view::npos || IsUpper(comment[next])) break;
    }
    line += c == '\n' ? ' ' : c;
  }
  TrimEnd(&line);
  if (line.ends_with('.')) line.pop_back();
  return line;
}

std::string Words(std::string_view pascal_case) {
  std::string words;
  for (const char c : pascal_case) {
    if (IsUpper(c) && !words.empty()) words += ' ';
    words += words.empty() ? c : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return words;
}

std::string ShortName(const google::protobuf::Descriptor& message) {
  return WithoutPackage(message.full_name(), message.file()->package());
}

std::string ShortName(const google::protobuf::EnumDescriptor& enumeration) {
  return WithoutPackage(enumeration.full_name(), enumeration.file()->package());
}

void AddDescription(std::string_view paragraph, Json* schema) {
  if (paragraph.empty()) return;
  std::string text;
  if (const Json* known = schema->Find("description")) text = known->text() + "\n\n";
  text += paragraph;
  schema->Set("description", text);
}

}  // namespace starling::codegen
