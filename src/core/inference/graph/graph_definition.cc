#include "core/inference/graph/graph_definition.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "core/inference/graph/graph_condition.h"
#include "core/inference/package/yaml_reader.h"

namespace starling::inference {
namespace {

// The nodes that have ended before a place in the graph.
using Before = std::vector<const GraphNode*>;

// Whether one of the source's tensors is there after the nodes, whatever fails softly and wherever switches and splits go.
bool IsCertain(const GraphSource& source, const GraphNode& node) {
  const auto in_branch = [&source](const GraphBranch& branch) {
    return std::any_of(branch.steps.begin(), branch.steps.end(),
                       [&source](const GraphNode& inner) { return IsCertain(source, inner); });
  };
  switch (node.kind) {
    case GraphNode::Kind::kModel:
      return std::any_of(source.begin(), source.end(), [&node](const GraphTensor& tensor) {
        return tensor.step == node.step.number &&
               (!node.step.soft || node.step.defaults.contains(tensor.name));
      });
    case GraphNode::Kind::kSequence:
    case GraphNode::Kind::kParallel:
      return std::any_of(node.branches.begin(), node.branches.end(), in_branch);
    case GraphNode::Kind::kSwitch:
    case GraphNode::Kind::kSplit:
      return std::all_of(node.branches.begin(), node.branches.end(), in_branch);
  }
  return false;
}

bool IsCertain(const GraphSource& source, const Before& before) {
  const auto of_request = [](const GraphTensor& tensor) { return tensor.step == GraphTensor::kRequest; };
  return std::any_of(source.begin(), source.end(), of_request) ||
         std::any_of(before.begin(), before.end(),
                     [&source](const GraphNode* node) { return IsCertain(source, *node); });
}

void Collect(const GraphNode& node, std::vector<const GraphStep*>* steps) {
  if (node.kind == GraphNode::Kind::kModel) steps->push_back(&node.step);
  for (const GraphBranch& branch : node.branches) {
    for (const GraphNode& inner : branch.steps) Collect(inner, steps);
  }
}

class GraphReader {
 public:
  GraphReader(const std::vector<TensorSpec>& inputs, GraphDefinition* graph)
      : inputs_(inputs), graph_(*graph) {}

  // The steps that the reader's field lists, each after those before it.
  std::vector<GraphNode> ReadSteps(YamlReader& reader, const char* field, Before before, size_t depth) {
    std::vector<YamlReader> items = reader.Children(field);
    std::vector<GraphNode> nodes;
    nodes.reserve(items.size());  // `before` points at them
    for (YamlReader& item : items) {
      nodes.push_back(ReadNode(item, before, depth));
      before.push_back(&nodes.back());
    }
    return nodes;
  }

  // The source that a text means at a place; empty after a complaint.
  GraphSource ReadSource(YamlReader& reader, const char* field, const std::string& text,
                         const Before& before) {
    auto source = ParseSource(text, StepsIn(before));
    if (!source.ok()) {
      reader.Complain(field, StrCat("is wrong: ", Message(source.status())));
      return {};
    }
    CheckRequestTensors(reader, field, *source);
    return *std::move(source);
  }

  void CheckCertain(YamlReader& reader, const char* field, const GraphSource& source, const Before& before) {
    if (source.empty() || IsCertain(source, before)) return;
    reader.Complain(field,
                    StrCat("is wrong: '", source.back().text,
                           "' may be missing; give the soft step a default, or another tensor behind '|'."));
  }

 private:
  GraphNode ReadNode(YamlReader& reader, const Before& before, size_t depth) {
    GraphNode node;
    if (depth > GraphDefinition::kMaxDepth) {
      reader.Complain("graph", StrCat("lies in more than ", GraphDefinition::kMaxDepth, " others."));
      return node;
    }
    // Anchors of YAML make many out of few.
    if (++nodes_ > GraphDefinition::kMaxSteps) {
      reader.Complain("graph", StrCat("has more than ", GraphDefinition::kMaxSteps, " steps."));
      return node;
    }
    if (reader.Has("parallel")) {
      node.kind = GraphNode::Kind::kParallel;
      for (YamlReader& item : reader.Children("parallel")) {
        node.branches.emplace_back().steps.push_back(ReadNode(item, before, depth + 1));
      }
      if (node.branches.empty()) reader.Complain("parallel", "must list steps.");
    } else if (reader.Has("switch")) {
      ReadSwitch(reader, before, depth, &node);
    } else if (reader.Has("split")) {
      ReadSplit(reader, before, depth, &node);
    } else if (reader.Has("steps")) {
      node.kind = GraphNode::Kind::kSequence;
      node.branches.emplace_back().steps = ReadSteps(reader, "steps", before, depth + 1);
    } else {
      ReadModel(reader, before, &node.step);
    }
    reader.Finish();
    return node;
  }

  void ReadSwitch(YamlReader& reader, const Before& before, size_t depth, GraphNode* node) {
    node->kind = GraphNode::Kind::kSwitch;
    std::vector<YamlReader> items = reader.Children("switch");
    for (size_t i = 0; i < items.size(); ++i) {
      GraphBranch branch;
      std::string when;
      items[i].Get("when", &when);
      const bool is_default = i + 1 == items.size();
      if (is_default && !when.empty())
        items[i].Complain("when", "must not be in the last branch: it is the default.");
      if (!is_default && when.empty())
        items[i].Complain("when", "is missing; only the last branch is the default.");
      if (!is_default && !when.empty()) branch.when = ReadCondition(items[i], when, before);
      branch.steps = ReadSteps(items[i], "steps", before, depth + 1);
      items[i].Finish();
      node->branches.push_back(std::move(branch));
    }
    if (items.size() < 2) reader.Complain("switch", "must list a branch with a condition, and a default.");
  }

