#include "core/inference/package/yaml_reader.h"

#include <yaml-cpp/yaml.h>

#include <utility>

#include "base/status.h"

namespace starling::inference {

YamlReader::YamlReader(std::string file, std::shared_ptr<const YAML::Node> mapping, absl::Status* status)
    : file_(std::move(file)), mapping_(std::move(mapping)), status_(status) {
  if (!mapping_->IsNull() && !mapping_->IsMap()) ComplainAt(*mapping_, "must be a mapping.");
}

namespace {

template <typename F>
std::shared_ptr<const YAML::Node> LoadOrComplain(const std::string& file, absl::Status* status, F load) {
  auto root = std::make_shared<YAML::Node>();
  try {
    *root = load();
  } catch (const YAML::Exception& exception) {
    if (status->ok()) *status = InvalidArgument(file, ":", exception.mark.line + 1, ": ", exception.msg, ".");
  }
  return root;
}

}  // namespace

YamlReader YamlReader::Open(const std::string& file, absl::Status* status) {
  return YamlReader(file, LoadOrComplain(file, status, [&file] { return YAML::LoadFile(file); }), status);
}

YamlReader YamlReader::Parse(const std::string& file, const std::string& text, absl::Status* status) {
  return YamlReader(file, LoadOrComplain(file, status, [&text] { return YAML::Load(text); }), status);
}

std::shared_ptr<const YAML::Node> YamlReader::Find(const char* name) {
  asked_.insert(name);
  if (!mapping_->IsMap()) return nullptr;
  const YAML::Node found = (*mapping_)[name];
  return found.IsDefined() ? std::make_shared<const YAML::Node>(found) : nullptr;
}

void YamlReader::ComplainAt(const YAML::Node& node, std::string_view what) {
  if (status_->ok()) *status_ = InvalidArgument(file_, ":", std::max(node.Mark().line, 0) + 1, ": ", what);
}

void YamlReader::Complain(const char* field, std::string_view what) {
  const auto node = Find(field);
  ComplainAt(node != nullptr ? *node : *mapping_, StrCat("'", std::string_view(field), "' ", what));
}

void YamlReader::Get(const char* name, std::string* value) {
  const auto node = Find(name);
  if (node == nullptr) return;
  if (!node->IsScalar()) return Complain(name, "must be a text.");
  *value = node->Scalar();
}

void YamlReader::GetRequired(const char* name, std::string* value) {
  if (Find(name) == nullptr) return Complain(name, "is missing.");
  Get(name, value);
  if (value->empty()) Complain(name, "must not be empty.");
}

void YamlReader::Get(const char* name, bool* value) {
  const auto node = Find(name);
  if (node != nullptr && !YAML::convert<bool>::decode(*node, *value))
    Complain(name, "must be true or false.");
}

void YamlReader::Get(const char* name, size_t* value, size_t at_least) {
  const auto node = Find(name);
  if (node == nullptr) return;
  int64_t number = 0;
  if (!YAML::convert<int64_t>::decode(*node, number) || number < static_cast<int64_t>(at_least)) {
    return Complain(name, StrCat("must be a whole number of at least ", at_least, "."));
  }
  *value = static_cast<size_t>(number);
}

void YamlReader::Get(const char* name, std::vector<std::string>* values) {
  const auto node = Find(name);
  if (node == nullptr) return;
  if (!node->IsSequence()) return Complain(name, "must be a list of texts.");
  for (const YAML::Node& item : *node) {
    if (!item.IsScalar())
      return ComplainAt(item, StrCat("'", std::string_view(name), "' must hold texts only."));
    values->push_back(item.Scalar());
  }
}

void YamlReader::Get(const char* name, std::vector<int64_t>* values) {
  const auto node = Find(name);
  if (node == nullptr) return;
  if (!node->IsSequence()) return Complain(name, "must be a list of whole numbers.");
  for (const YAML::Node& item : *node) {
    int64_t number = 0;
    if (!YAML::convert<int64_t>::decode(item, number)) return Complain(name, "must hold whole numbers only.");
    values->push_back(number);
  }
}

void YamlReader::Get(const char* name, std::map<std::string, std::string>* values) {
  const auto node = Find(name);
  if (node == nullptr) return;
  if (!node->IsMap()) return Complain(name, "must be a mapping.");
  for (const auto& item : *node) {
    if (!item.first.IsScalar() || !item.second.IsScalar()) return Complain(name, "must hold texts only.");
    (*values)[item.first.Scalar()] = item.second.Scalar();
  }
}

std::vector<std::string> YamlReader::Names() const {
  std::vector<std::string> names;
  if (!mapping_->IsMap()) return names;
  for (const auto& item : *mapping_) {
    if (item.first.IsScalar()) names.push_back(item.first.Scalar());
  }
  return names;
}

YamlReader YamlReader::Child(const char* name) {
  auto node = Find(name);
  if (node == nullptr) node = std::make_shared<const YAML::Node>();
  return YamlReader(file_, std::move(node), status_);
}

std::vector<YamlReader> YamlReader::Children(const char* name) {
  std::vector<YamlReader> children;
  const auto node = Find(name);
  if (node == nullptr) return children;
  if (!node->IsSequence()) {
    Complain(name, "must be a list.");
    return children;
  }
  for (const YAML::Node& item : *node) {
    children.emplace_back(file_, std::make_shared<const YAML::Node>(item), status_);
  }
  return children;
}

void YamlReader::Finish() {
  if (!mapping_->IsMap()) return;
  for (const auto& item : *mapping_) {
    if (!item.first.IsScalar() || !asked_.contains(item.first.Scalar())) {
      ComplainAt(item.first,
                 StrCat("'", item.first.IsScalar() ? item.first.Scalar() : "?", "' is not known here."));
    }
  }
}

}  // namespace starling::inference
