#include "app/openapi/openapi_merge.h"

#include <simdjson.h>

#include <algorithm>
#include <sstream>

#include "app/json_members.h"
#include "base/json_quote.h"
#include "base/status.h"

namespace starling::app {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

void ReplaceAll(const std::string& from, const std::string& to, std::string* text) {
  for (size_t at = 0; (at = text->find(from, at)) != std::string::npos; at += to.size())
    text->replace(at, from.size(), to);
}

std::string Reference(std::string_view schema) { return StrCat("\"#/components/schemas/", schema, "\""); }

// The names of its variables, in order.
std::vector<std::string> Variables(std::string_view path) {
  std::vector<std::string> names;
  for (size_t at = 0; (at = path.find('{', at)) != std::string_view::npos;) {
    const size_t end = path.find('}', at);
    if (end == std::string_view::npos) break;
    names.emplace_back(path.substr(at + 1, end - at - 1));
    at = end;
  }
  return names;
}

// Without the names of its variables: the OpenAPI specification calls templates that differ in nothing else identical.
std::string Shape(std::string path) {
  for (const std::string& name : Variables(path)) ReplaceAll("{" + name + "}", "{}", &path);
  return path;
}

std::string_view PackageOf(std::string_view service) {
  const size_t dot = service.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : service.substr(0, dot);
}

std::string Minified(element value) {
  std::ostringstream out;
  out << simdjson::minify<element>(value);
  return out.str();
}

// An object of `members` and, behind them, those of `more`.
std::string Object(const std::string& members, element more) {
  const std::string rest = Minified(more);
  return StrCat("{", members, members.empty() || rest == "{}" ? "" : ",", rest.substr(1));
}

// A contract's document, taken apart.
struct Parts {
  std::vector<std::pair<std::string, std::string>> tags;
  struct Operation {
    std::string path, verb, id, json;
  };
  std::vector<Operation> operations;
  std::map<std::string, std::string> schemas;
};

Parts TakeApart(std::string_view document) {
  Parts parts;
  simdjson::dom::parser parser;
  // Each has a name, because it would end before the loop over it.
  const object root = parser.parse(document.data(), document.size());
  const array tags = root["tags"];
  const object paths = root["paths"], schemas = root["components"]["schemas"];
  for (const element tag : tags) {
    const std::string_view name = tag["name"];
    parts.tags.emplace_back(name, Minified(tag));
  }
  for (const auto path : paths) {
    const object operations = path.value;
    for (const auto operation : operations) {
      const std::string_view id = operation.value["operationId"];
      parts.operations.push_back(
          {std::string(path.key), std::string(operation.key), std::string(id), Minified(operation.value)});
    }
  }
  for (const auto schema : schemas) parts.schemas.emplace(schema.key, Minified(schema.value));
  return parts;
}

}  // namespace

absl::Status OpenApiMerge::Add(const rpc::Contract& contract) {
  Parts parts;
  try {
    parts = TakeApart(contract.openapi);
  } catch (const simdjson::simdjson_error& error) {
    return Internal("The OpenAPI document of ", contract.service, " can't be used: ", error.what(), ".");
  }
  for (const auto& [name, json] : std::map(parts.schemas)) {
    const auto known = schemas_.find(name);
    if (known == schemas_.end() || known->second == json) continue;
    const std::string own = StrCat(contract.service, ".", name);
    for (auto& operation : parts.operations) ReplaceAll(Reference(name), Reference(own), &operation.json);
    for (auto& [other, schema] : parts.schemas) ReplaceAll(Reference(name), Reference(own), &schema);
    auto moved = parts.schemas.extract(name);
    moved.key() = own;
    parts.schemas.insert(std::move(moved));
  }
  schemas_.merge(parts.schemas);
  for (auto& operation : parts.operations) {
    if (!operation_ids_.insert(operation.id).second) {
      const std::string own = StrCat(PackageOf(contract.service), ".", operation.id);
      ReplaceAll(StrCat("\"operationId\":", JsonQuote(operation.id)),
                 StrCat("\"operationId\":", JsonQuote(own)), &operation.json);
      operation_ids_.insert(own);
    }
    AddOperation(operation.path, std::move(operation.verb), std::move(operation.json));
  }
  if (!parts.operations.empty()) {
    for (auto& [name, json] : parts.tags) AddTag(name, std::move(json));
  }
  return absl::OkStatus();
}

void OpenApiMerge::AddOperation(const std::string& path, std::string verb, std::string operation) {
  const std::string shape = Shape(path);
  auto known = std::find_if(paths_.begin(), paths_.end(), [&](const Path& p) { return p.shape == shape; });
  if (known == paths_.end()) known = paths_.insert(paths_.end(), {path, shape, {}});
  const std::vector<std::string> names = Variables(known->path), own = Variables(path);
  for (size_t i = 0; i < own.size(); ++i) {
    if (own[i] == names[i]) continue;
    ReplaceAll(StrCat("{\"name\":", JsonQuote(own[i]), ",\"in\":\"path\""),
               StrCat("{\"name\":", JsonQuote(names[i]), ",\"in\":\"path\""), &operation);
  }
  known->operations.emplace_back(std::move(verb), std::move(operation));
}

void OpenApiMerge::AddTag(const std::string& name, std::string json) {
  const auto same = [&](const auto& tag) { return tag.first == name; };
  if (std::none_of(tags_.begin(), tags_.end(), same)) tags_.emplace_back(name, std::move(json));
}

std::string OpenApiMerge::Paths() const {
  JsonMembers members;
  for (const Path& path : paths_) {
    JsonMembers operations;
    for (const auto& [verb, operation] : path.operations) operations.Add(verb, operation);
    members.Add(path.path, StrCat("{", operations.text(), "}"));
  }
  return members.text();
}

std::string OpenApiMerge::Document(std::string_view base) const {
  simdjson::dom::parser parser;
  const object root = parser.parse(base.data(), base.size());
  JsonMembers document;
  for (const auto member : root) {
    std::string value;
    if (member.key == "tags") {
      for (const auto& [name, tag] : tags_) value += tag + ",";
      const array own = member.value;
      for (const element tag : own) value += Minified(tag) + ",";
      value = StrCat("[", value.substr(0, value.size() - 1), "]");
    } else if (member.key == "paths") {
      value = Object(Paths(), member.value);
    } else if (member.key == "components") {
      JsonMembers components;
      const object own = member.value;
      for (const auto component : own) {
        JsonMembers schemas;
        if (component.key == "schemas") {
          for (const auto& [name, schema] : schemas_) schemas.Add(name, schema);
        }
        components.Add(component.key, Object(schemas.text(), component.value));
      }
      value = StrCat("{", components.text(), "}");
    } else {
      value = Minified(member.value);
    }
    document.Add(member.key, value);
  }
  return StrCat("{", document.text(), "}\n");
}

}  // namespace starling::app
