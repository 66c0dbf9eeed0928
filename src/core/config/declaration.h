// How a service or a part says which settings it has. Each is declared once; the default is the member's
// initial value:
//
//   struct SentimentConfig {
//     int max_texts = 1000;
//   };
//   void DeclareSentiment(config::Declaration<SentimentConfig>& d) {
//     d.Int("max_texts", &SentimentConfig::max_texts).Min(1).Max(100000).Text("Most texts in one request.");
//   }
#pragma once

#include <chrono>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/config/member.h"
#include "core/config/setting.h"

namespace starling::config {

// The rest of one declaration. Every setting needs a Text.
class SettingBuilder {
 public:
  explicit SettingBuilder(Setting& setting) : setting_(setting) {}

  SettingBuilder& Text(std::string text) { return setting_.text = std::move(text), *this; }
  SettingBuilder& Required() { return setting_.required = true, *this; }
  SettingBuilder& Min(double min) { return setting_.min = min, *this; }
  SettingBuilder& Max(double max) { return setting_.max = max, *this; }
  SettingBuilder& Min(std::chrono::nanoseconds min) { return Min(static_cast<double>(min.count())); }
  SettingBuilder& Max(std::chrono::nanoseconds max) { return Max(static_cast<double>(max.count())); }
  // For strings and lists of strings.
  SettingBuilder& OneOf(std::vector<std::string> words) { return setting_.choices = std::move(words), *this; }

 private:
  Setting& setting_;
};

// Collects the settings of struct T. A scalar member may be a std::optional: then it has no default.
template <typename T>
class Declaration {
 public:
  Declaration() : info_(std::make_shared<SectionInfo>()) { info_->defaults = std::make_shared<const T>(); }

  // What the section is about, in one or two sentences.
  void Text(std::string text) { info_->text = std::move(text); }

  template <typename M>
  SettingBuilder Bool(std::string name, M T::* member) {
    return Scalars<bool>(std::move(name), Kind::kBool, member);
  }
  template <typename M>
  SettingBuilder Int(std::string name, M T::* member) {
    return Scalars<int64_t>(std::move(name), Kind::kInt, member);
  }
  template <typename M>
  SettingBuilder Double(std::string name, M T::* member) {
    return Scalars<double>(std::move(name), Kind::kDouble, member);
  }
  template <typename M>
  SettingBuilder String(std::string name, M T::* member) {
    return Scalars<std::string>(std::move(name), Kind::kString, member);
  }
  // Any std::chrono::duration. Bounds are durations too.
  template <typename M>
  SettingBuilder Duration(std::string name, M T::* member) {
    return Scalars<std::chrono::nanoseconds>(std::move(name), Kind::kDuration, member);
  }
  // Bytes, in any integer.
  template <typename M>
  SettingBuilder Size(std::string name, M T::* member) {
    return Scalars<int64_t>(std::move(name), Kind::kSize, member);
  }
  SettingBuilder Secret(std::string name, config::Secret T::* member) {
    return Scalars<config::Secret>(std::move(name), Kind::kSecret, member);
  }
  // An enum, with the word for each value.
  template <typename E>
  SettingBuilder Choice(std::string name, E T::* member, std::vector<std::pair<std::string, E>> words) {
    Setting& setting = Add(std::move(name), Kind::kChoice);
    for (const auto& [word, value] : words) setting.choices.push_back(word);
    setting.get = [member, words](const void* object) -> Scalar {
      for (const auto& [word, value] : words) {
        if (value == Of(object).*member) return word;
      }
      return {};
    };
    setting.set = [member, words](void* object, const Scalar& scalar) {
      for (const auto& [word, value] : words) {
        if (word == std::get<std::string>(scalar)) Of(object).*member = value;
      }
      return absl::OkStatus();
    };
    return SettingBuilder(setting);
  }
  SettingBuilder StringList(std::string name, std::vector<std::string> T::* member) {
    Setting& setting = Add(std::move(name), Kind::kStringList);
    setting.insert_string = [member](void* object, std::string, std::string value) {
      (Of(object).*member).push_back(std::move(value));
    };
    setting.for_each_string = [member](const void* object, const auto& visit) {
      for (const std::string& value : Of(object).*member) visit("", value);
    };
    setting.clear = [member](void* object) { (Of(object).*member).clear(); };
    return SettingBuilder(setting);
  }
  SettingBuilder StringMap(std::string name, std::map<std::string, std::string> T::* member) {
    Setting& setting = Add(std::move(name), Kind::kStringMap);
    setting.insert_string = [member](void* object, std::string key, std::string value) {
      (Of(object).*member)[std::move(key)] = std::move(value);
    };
    setting.for_each_string = [member](const void* object, const auto& visit) {
      for (const auto& [key, value] : Of(object).*member) visit(key, value);
    };
    setting.clear = [member](void* object) { (Of(object).*member).clear(); };
    return SettingBuilder(setting);
  }

