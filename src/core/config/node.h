// What a source says, before it is held against the declarations: a tree whose every node knows where it was
// written.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace starling::config {

struct Node;
using NodePtr = std::shared_ptr<const Node>;

struct Node {
  enum class Kind {
    kNull,
    kPlain,   // an unquoted scalar
    kQuoted,  // a quoted scalar: a string, never a number
    kText,    // from the environment or a flag: a scalar, or YAML where a list or a section is wanted
    kList,
    kMap,
  };
  struct Entry {
    std::string key;
    std::string origin;  // where the key stands
    NodePtr value;
  };

  Kind kind = Kind::kNull;
  std::string origin;  // "configs/all.yaml:12", "environment STARLING_SENTIMENT__MAX_TEXTS", "--set
                       // sentiment.max_texts"
  std::string text;
  std::vector<NodePtr> items;
  std::vector<Entry> entries;
  size_t size = 1;  // nodes in this tree, an alias counted each time it is used
};

}  // namespace starling::config
