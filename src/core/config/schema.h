// All settings of the program: sections are added by the parts that own them, loaded once at start, and read
// as typed structs.
//
//   config::Schema schema;
//   schema.Add("sentiment", DeclareSentiment);
//   ASSIGN_OR_RETURN(config::Values values, schema.Load({.file = "configs/all.yaml"}));
//   values.Get<SentimentConfig>("sentiment").max_texts
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/config/apply.h"
#include "core/config/declaration.h"
#include "core/config/overlay.h"

namespace starling::config {

// Where settings come from; each later one wins over those before it.
struct Sources {
  std::string file;               // YAML; empty for none
  Environment environment;        // see ProcessEnvironment()
  std::vector<std::string> sets;  // values of --set, in order
};

// One struct per section, all settings checked. Immutable after Load; may be read from any thread. Moving
// keeps references from Get() valid.
class Values {
 public:
  // The section as the struct that declared it. Another type or an unknown name is a mistake in the program
  // and ends it with a sentence.
  template <typename T>
  const T& Get(std::string_view section) const {
    return *static_cast<const T*>(Find(section, typeid(T)));
  }

  // Where a setting was set, for example "configs/all.yaml:12"; empty if it has its default.
  std::string Origin(const std::string& path) const;

  // Without its type, for printing.
  const void* Object(std::string_view section) const;

 private:
  friend class Schema;
  struct Held {
    std::type_index type;
    std::shared_ptr<void> object;
  };
  const void* Find(std::string_view section, std::type_index type) const;

  std::map<std::string, Held, std::less<>> sections_;
  Origins origins_;
};

class Schema {
 public:
  struct Section {
    std::string name;
    std::shared_ptr<const SectionInfo> info;
    std::type_index type;
    std::shared_ptr<void> (*make)();
  };

  // Each name once. `declare` is called at once.
  template <typename T>
  void Add(std::string name, void (*declare)(Declaration<T>&)) {
    Declaration<T> declaration;
    declare(declaration);
    Add(std::move(name), declaration);
  }
  template <typename T>
  void Add(std::string name, const Declaration<T>& declaration) {
    sections_.push_back({std::move(name), declaration.info(), typeid(T),
                         [] { return std::shared_ptr<void>(std::make_shared<T>()); }});
  }

  // INVALID_ARGUMENT holds every problem found, one per line, each starting with where it stands. INTERNAL is
  // a mistake in a declaration: a name twice, no text, a default outside the bounds.
  absl::StatusOr<Values> Load(const Sources& sources) const;

  const std::deque<Section>& sections() const { return sections_; }

 private:
  absl::Status CheckDeclarations() const;
  void ApplyRoot(const Node& root, Applier& applier, Values& values,
                 std::vector<std::string>& problems) const;

  std::deque<Section> sections_;
};

}  // namespace starling::config
