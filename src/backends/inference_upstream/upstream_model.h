// A model that another program runs, as a LoadedModel.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "backends/inference_upstream/client.h"
#include "core/inference/runtime.h"

namespace starling::inference_upstream {

// What the program of the model takes of this machine's memory.
using UpstreamBytes = std::function<size_t()>;

// Its instances call the upstream: one call of each is under way at a time. `owner` goes when the model does, after its last
// call; it keeps alive what `client` uses.
std::unique_ptr<inference::LoadedModel> MakeUpstreamModel(UpstreamTensors tensors,
                                                          std::unique_ptr<UpstreamClient> client,
                                                          std::shared_ptr<void> owner, UpstreamBytes bytes);

// Takes away the outputs that `file` does not ask for.
void KeepWanted(const inference::ModelFile& file, std::vector<TensorSpec>* outputs);

}  // namespace starling::inference_upstream
