#include "app/openapi/openapi_adapter.h"

#include <simdjson.h>

#include <cctype>
#include <map>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>

#include "app/json_members.h"
#include "base/json_quote.h"
#include "base/status.h"
#include "base/strings.h"

namespace starling::app {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view kJson = "application/json";

template <typename T>
std::string Minified(T value) {
  std::ostringstream out;
  out << simdjson::minify<T>(value);
  return out.str();
}

std::string ArrayOf(const std::vector<std::string>& items) {
  std::string all;
  for (const std::string& item : items) StrAppend(&all, all.empty() ? "" : ",", item);
  return "[" + all + "]";
}

// The operations of contracts, by method.
class Operations {
 public:
  explicit Operations(const std::vector<const rpc::Contract*>& contracts) {
    for (const rpc::Contract* contract : contracts) {
      if (contract->openapi.empty()) continue;
      parsers_.push_back(std::make_unique<simdjson::dom::parser>());
      const object root = parsers_.back()->parse(contract->openapi.data(), contract->openapi.size());
      const object paths = root["paths"];
      for (const auto path : paths) {
        const object verbs = path.value;
        for (const auto operation : verbs) {
          const std::string_view id = operation.value["operationId"];
          by_id_.emplace(id, operation.value);
        }
      }
    }
  }

  // Throws simdjson_error if it has none over HTTP.
  object Of(const rpc::Method& method) const {
    const std::string_view service = method.service.substr(method.service.rfind('.') + 1);
    const auto found = by_id_.find(StrCat(service, "_", method.name));
    if (found == by_id_.end()) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
    return found->second;
  }

