#include "names.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <google/protobuf/descriptor.pb.h>

#include <cctype>
#include <cstdio>

namespace starling::codegen {
namespace {

namespace cpp = google::protobuf::compiler::cpp;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

std::string ReplaceAll(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

void AddMessages(const Descriptor& message, std::vector<const Descriptor*>* out) {
  for (int i = 0; i < message.nested_type_count(); ++i) AddMessages(*message.nested_type(i), out);
  if (!message.options().map_entry()) out->push_back(&message);
}

}  // namespace

std::string Namespace(const FileDescriptor& file) { return ReplaceAll(file.package(), ".", "::"); }

std::string ClassName(const Descriptor& message) { return cpp::ClassName(&message); }
std::string QualifiedName(const Descriptor& message) { return cpp::QualifiedClassName(&message); }
std::string QualifiedName(const EnumDescriptor& enumeration) { return cpp::QualifiedClassName(&enumeration); }
std::string AccessorName(const FieldDescriptor& field) { return cpp::FieldName(&field); }

std::string PascalCase(std::string_view name) {
  std::string result;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    result.push_back(upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c);
    upper = false;
  }
  return result;
}

std::string Stem(const FileDescriptor& file) { return cpp::StripProto(file.name()); }

std::string Literal(std::string_view text) {
  constexpr size_t kLine = 60;
  std::string result = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && i % kLine == 0) result += "\"\n    \"";
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\' || c == '?' || c < 0x20 || c >= 0x7f) {
      char octal[8];
      std::snprintf(octal, sizeof(octal), "\\%03o", c);
      result += octal;
    } else {
      result.push_back(static_cast<char>(c));
    }
  }
  return result + "\"";
}

bool IsWellKnown(const Descriptor& message) { return message.file()->package() == "google.protobuf"; }

std::vector<const Descriptor*> Messages(const FileDescriptor& file) {
  std::vector<const Descriptor*> result;
  for (int i = 0; i < file.message_type_count(); ++i) AddMessages(*file.message_type(i), &result);
  return result;
}

}  // namespace starling::codegen
