// Repositories of numbered versions, for tests.
#pragma once

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "services/models/models_test.h"

namespace starling::models {

namespace fs = std::filesystem;

inline constexpr char kShared[] = R"(task: tensors
runtime: fake
file: model.bin
inputs:
  - {name: attention_mask, datatype: INT64, shape: [-1, -1]}
  - {name: input_ids, datatype: INT64, shape: [-1, -1]}
outputs: [{name: probabilities, datatype: FP32, shape: [-1, 2]}]
)";

class ModelLifeTest : public ModelsTest {
 protected:
  ModelLifeTest() : path_(folder_ / "repository") { fs::create_directories(path_); }

  // A model whose versions share one model.yaml.
  void Model(const std::string& name) { Write(path_ / name / "model.yaml", kShared); }
  // Published as an operator does: written beside, then renamed.
  void Publish(const std::string& name, const std::string& version, const std::string& content = "weights") {
    Write(path_ / name / ".new" / "model.bin", content);
    fs::remove_all(path_ / name / version);
    fs::rename(path_ / name / ".new", path_ / name / version);
  }
  static void Write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::unique_ptr<ModelRepository> OpenRepository(RepositoryMode mode, RepositoryOptions options = {}) {
    options.repositories = {path_};
    options.mode = mode;
    options.poll_interval = std::chrono::milliseconds(2);
    options.heap_bytes = [this] { return heap_.load(); };
    auto repository = ModelRepository::Open(std::move(options), runtimes_, metrics_, ByteTokenizer);
    EXPECT_TRUE(repository.ok()) << repository.status();
    return *std::move(repository);
  }
  // "name/version: state" of each version.
  static std::vector<std::string> States(const ModelRepository& repository) {
    std::vector<std::string> states;
    for (const ModelInfo& info : repository.Index())
      states.push_back(StrCat(info.name, "/", info.version, ": ", Name(info.state)));
    return states;
  }
  static void WaitForStates(const ModelRepository& repository, const std::vector<std::string>& states) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (States(repository) != states && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    EXPECT_EQ(States(repository), states);
  }
  static std::string Answers(const ModelRepository& repository, std::string_view version = "") {
    const auto lease = repository.Find("raw", version);
    return lease.ok() ? (*lease)->version() : std::string(Message(lease.status()));
  }

  std::atomic<size_t> heap_{0};  // what the allocator says
  fs::path path_;
};

}  // namespace starling::models