  // Settings below `name`, declared by `declare`.
  template <typename S>
  SettingBuilder Section(std::string name, S T::* member, void (*declare)(Declaration<S>&)) {
    Setting& setting = Add(std::move(name), Kind::kSection);
    setting.section = Declared(declare);
    setting.enter = [member](void* object, std::string_view) -> void* { return &(Of(object).*member); };
    setting.for_each_section = [member](const void* object, const auto& visit) {
      visit("", &(Of(object).*member));
    };
    return SettingBuilder(setting);
  }
  // Replaced as a whole by a later source.
  template <typename S>
  SettingBuilder SectionList(std::string name, std::vector<S> T::* member, void (*declare)(Declaration<S>&)) {
    Setting& setting = Add(std::move(name), Kind::kSectionList);
    setting.section = Declared(declare);
    setting.enter = [member](void* object, std::string_view) -> void* {
      return &(Of(object).*member).emplace_back();
    };
    setting.for_each_section = [member](const void* object, const auto& visit) {
      for (const S& section : Of(object).*member) visit("", &section);
    };
    setting.clear = [member](void* object) { (Of(object).*member).clear(); };
    return SettingBuilder(setting);
  }
  // One known key of a map, as a section of its own: for maps whose keys are declared and not free.
  template <typename S>
  SettingBuilder Entry(std::string name, std::map<std::string, S> T::* member,
                       void (*declare)(Declaration<S>&)) {
    Setting& setting = Add(name, Kind::kSection);
    setting.section = Declared(declare);
    setting.enter = [member, name](void* object, std::string_view) -> void* {
      return &(Of(object).*member)[name];
    };
    setting.for_each_section = [member, name](const void* object, const auto& visit) {
      static const S& absent = *new S();
      const auto found = (Of(object).*member).find(name);
      visit("", found != (Of(object).*member).end() ? &found->second : &absent);
    };
    return SettingBuilder(setting);
  }
  // Merged by key with what an earlier source says.
  template <typename S>
  SettingBuilder SectionMap(std::string name, std::map<std::string, S> T::* member,
                            void (*declare)(Declaration<S>&)) {
    Setting& setting = Add(std::move(name), Kind::kSectionMap);
    setting.section = Declared(declare);
    setting.enter = [member](void* object, std::string_view key) -> void* {
      return &(Of(object).*member)[std::string(key)];
    };
    setting.for_each_section = [member](const void* object, const auto& visit) {
      for (const auto& [key, section] : Of(object).*member) visit(key, &section);
    };
    setting.clear = [member](void* object) { (Of(object).*member).clear(); };
    return SettingBuilder(setting);
  }

  // A rule over several settings, asked once all sources are read. The message is shown after the section's
  // name.
  void Check(absl::Status (*check)(const T&)) {
    info_->checks.push_back([check](const void* object) { return check(Of(object)); });
  }

  std::shared_ptr<const SectionInfo> info() const { return info_; }

 private:
  static T& Of(void* object) { return *static_cast<T*>(object); }
  static const T& Of(const void* object) { return *static_cast<const T*>(object); }

  Setting& Add(std::string name, Kind kind) {
    Setting& setting = info_->settings.emplace_back();
    setting.name = std::move(name);
    setting.kind = kind;
    return setting;
  }

  template <typename Wire, typename M>
  SettingBuilder Scalars(std::string name, Kind kind, M T::* member) {
    Setting& setting = Add(std::move(name), kind);
    setting.get = [member](const void* object) -> Scalar { return MemberToScalar<Wire>(Of(object).*member); };
    setting.set = [member](void* object, const Scalar& scalar) {
      return ScalarToMember<Wire>(scalar, Of(object).*member);
    };
    return SettingBuilder(setting);
  }

  template <typename S>
  static std::shared_ptr<const SectionInfo> Declared(void (*declare)(Declaration<S>&)) {
    Declaration<S> declaration;
    declare(declaration);
    return declaration.info();
  }

  std::shared_ptr<SectionInfo> info_;
};

}  // namespace starling::config