  std::optional<GraphCondition> ReadCondition(YamlReader& reader, const std::string& text,
                                              const Before& before) {
    auto condition = ParseCondition(text, StepsIn(before));
    if (!condition.ok()) {
      reader.Complain("when", StrCat("is wrong: ", Message(condition.status())));
      return std::nullopt;
    }
    CheckRequestTensors(reader, "when", condition->source);
    CheckCertain(reader, "when", condition->source, before);
    return *std::move(condition);
  }

  void ReadSplit(YamlReader& reader, const Before& before, size_t depth, GraphNode* node) {
    node->kind = GraphNode::Kind::kSplit;
    node->number = graph_.splits++;
    std::string key;
    reader.Get("key", &key);
    if (!key.empty()) {
      node->key = ReadSource(reader, "key", key, before);
      CheckCertain(reader, "key", node->key, before);
    }
    for (YamlReader& item : reader.Children("split")) {
      GraphBranch branch;
      item.Get("weight", &branch.weight, 1);
      if (branch.weight == 0) item.Complain("weight", "is missing.");
      if (branch.weight > kMaxWeight) item.Complain("weight", StrCat("must be at most ", kMaxWeight, "."));
      branch.steps = ReadSteps(item, "steps", before, depth + 1);
      item.Finish();
      node->branches.push_back(std::move(branch));
    }
    if (node->branches.size() < 2) reader.Complain("split", "must list at least two branches.");
  }

  void ReadModel(YamlReader& reader, const Before& before, GraphStep* step) {
    std::map<std::string, std::string> inputs;
    if (!reader.Has("model")) {
      return reader.Complain("model",
                             "is missing: a step has one of model, steps, parallel, switch and split.");
    }
    reader.GetRequired("model", &step->model);
    step->name = step->model;
    reader.Get("name", &step->name);
    reader.Get("version", &step->version);
    reader.Get("inputs", &inputs);
    reader.Get("soft", &step->soft);
    reader.Get("defaults", &step->defaults);
    if (!step->defaults.empty() && !step->soft)
      reader.Complain("defaults", "are for steps with 'soft: true'.");
    if (inputs.empty()) reader.Complain("inputs", "must say where each input of the model comes from.");
    for (const auto& [name, text] : inputs) {
      step->inputs[name] = ReadSource(reader, "inputs", text, before);
      // A soft step whose input is missing is left out as one that failed.
      if (!step->soft) CheckCertain(reader, "inputs", step->inputs[name], before);
    }
    if (step->name == "request" || step->name.find_first_of(".|[]=!<> ") != std::string::npos)
      reader.Complain("name", StrCat("can't be '", step->name, "'."));
    auto& names = graph_.step_names;
    if (std::find(names.begin(), names.end(), step->name) != names.end())
      reader.Complain("name", StrCat("must differ: there is a step '", step->name, "' already."));
    step->number = names.size();
    names.push_back(step->name);
  }

  void CheckRequestTensors(YamlReader& reader, const char* field, const GraphSource& source) {
    for (const GraphTensor& tensor : source) {
      const bool is_known = tensor.step != GraphTensor::kRequest ||
                            std::any_of(inputs_.begin(), inputs_.end(),
                                        [&](const auto& spec) { return spec.name == tensor.name; });
      if (!is_known)
        reader.Complain(field, StrCat("is wrong: '", tensor.text, "' is no input of the graph."));
    }
  }

  static constexpr size_t kMaxWeight = 10000;

  static FindGraphStep StepsIn(const Before& before) {
    return [&before](std::string_view name) -> std::optional<size_t> {
      if (name == "request") return GraphTensor::kRequest;
      std::vector<const GraphStep*> steps;
      for (const GraphNode* node : before) Collect(*node, &steps);
      for (const GraphStep* step : steps) {
        if (step->name == name) return step->number;
      }
      return std::nullopt;
    };
  }

  const std::vector<TensorSpec>& inputs_;
  GraphDefinition& graph_;
  size_t nodes_ = 0;
};

}  // namespace

GraphDefinition ReadGraph(YamlReader& reader, const std::vector<TensorSpec>& inputs,
                          const std::vector<std::string>& sources) {
  GraphDefinition graph;
  GraphReader graph_reader(inputs, &graph);
  graph.steps = graph_reader.ReadSteps(reader, "graph", {}, 1);
  if (graph.steps.empty()) reader.Complain("graph", "must list steps.");
  Before all;
  for (const GraphNode& node : graph.steps) all.push_back(&node);
  for (const std::string& text : sources) {
    graph.outputs.push_back(graph_reader.ReadSource(reader, "outputs", text, all));
    graph_reader.CheckCertain(reader, "outputs", graph.outputs.back(), all);
  }
  return graph;
}

std::vector<const GraphStep*> StepsOf(const std::vector<GraphNode>& nodes) {
  std::vector<const GraphStep*> steps;
  for (const GraphNode& node : nodes) Collect(node, &steps);
  return steps;
}

}  // namespace starling::inference
