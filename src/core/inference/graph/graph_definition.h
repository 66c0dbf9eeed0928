// GraphDefinition: a model that is made of other models. docs/model-packages.md explains each field for those who write one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/inference/runtime.h"

namespace starling::inference {

class YamlReader;

inline constexpr std::string_view kGraphRuntime = "graph";

// A tensor of the request, or of a step that ran before.
struct GraphTensor {
  static constexpr size_t kRequest = SIZE_MAX;
  size_t step = kRequest;  // number of the step
  std::string name;        // of the request's or the step's tensor
  std::string text;        // "score.margins", as it was written
};

// The first of these that is there.
using GraphSource = std::vector<GraphTensor>;

// Runs one model.
struct GraphStep {
  std::string name;
  size_t number = 0;  // in the order of the file
  std::string model;
  std::string version;                          // or alias; empty: the latest that is ready
  std::map<std::string, GraphSource> inputs;    // by the model's names
  bool soft = false;                            // its failure is not the request's
  std::map<std::string, std::string> defaults;  // of a soft step that failed: outputs, filled with one value
};

// `value` is what a tensor's element is compared with.
struct GraphCondition {
  enum class Comparison { kEqual, kUnequal, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
  GraphSource source;
  size_t element = 0;  // of each row
  Comparison comparison = Comparison::kEqual;
  std::string value;
  std::optional<double> number;  // `value` as a number, if it is one
  std::string text;              // as it was written
};

struct GraphNode;

// Steps that run one after the other.
struct GraphBranch {
  std::optional<GraphCondition> when;  // of a switch; none: when no other branch's holds
  size_t weight = 0;                   // of a split
  std::vector<GraphNode> steps;
};

struct GraphNode {
  enum class Kind { kModel, kSequence, kParallel, kSwitch, kSplit };
  Kind kind = Kind::kModel;
  GraphStep step;                     // of kModel
  std::vector<GraphBranch> branches;  // of the others; of kSequence one
  GraphSource key;                    // of kSplit; empty: the request's own
  size_t number = 0;                  // of kSplit, in the order of the file
};

struct GraphDefinition {
  // How deep steps lie within steps, and graphs within graphs.
  static constexpr size_t kMaxDepth = 8;
  // How many there may be, those of graphs within it counted as often as they may run.
  static constexpr size_t kMaxSteps = 1000;

  std::vector<GraphNode> steps;
  std::vector<GraphSource> outputs;     // in the order of the package's
  std::vector<std::string> step_names;  // by number
  size_t splits = 0;
};

// Reads `graph` of a model.yaml, whose inputs and outputs are these; `sources` says where each output comes from. Complains of names that
// mean nothing at their place (which leaves no cycle), and of tensors that may be missing where one is needed.
GraphDefinition ReadGraph(YamlReader& reader, const std::vector<TensorSpec>& inputs,
                          const std::vector<std::string>& sources);

// All steps, in the order of the file.
std::vector<const GraphStep*> StepsOf(const std::vector<GraphNode>& nodes);

}  // namespace starling::inference
