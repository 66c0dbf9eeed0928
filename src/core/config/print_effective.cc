#include "absl/strings/ascii.h"
#include "base/json_quote.h"
#include "base/strings.h"
#include "core/config/print.h"
#include "core/config/scalar_text.h"

namespace starling::config {
namespace {

bool IsText(Kind kind) {
  return kind == Kind::kString || kind == Kind::kChoice || kind == Kind::kSecret ||
         kind == Kind::kStringList || kind == Kind::kStringMap;
}

// Text is quoted unless it is a plain word that YAML reads as nothing else.
std::string YamlText(std::string_view text) {
  const bool word =
      !text.empty() && absl::ascii_isalpha(static_cast<unsigned char>(text[0])) &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") ==
          std::string_view::npos;
  const bool special = text == "true" || text == "false" || text == "null" || text == "yes" || text == "no" ||
                       text == "on" || text == "off";
  return word && !special ? std::string(text) : JsonQuote(text);
}

class Printer {
 public:
  explicit Printer(const Values& values) : values_(values) {}

  // `first` goes before the first line in place of its indentation: the dash of a list.
  void Section(const SectionInfo& info, const std::string& path, const void* object, int indent,
               std::string_view first = "") {
    bool started = false;
    for (const Setting& setting : info.settings) {
      const size_t before = out_.size();
      One(setting, StrCat(path, ".", setting.name), object, indent);
      if (out_.size() == before || started || first.empty()) continue;
      // The first line of a list's entry: two of its spaces become "- ".
      out_.replace(before + static_cast<size_t>(indent) - 2, 2, first);
      started = true;
    }
    if (!started && !first.empty())
      StrAppend(&out_, std::string(static_cast<size_t>(indent) - 2, ' '), "- {}\n");
  }
  void Line(int indent, std::string_view key, std::string_view value, const std::string& path) {
    out_.append(static_cast<size_t>(indent), ' ');
    StrAppend(&out_, key, value.empty() ? ":" : ": ", value);
    const std::string origin = values_.Origin(path);
    if (!origin.empty() && !value.empty()) StrAppend(&out_, "  # ", origin);
    out_ += '\n';
  }
  std::string Take() && { return std::move(out_); }

 private:
  void One(const Setting& setting, const std::string& path, const void* object, int indent) {
    if (setting.get) {
      const Scalar value = setting.get(object);
      if (std::holds_alternative<std::monostate>(value)) return;
      const std::string text = FormatScalar(setting.kind, value);
      return Line(indent, setting.name, IsText(setting.kind) ? YamlText(text) : text, path);
    }
    if (setting.for_each_string) return Strings(setting, path, object, indent);
    if (setting.kind == Kind::kSection) {
      Line(indent, setting.name, "", path);
      setting.for_each_section(object, [&](std::string_view, const void* section) {
        Section(*setting.section, path, section, indent + 2);
      });
      return;
    }
    Sections(setting, path, object, indent);
  }

  void Strings(const Setting& setting, const std::string& path, const void* object, int indent) {
    std::string text;
    setting.for_each_string(object, [&](std::string_view key, std::string_view value) {
      StrAppend(&text, text.empty() ? "" : ", ", key.empty() ? "" : StrCat(YamlText(key), ": "),
                YamlText(value));
    });
    const bool list = setting.kind == Kind::kStringList;
    Line(indent, setting.name, StrCat(list ? "[" : "{", text, list ? "]" : "}"), path);
  }

  void Sections(const Setting& setting, const std::string& path, const void* object, int indent) {
    const bool list = setting.kind == Kind::kSectionList;
    bool any = false;
    int index = 0;
    setting.for_each_section(object, [&](std::string_view key, const void* section) {
      if (!std::exchange(any, true)) Line(indent, setting.name, "", path);
      if (list) return Section(*setting.section, StrCat(path, "[", index++, "]"), section, indent + 4, "- ");
      Line(indent + 2, YamlText(key), "", "");
      Section(*setting.section, StrCat(path, ".", key), section, indent + 4);
    });
    if (!any) Line(indent, setting.name, list ? "[]" : "{}", path);
  }

  const Values& values_;
  std::string out_;
};

}  // namespace

std::string EffectiveYaml(const Schema& schema, const Values& values) {
  Printer printer(values);
  for (const Schema::Section& section : schema.sections()) {
    printer.Line(0, section.name, "", "");
    printer.Section(*section.info, section.name, values.Object(section.name), 2);
  }
  return std::move(printer).Take();
}

}  // namespace starling::config
