#include "core/config/overlay.h"

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"

namespace starling::config {
namespace {

constexpr std::string_view kPrefix = "STARLING_";

// A map in a map in a map, down to the text.
NodePtr Nested(std::string_view path, std::string_view text, const std::string& origin) {
  auto node = std::make_shared<Node>();
  node->origin = origin;
  if (path.empty()) {
    node->kind = Node::Kind::kText;
    node->text = std::string(text);
    return node;
  }
  const size_t dot = path.find('.');
  const std::string_view rest = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  node->kind = Node::Kind::kMap;
  node->entries.push_back({std::string(path.substr(0, dot)), origin, Nested(rest, text, origin)});
  return node;
}

bool IsPath(std::string_view path) {
  return !path.empty() && !path.starts_with('.') && !path.ends_with('.') &&
         path.find("..") == std::string_view::npos;
}

}  // namespace

Environment ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::vector<NodePtr> EnvironmentSettings(const Environment& environment) {
  std::vector<NodePtr> settings;
  for (const auto& [name, value] : environment) {
    if (!std::string_view(name).starts_with(kPrefix)) continue;
    const std::string path =
        absl::StrReplaceAll(absl::AsciiStrToLower(name.substr(kPrefix.size())), {{"__", "."}});
    if (path.find('.') == std::string::npos || !IsPath(path)) continue;
    settings.push_back(Nested(path, value, StrCat("environment ", name)));
  }
  return settings;
}

absl::StatusOr<NodePtr> FlagSetting(std::string_view assignment) {
  const size_t equals = assignment.find('=');
  const std::string_view path = assignment.substr(0, equals);
  if (equals == std::string_view::npos || !IsPath(path)) {
    return InvalidArgument("--set ", assignment, ": must read like --set sentiment.max_texts=5");
  }
  return Nested(path, assignment.substr(equals + 1), StrCat("--set ", path));
}

}  // namespace starling::config
