#include "absl/strings/str_replace.h"
#include "base/strings.h"
#include "core/config/print.h"
#include "core/config/scalar_text.h"

namespace starling::config {
namespace {

constexpr std::string_view kIntroduction =
    "# Configuration\n"
    "\n"
    "Written by `starling print-config-reference`; a test holds it to the program.\n"
    "\n"
    "Settings come from one YAML file (`--config FILE`), from the environment and from flags; each later one "
    "wins:\n"
    "`sentiment.max_texts` is `max_texts` below `sentiment` in the file, the variable "
    "`STARLING_SENTIMENT__MAX_TEXTS`\n"
    "(two underscores for a dot) and `--set sentiment.max_texts=5`. There, lists and maps are written as in "
    "YAML:\n"
    "`--set 'a.b=[x, y]'`. A list replaces the one before it as a whole; a map is merged by key.\n"
    "\n"
    "A setting that is unknown or wrong stops the start; `starling check-config` says all that is wrong, and "
    "prints what\n"
    "holds. A secret may be `file:PATH` or `env:NAME` instead of the value itself. `starling "
    "print-config-schema` prints a\n"
    "JSON Schema for editors.\n";

std::string_view KindWord(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "true or false";
    case Kind::kInt:
      return "whole number";
    case Kind::kDouble:
      return "number";
    case Kind::kString:
      return "string";
    case Kind::kDuration:
      return "duration";
    case Kind::kSize:
      return "size";
    case Kind::kChoice:
      return "choice";
    case Kind::kSecret:
      return "secret";
    case Kind::kStringList:
      return "list of strings";
    case Kind::kStringMap:
      return "map of strings";
    case Kind::kSectionList:
      return "list of sections";
    case Kind::kSectionMap:
      return "map of sections";
    case Kind::kSection:
      return "section";
  }
  return "";
}

std::string Cell(std::string_view text) {
  return absl::StrReplaceAll(ToAbsl(text), {{"|", "\\|"}, {"\n", " "}});
}

std::string Code(std::string_view text) { return text.empty() ? "" : StrCat("`", Cell(text), "`"); }

std::string Type(const Setting& setting) {
  std::string type(KindWord(setting.kind));
  for (size_t i = 0; i < setting.choices.size(); ++i)
    StrAppend(&type, i == 0 ? ": " : ", ", Code(setting.choices[i]));
  const std::string bounds = BoundsPhrase(setting);
  if (!bounds.empty()) StrAppend(&type, ", ", bounds);
  return type;
}

std::string Default(const Setting& setting, const void* defaults) {
  if (setting.required) return "required";
  if (setting.get) return Code(FormatScalar(setting.kind, setting.get(defaults)));
  std::string text;
  if (setting.for_each_string) {
    setting.for_each_string(defaults, [&](std::string_view key, std::string_view value) {
      StrAppend(&text, text.empty() ? "" : ", ", key, key.empty() ? "" : ": ", value);
    });
  }
  return Code(text);
}

void AppendRows(const SectionInfo& info, const std::string& prefix, const void* defaults, std::string* out) {
  for (const Setting& setting : info.settings) {
    const std::string name = prefix + setting.name;
    StrAppend(out, "| ", Code(name), " | ", Type(setting), " | ", Default(setting, defaults), " | ",
              Cell(setting.text), " |\n");
    if (setting.kind == Kind::kSection) {
      setting.for_each_section(defaults, [&](std::string_view, const void* section) {
        AppendRows(*setting.section, name + ".", section, out);
      });
    } else if (setting.section) {
      const std::string below = setting.kind == Kind::kSectionList ? "[]." : ".NAME.";
      AppendRows(*setting.section, name + below, setting.section->defaults.get(), out);
    }
  }
}

}  // namespace

std::string ReferencePage(const Schema& schema) {
  std::string page(kIntroduction);
  for (const Schema::Section& section : schema.sections()) {
    StrAppend(&page, "\n## ", section.name, "\n\n");
    if (!section.info->text.empty()) StrAppend(&page, section.info->text, "\n\n");
    page += "| setting | type and bounds | default | meaning |\n|---|---|---|---|\n";
    AppendRows(*section.info, "", section.info->defaults.get(), &page);
  }
  return page;
}

}  // namespace starling::config