 private:
  std::vector<std::unique_ptr<simdjson::dom::parser>> parsers_;
  std::map<std::string, object> by_id_;
};

std::string Parameter(std::string_view name, std::string_view in, std::string_view schema) {
  JsonMembers parameter;
  parameter.Add("name", JsonQuote(name));
  parameter.Add("in", JsonQuote(in));
  if (in == "path") parameter.Add("required", "true");
  parameter.Add("schema", schema);
  return parameter.object();
}

// A route's path as OpenAPI writes it, "{path=**}" as "{path}", and its variables as parameters.
std::string PathOf(std::string_view path_template, std::vector<std::string>* parameters) {
  std::string path;
  while (true) {
    const size_t open = path_template.find('{');
    if (open == std::string_view::npos) return path.append(path_template);
    const size_t close = path_template.find('}', open);
    std::string_view name = path_template.substr(open + 1, close - open - 1);
    name = name.substr(0, name.find('='));
    parameters->push_back(Parameter(name, "path", R"({"type":"string"})"));
    StrAppend(&path, path_template.substr(0, open), "{", name, "}");
    path_template.remove_prefix(close + 1);
  }
}

// `json`: what is said of that type; throws simdjson_error if it is no JSON itself.
std::string Media(const std::vector<std::string_view>& types, std::string_view json) {
  JsonMembers content;
  simdjson::dom::parser parser;
  for (const std::string_view type : types) {
    if (type != kJson) {
      content.Add(type, "{}");
    } else if (json.empty()) {
      content.Add(type, R"({"schema":{"type":"object"}})");
    } else {
      content.Add(type, Minified<element>(parser.parse(json.data(), json.size())));
    }
  }
  return content.object();
}

std::string Body(std::string_view content) { return StrCat(R"({"required":true,"content":)", content, "}"); }

constexpr std::string_view kHeaders = R"({"x-request-id":{"$ref":"#/components/headers/RequestId"}})";

std::string Response(std::string_view description, std::string_view content) {
  JsonMembers response;
  response.Add("description", JsonQuote(description));
  response.Add("headers", kHeaders);
  if (content != "{}") response.Add("content", content);
  return response.object();
}

std::string Security(const http::AdapterRoute& route) {
  const std::string scopes = route.scope.empty() ? "[]" : StrCat("[", JsonQuote(route.scope), "]");
  const std::string keys = StrCat(R"({"BearerKey":)", scopes, R"(},{"ApiKey":)", scopes, "}");
  switch (route.access) {
    case rpc::Access::kPublic:
      return "[]";
    case rpc::Access::kAuthenticated:
      return StrCat("[", keys, R"(,{"Certificate":[]}])");
    case rpc::Access::kScope:
      return StrCat("[", keys, "]");
    default:
      return R"([{"Certificate":[]}])";
  }
}

// What one operation says beside its place.
struct Content {
  std::string summary, body, answer;  // JSON; an empty body: none
};

// Of a route that has a description of its own.
Content Described(const http::RouteDescription& route, std::vector<std::string>* parameters) {
  for (const std::string_view name : route.query)
    parameters->push_back(Parameter(name, "query", R"({"type":"string"})"));
  return {.summary = JsonQuote(route.summary),
          .body = route.body.empty() ? "" : Body(Media(route.body, route.body_json)),
          .answer = Response("The answer.", Media(route.answer, route.answer_json))};
}

// Of a route that is another way to call a method: what the contract's own route has in its path, query and body is in the query here, or
// all of it in the body.
Content Shared(const object& operation, bool in_query, std::vector<std::string>* parameters) {
  Content content;
  content.summary = Minified<element>(operation["summary"]);
  content.answer = Minified<element>(operation["responses"]["200"]);
  JsonMembers fields;
  array known;
  if (operation["parameters"].get(known) == simdjson::SUCCESS) {
    for (const element parameter : known) {
      const std::string_view name = parameter["name"];
      const std::string schema = Minified<element>(parameter["schema"]);
      if (in_query) {
        parameters->push_back(Parameter(name, "query", schema));
      } else {
        fields.Add(name, schema);
      }
    }
  }
  if (in_query) return content;
  JsonMembers schema;
  schema.Add("type", R"("object")");
  if (!fields.text().empty()) schema.Add("properties", fields.object());
  element body;
  if (operation["requestBody"]["content"][kJson]["schema"].get(body) == simdjson::SUCCESS)
    schema.Add("allOf", StrCat("[", Minified(body), "]"));
  content.body = Body(StrCat("{", JsonQuote(kJson), R"(:{"schema":)", schema.object(), "}}"));
  return content;
}

std::string OperationId(std::string_view adapter, const http::AdapterRoute& route) {
  std::string id = StrCat(adapter, "_", route.verb, route.path);
  for (char& c : id) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return id;
}

std::string Document(const run::AdapterDefinition& adapter, const Operations& operations) {
  const std::string error = adapter.error_schema.empty() ? "Error" : adapter.name + ".Error";
  const std::string failed =
      Response("What is wrong.",
               StrCat("{", JsonQuote(kJson), R"(:{"schema":{"$ref":"#/components/schemas/)", error, "\"}}}"));
  std::map<std::string, JsonMembers> by_path;
  std::vector<std::string> paths;  // in the order of the routes
  for (const http::AdapterRoute& route : adapter.routes) {
    if (route.access == rpc::Access::kNobody) continue;
    std::vector<std::string> parameters;
    const std::string path = PathOf(route.path, &parameters);
    const bool own = !route.description.summary.empty();
    if (!own && route.admitted_as == nullptr) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
    const Content content = own ? Described(route.description, &parameters)
                                : Shared(operations.Of(*route.admitted_as), route.verb == "GET", &parameters);
    JsonMembers operation;
    operation.Add("tags", StrCat("[", JsonQuote(adapter.title), "]"));
    operation.Add("summary", content.summary);
    operation.Add("operationId", JsonQuote(OperationId(adapter.name, route)));
    if (!parameters.empty()) operation.Add("parameters", ArrayOf(parameters));
    if (!content.body.empty()) operation.Add("requestBody", content.body);
    operation.Add("responses", StrCat(R"({"200":)", content.answer, R"(,"default":)", failed, "}"));
    operation.Add("security", Security(route));
    std::string verb = route.verb;
    for (char& c : verb) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!by_path.contains(path)) paths.push_back(path);
    by_path[path].Add(verb, operation.object());
  }
  JsonMembers members, schemas, document;
  for (const std::string& path : paths) members.Add(path, by_path[path].object());
  if (!adapter.error_schema.empty()) schemas.Add(error, adapter.error_schema);
  document.Add("tags", StrCat(R"([{"name":)", JsonQuote(adapter.title), R"(,"description":)",
                              JsonQuote(adapter.summary), "}]"));
  document.Add("paths", members.object());
  document.Add("components", StrCat(R"({"schemas":)", schemas.object(), "}"));
  return document.object();
}

}  // namespace

absl::StatusOr<std::string> AdapterOpenApi(const run::AdapterDefinition& adapter,
                                           const std::vector<const rpc::Contract*>& contracts) {
  try {
    return Document(adapter, Operations(contracts));
  } catch (const simdjson::simdjson_error& error) {
    return Internal("The routes of the adapter ", adapter.name, " can't be described: ", error.what(), ".");
  }
}

}  // namespace starling::app
