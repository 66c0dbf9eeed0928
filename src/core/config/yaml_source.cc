#include "core/config/yaml_source.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "base/status.h"

namespace starling::config {
namespace {

// Thrown through yaml-cpp, caught in ParseYaml.
struct Refused {
  std::string message;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& name, bool with_lines) : name_(name), with_lines_(with_lines) {}

  NodePtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(Make(Node::Kind::kNull, mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refused{StrCat(Origin(mark), ": this alias stands inside its own anchor")};
    Add(found->second, YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = Make(tag == "!" ? Node::Kind::kQuoted : Node::Kind::kPlain, mark);
    node->text = value;
    const bool null = node->kind == Node::Kind::kPlain && (value == "~" || value == "null");
    if (null) node->kind = Node::Kind::kNull;
    Add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(Make(Node::Kind::kList, mark), anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(Make(Node::Kind::kMap, mark), anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor;
    NodePtr key;                                   // of a map: read, its value still to come
    std::map<std::string, std::string> keys = {};  // of a map: each with where it stands
  };

  std::string Origin(const YAML::Mark& mark) const {
    return with_lines_ ? StrCat(name_, ":", mark.line + 1) : name_;
  }
  std::shared_ptr<Node> Make(Node::Kind kind, const YAML::Mark& mark) const {
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->origin = Origin(mark);
    // What is empty or begins on a later line is found by its key.
    const bool by_key = kind != Node::Kind::kPlain && kind != Node::Kind::kQuoted;
    if (by_key && !levels_.empty() && levels_.back().key != nullptr)
      node->origin = levels_.back().key->origin;
    return node;
  }
  void Open(std::shared_ptr<Node> node, YAML::anchor_t anchor) {
    if (levels_.size() >= kMaxDepth)
      throw Refused{StrCat(node->origin, ": nested more than ", kMaxDepth, " deep")};
    levels_.push_back({std::move(node), anchor, nullptr});
  }
  void Close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    Add(std::move(level.node), level.anchor);
  }
  void Add(NodePtr node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    level.node->size += node->size;
    if (level.node->size > kMaxNodes)
      throw Refused{StrCat(node->origin, ": more than ", kMaxNodes, " values")};
    if (level.node->kind == Node::Kind::kList) {
      level.node->items.push_back(std::move(node));
    } else if (level.key == nullptr) {
      SetKey(level, std::move(node));
    } else {
      level.node->entries.push_back({level.key->text, level.key->origin, std::move(node)});
      level.key = nullptr;
    }
  }
  static void SetKey(Level& level, NodePtr node) {
    if (node->kind != Node::Kind::kPlain && node->kind != Node::Kind::kQuoted) {
      throw Refused{StrCat(node->origin, ": a key must be a word")};
    }
    const auto [first, fresh] = level.keys.emplace(node->text, node->origin);
    if (!fresh)
      throw Refused{StrCat(node->origin, ": '", node->text, "' stands twice; first at ", first->second)};
    level.key = std::move(node);
  }

  const std::string& name_;
  const bool with_lines_;
  NodePtr root_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
};

}  // namespace

absl::StatusOr<NodePtr> ParseYaml(std::string_view text, const std::string& name, bool with_lines) {
  if (text.size() > kMaxFileBytes) return InvalidArgument(name, ": larger than ", kMaxFileBytes, " bytes");
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    TreeBuilder builder(name, with_lines);
    if (!parser.HandleNextDocument(builder)) return std::make_shared<const Node>();
    TreeBuilder second(name, with_lines);
    if (parser.HandleNextDocument(second))
      return InvalidArgument(second.root()->origin, ": a second document");
    return builder.root();
  } catch (const Refused& refused) {
    return absl::InvalidArgumentError(refused.message);
  } catch (const YAML::Exception& error) {
    const bool is_alias = error.msg == YAML::ErrorMsg::UNKNOWN_ANCHOR;
    return InvalidArgument(name, with_lines ? StrCat(":", error.mark.line + 1) : "", ": ", error.msg,
                           is_alias ? "; a text that begins with * must stand in quotes" : "");
  }
}

absl::StatusOr<NodePtr> ReadYamlFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound(path, ": ", std::strerror(errno));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return InvalidArgument(path, ": ", std::strerror(errno));
  text.resize(static_cast<size_t>(file.gcount()));
  return ParseYaml(text, path);
}

}  // namespace starling::config
