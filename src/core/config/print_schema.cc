#include "base/json_quote.h"
#include "base/strings.h"
#include "core/config/print.h"
#include "core/config/scalar_text.h"

namespace starling::config {
namespace {

// A JSON object in the making, printed with two spaces per level.
class Object {
 public:
  explicit Object(int level) : level_(level) {}
  void Raw(std::string_view key, std::string_view json) {
    StrAppend(&members_, members_.empty() ? "" : ",", "\n", std::string(static_cast<size_t>(level_) * 2, ' '),
              JsonQuote(key), ": ", json);
  }
  void Text(std::string_view key, std::string_view text) { Raw(key, JsonQuote(text)); }
  std::string Finish() const {
    if (members_.empty()) return "{}";
    return StrCat("{", members_, "\n", std::string(static_cast<size_t>(level_ - 1) * 2, ' '), "}");
  }

 private:
  const int level_;
  std::string members_;
};

std::string Words(const std::vector<std::string>& words) {
  std::string json = "[";
  for (const std::string& word : words) StrAppend(&json, json.size() == 1 ? "" : ", ", JsonQuote(word));
  return json + "]";
}

std::string Bound(Kind kind, double bound) {
  const bool whole = kind != Kind::kDouble;
  return whole ? StrCat(static_cast<int64_t>(bound)) : FormatScalar(Kind::kDouble, bound);
}

// The names of `min` and `max` in JSON Schema; empty where it has none (durations, sizes: their text says the bounds).
std::pair<std::string_view, std::string_view> BoundNames(Kind kind) {
  switch (kind) {
    case Kind::kInt:
    case Kind::kDouble:
      return {"minimum", "maximum"};
    case Kind::kStringList:
    case Kind::kSectionList:
      return {"minItems", "maxItems"};
    case Kind::kStringMap:
    case Kind::kSectionMap:
      return {"minProperties", "maxProperties"};
    default:
      return {};
  }
}

std::string SectionSchema(const SectionInfo& info, const void* defaults, std::string_view text, int level);

void AddType(const Setting& setting, int level, Object& object) {
  const auto strings = [&] {
    Object items(level + 2);
    items.Text("type", "string");
    if (!setting.choices.empty()) items.Raw("enum", Words(setting.choices));
    return items.Finish();
  };
  switch (setting.kind) {
    case Kind::kBool:
      return object.Text("type", "boolean");
    case Kind::kInt:
      return object.Text("type", "integer");
    case Kind::kDouble:
      return object.Text("type", "number");
    case Kind::kString:
    case Kind::kSecret:
    case Kind::kChoice:
      object.Text("type", "string");
      if (!setting.choices.empty()) object.Raw("enum", Words(setting.choices));
      return;
    case Kind::kDuration:
      object.Text("type", "string");
      return object.Text("pattern", R"(^-?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|ms|s|m|h))+$)");
    case Kind::kSize:
      object.Raw("type", R"(["string", "integer"])");
      return object.Text("pattern", R"(^[0-9]+(\.[0-9]+)? *([kMGT]B|[KMGT]iB|B)?$)");
    case Kind::kStringList:
      object.Text("type", "array");
      return object.Raw("items", strings());
    case Kind::kStringMap:
      object.Text("type", "object");
      return object.Raw("additionalProperties", strings());
    case Kind::kSectionList:
      object.Text("type", "array");
      return object.Raw("items",
                        SectionSchema(*setting.section, setting.section->defaults.get(), "", level + 1));
    case Kind::kSectionMap:
      object.Text("type", "object");
      return object.Raw("additionalProperties",
                        SectionSchema(*setting.section, setting.section->defaults.get(), "", level + 1));
    case Kind::kSection:
      return;
  }
}

void AddDefault(const Setting& setting, const void* defaults, Object& object) {
  if (!setting.get || setting.required || setting.kind == Kind::kSecret) return;
  const Scalar value = setting.get(defaults);
  if (std::holds_alternative<std::monostate>(value)) return;
  const std::string text = FormatScalar(setting.kind, value);
  const bool bare =
      setting.kind == Kind::kBool || setting.kind == Kind::kInt || setting.kind == Kind::kDouble;
  object.Raw("default", bare ? text : JsonQuote(text));
}

std::string SettingSchema(const Setting& setting, const void* defaults, int level) {
  if (setting.kind == Kind::kSection) {
    std::string json;
    setting.for_each_section(defaults, [&](std::string_view, const void* section) {
      json = SectionSchema(*setting.section, section, setting.text, level);
    });
    return json;
  }
  Object object(level + 1);
  const std::string bounds = BoundsPhrase(setting);
  object.Text("description", bounds.empty() ? setting.text : StrCat(setting.text, " (", bounds, ")"));
  AddType(setting, level, object);
  const auto [min_name, max_name] = BoundNames(setting.kind);
  if (!min_name.empty() && setting.min) object.Raw(min_name, Bound(setting.kind, *setting.min));
  if (!max_name.empty() && setting.max) object.Raw(max_name, Bound(setting.kind, *setting.max));
  AddDefault(setting, defaults, object);
  return object.Finish();
}

// An empty section is null in YAML, and right.
std::string SectionSchema(const SectionInfo& info, const void* defaults, std::string_view text, int level) {
  Object object(level + 1), properties(level + 2);
  const std::string_view description = text.empty() ? std::string_view(info.text) : text;
  if (!description.empty()) object.Text("description", description);
  object.Raw("type", R"(["object", "null"])");
  std::vector<std::string> required;
  for (const Setting& setting : info.settings) {
    properties.Raw(setting.name, SettingSchema(setting, defaults, level + 2));
    if (setting.required) required.push_back(setting.name);
  }
  object.Raw("properties", properties.Finish());
  if (!required.empty()) object.Raw("required", Words(required));
  object.Raw("additionalProperties", "false");
  return object.Finish();
}

}  // namespace

std::string JsonSchema(const Schema& schema) {
  Object object(1), properties(2);
  object.Text("$schema", "https://json-schema.org/draft/2020-12/schema");
  object.Text("title", "Configuration of Starling");
  object.Raw("type", R"(["object", "null"])");
  for (const Schema::Section& section : schema.sections()) {
    properties.Raw(section.name, SectionSchema(*section.info, section.info->defaults.get(), "", 2));
  }
  object.Raw("properties", properties.Finish());
  object.Raw("additionalProperties", "false");
  return object.Finish() + "\n";
}

}  // namespace starling::config
