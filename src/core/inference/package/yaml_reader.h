// Reading a YAML mapping field by field, with "<file>:<line>: " before every complaint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace YAML {  // NOLINT(readability-identifier-naming): yaml-cpp's own
class Node;
}

namespace starling::inference {

// A mapping of which each field is asked for by name; Finish() then complains of the fields that nobody asked for. The
// first complaint stays, later ones change nothing, so a reader asks for all and looks at the status once. A field that is
// not there leaves the value as it is. yaml-cpp must not throw: it does so for broken YAML in Open() and Parse() alone.
class YamlReader {
 public:
  // Complaints go to `status`, shared by all readers of one file, which outlives them.
  YamlReader(std::string file, std::shared_ptr<const YAML::Node> mapping, absl::Status* status);
  static YamlReader Open(const std::string& file, absl::Status* status);
  // A text that a field of `file` holds; lines are counted in the text.
  static YamlReader Parse(const std::string& file, const std::string& text, absl::Status* status);

  bool Has(const char* name) { return Find(name) != nullptr; }
  void Get(const char* name, std::string* value);
  void GetRequired(const char* name, std::string* value);  // and not empty
  void Get(const char* name, bool* value);
  void Get(const char* name, size_t* value, size_t at_least);
  void Get(const char* name, std::vector<std::string>* values);
  void Get(const char* name, std::vector<int64_t>* values);
  void Get(const char* name, std::map<std::string, std::string>* values);
  // The names of the fields, in their order.
  std::vector<std::string> Names() const;
  // The field's own mapping; empty if it is not there.
  YamlReader Child(const char* name);
  // The field's list of mappings.
  std::vector<YamlReader> Children(const char* name);

  // "<file>:<line>: '<field>' <what>", at the field's line, or its mapping's if it is not there.
  void Complain(const char* field, std::string_view what);
  void Finish();

 private:
  // Null if the field is not there.
  std::shared_ptr<const YAML::Node> Find(const char* name);
  void ComplainAt(const YAML::Node& node, std::string_view what);

  std::string file_;
  std::shared_ptr<const YAML::Node> mapping_;  // never null
  absl::Status* status_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace starling::inference
