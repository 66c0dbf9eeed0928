#include "core/config/apply.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/status.h"
#include "core/config/scalar_text.h"
#include "core/config/suggest.h"
#include "core/config/yaml_source.h"

namespace starling::config {
namespace {

std::string Below(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : StrCat(path, ".", key);
}

bool IsContainer(Kind kind) { return kind >= Kind::kStringList; }
bool IsList(Kind kind) { return kind == Kind::kStringList || kind == Kind::kSectionList; }

bool IsScalar(const Node& node) {
  return node.kind == Node::Kind::kPlain || node.kind == Node::Kind::kQuoted ||
         node.kind == Node::Kind::kText;
}

bool TakesQuoted(Kind kind) { return kind != Kind::kBool && kind != Kind::kInt && kind != Kind::kDouble; }

// What a variable or a flag says for a list or a section is YAML: [a, b] or {key: value}.
absl::StatusOr<NodePtr> Unfolded(const Node& node) {
  return ParseYaml(node.text, node.origin, /*with_lines=*/false);
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  constexpr size_t kMaxSecretBytes = 64 << 10;
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound("names the file ", path, ", which cannot be read: ", std::strerror(errno));
  std::string text(kMaxSecretBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (file.bad() || text.size() > kMaxSecretBytes)
    return InvalidArgument("names the file ", path, ", which is no secret");
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

std::string UnknownSetting(const std::string& origin, std::string_view path, std::string_view word,
                           const std::vector<std::string>& known) {
  std::string problem = StrCat(origin, ": unknown setting '", path, "'");
  const std::string nearest = Nearest(word, known);
  if (!nearest.empty()) return StrCat(problem, "; did you mean '", nearest, "'?");
  for (size_t i = 0; i < known.size(); ++i) StrAppend(&problem, i == 0 ? "; known here: " : ", ", known[i]);
  return problem;
}

void Applier::Section(const SectionInfo& info, const std::string& path, const Node& node, void* object) {
  origins_.emplace(path, node.origin);
  if (node.kind == Node::Kind::kNull) return;
  if (node.kind == Node::Kind::kText) {
    const absl::StatusOr<NodePtr> unfolded = Unfolded(node);
    if (!unfolded.ok()) return problems_.emplace_back(Message(unfolded.status())), void();
    if ((*unfolded)->kind == Node::Kind::kMap) return Section(info, path, **unfolded, object);
  }
  if (node.kind != Node::Kind::kMap) return Problem(node, path, "must be a section, with settings below it");
  for (const Node::Entry& entry : node.entries) {
    if (const Setting* setting = info.Find(entry.key)) {
      Apply(*setting, Below(path, entry.key), *entry.value, object);
    } else {
      Unknown(info, path, entry);
    }
  }
}

void Applier::Finish(const SectionInfo& info, const std::string& path, const void* object) {
  const auto found = origins_.find(path);
  const std::string origin = found == origins_.end() ? "" : StrCat(found->second, ": ");
  for (const Setting& setting : info.settings) {
    const std::string below = Below(path, setting.name);
    if (setting.required && !origins_.contains(below))
      problems_.push_back(StrCat(origin, "'", below, "' is missing"));
    if (!setting.for_each_section) continue;
    int index = 0;
    setting.for_each_section(object, [&](std::string_view key, const void* section) {
      if (setting.kind == Kind::kSection) Finish(*setting.section, below, section);
      if (setting.kind == Kind::kSectionList)
        Finish(*setting.section, StrCat(below, "[", index++, "]"), section);
      if (setting.kind == Kind::kSectionMap) Finish(*setting.section, Below(below, key), section);
    });
  }
  for (const auto& check : info.checks) {
    const absl::Status status = check(object);
    if (!status.ok()) problems_.push_back(StrCat(origin, "'", path, "' ", Message(status)));
  }
}

void Applier::Apply(const Setting& setting, const std::string& path, const Node& node, void* object) {
  if (!IsContainer(setting.kind)) return ApplyScalar(setting, path, node, object);
  if (setting.kind == Kind::kSection) return Section(*setting.section, path, node, setting.enter(object, ""));
  if (node.kind == Node::Kind::kText) {
    const absl::StatusOr<NodePtr> unfolded = Unfolded(node);
    if (!unfolded.ok()) return problems_.emplace_back(Message(unfolded.status())), void();
    if ((*unfolded)->kind == Node::Kind::kList || (*unfolded)->kind == Node::Kind::kMap) {
      return Apply(setting, path, **unfolded, object);
    }
  }
  if (node.kind == Node::Kind::kNull) return;
  const Node::Kind wanted = IsList(setting.kind) ? Node::Kind::kList : Node::Kind::kMap;
  if (node.kind != wanted) return Problem(node, path, StrCat("must be ", KindPhrase(setting.kind)));
  Count(setting, path, node, wanted == Node::Kind::kList ? node.items.size() : node.entries.size());
  origins_[path] = node.origin;
  return setting.section ? ApplySections(setting, path, node, object)
                         : ApplyStrings(setting, path, node, object);
}

void Applier::ApplyScalar(const Setting& setting, const std::string& path, const Node& node, void* object) {
  if (node.kind == Node::Kind::kNull) return Problem(node, path, "has no value");
  const bool fits = IsScalar(node) && (node.kind != Node::Kind::kQuoted || TakesQuoted(setting.kind));
  if (!fits) return Problem(node, path, StrCat("must be ", KindPhrase(setting.kind)));
  if (setting.kind == Kind::kSecret) {
    std::optional<Secret> secret = Resolve(path, node);
    if (secret) static_cast<void>(setting.set(object, *std::move(secret)));
    origins_[path] = node.origin;
    return;
  }
  const absl::StatusOr<Scalar> value = ParseScalar(setting, node.text);
  if (!value.ok()) return Problem(node, path, Message(value.status()));
  const absl::Status status = setting.set(object, *value);
  if (!status.ok()) return Problem(node, path, Message(status));
  origins_[path] = node.origin;
}

void Applier::ApplyStrings(const Setting& setting, const std::string& path, const Node& node, void* object) {
  if (setting.kind == Kind::kStringList) setting.clear(object);
  const auto insert = [&](const std::string& key, const std::string& below, const Node& item) {
    if (!IsScalar(item)) return Problem(item, below, "must be a string");
    const absl::StatusOr<Scalar> value = ParseScalar(setting, item.text);
    if (!value.ok()) return Problem(item, below, Message(value.status()));
    setting.insert_string(object, key, item.text);
  };
  for (size_t i = 0; i < node.items.size(); ++i) insert("", StrCat(path, "[", i, "]"), *node.items[i]);
  for (const Node::Entry& entry : node.entries) insert(entry.key, Below(path, entry.key), *entry.value);
}

void Applier::ApplySections(const Setting& setting, const std::string& path, const Node& node, void* object) {
  if (setting.kind == Kind::kSectionList) {
    setting.clear(object);
    Forget(path);
  }
  for (size_t i = 0; i < node.items.size(); ++i) {
    Section(*setting.section, StrCat(path, "[", i, "]"), *node.items[i], setting.enter(object, ""));
  }
  for (const Node::Entry& entry : node.entries) {
    Section(*setting.section, Below(path, entry.key), *entry.value, setting.enter(object, entry.key));
  }
}

std::optional<Secret> Applier::Resolve(const std::string& path, const Node& node) {
  if (node.text.starts_with("file:")) {
    absl::StatusOr<std::string> text = ReadSecretFile(node.text.substr(5));
    if (!text.ok()) return Problem(node, path, Message(text.status())), std::nullopt;
    return Secret(*std::move(text), node.text);
  }
  if (node.text.starts_with("env:")) {
    const std::string name = node.text.substr(4);
    std::optional<std::string> text = environment_(name);
    if (!text)
      return Problem(node, path, StrCat("names the environment variable ", name, ", which is not set")),
             std::nullopt;
    return Secret(*std::move(text), node.text);
  }
  return Secret(node.text);
}

void Applier::Count(const Setting& setting, const std::string& path, const Node& node, size_t entries) {
  const double count = static_cast<double>(entries);
  if ((setting.min && count < *setting.min) || (setting.max && count > *setting.max)) {
    Problem(node, path, StrCat("must have ", BoundsPhrase(setting), ", not ", entries));
  }
}

void Applier::Unknown(const SectionInfo& info, const std::string& path, const Node::Entry& entry) {
  std::vector<std::string> known;
  for (const Setting& setting : info.settings) known.push_back(setting.name);
  problems_.push_back(UnknownSetting(entry.origin, Below(path, entry.key), entry.key, known));
}

void Applier::Forget(const std::string& path) {
  const std::string prefix = path + "[";
  for (auto it = origins_.lower_bound(prefix); it != origins_.end() && it->first.starts_with(prefix);) {
    it = origins_.erase(it);
  }
}

void Applier::Problem(const Node& node, std::string_view path, std::string_view what) {
  problems_.push_back(StrCat(node.origin, ": '", path, "' ", what));
}

}  // namespace starling::config
