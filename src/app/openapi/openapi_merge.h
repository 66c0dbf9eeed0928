// Several contracts' OpenAPI documents as one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/rpc/method.h"

namespace starling::app {

// Contracts in the order in which they are added, paths in that of their contract, schemas by name.
//
// What two contracts call alike: a path that both have holds the verbs of both; of two templates of one shape the first one's
// names of variables stay; an operation's id that is taken gets its package before it; two schemas of one name that say the same are
// one, else the later gets the name of its service before it; of tags of one name the first stays.
class OpenApiMerge {
 public:
  // INTERNAL if the contract's document is not what rpc::Contract::openapi says; nothing is added then.
  absl::Status Add(const rpc::Contract& contract);

  // `base` is an OpenAPI document with tags, paths and components.schemas of its own, which go behind those of the contracts.
  // Without white space.
  std::string Document(std::string_view base) const;

 private:
  struct Path {
    std::string path, shape;
    std::vector<std::pair<std::string, std::string>> operations;  // verb, JSON
  };
  void AddOperation(const std::string& path, std::string verb, std::string operation);
  std::string Paths() const;  // as members of an object
  void AddTag(const std::string& name, std::string json);

  std::vector<Path> paths_;
  std::vector<std::pair<std::string, std::string>> tags_;
  std::map<std::string, std::string> schemas_;
  std::set<std::string> operation_ids_;
};

}  // namespace starling::app
