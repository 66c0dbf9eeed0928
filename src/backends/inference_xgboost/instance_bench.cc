// What one run of a model of 100 trees costs: time, and allocations of ours and of the library. Run from the top of the repository:
//   ninja -C build/release backends_inference_xgboost_bench && build/release/src/backends/inference_xgboost/backends_inference_xgboost_bench
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>

#include "backends/inference_xgboost/xgboost_runtime.h"

namespace {
std::atomic<int64_t> allocations = 0;
}  // namespace

// In place of the standard library's, for the shared libraries too.
[[gnu::noinline]] void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace starling::inference_xgboost {
namespace {

void Run(benchmark::State& state, std::vector<std::string> outputs) {
  const auto runtime = MakeRuntime().value();
  const auto model = runtime->Load({"models/fraud/fraud.ubj", 1, 1, {}, std::move(outputs)}).value();
  const auto instance = model->NewInstance().value();
  const int64_t rows = state.range(0);
  const int64_t features = model->inputs()[0].shape[1];
  std::mt19937 random(1);
  std::vector<float> values(static_cast<size_t>(rows * features));
  for (float& value : values) value = static_cast<float>(random() % 1000);
  const std::vector<inference::Tensor> inputs = {
      inference::MakeTensor<float>(inference::DataType::kFp32, {rows, features}, values)};
  benchmark::DoNotOptimize(instance->Run(inputs).value());
  const int64_t before = allocations;
  for (auto _ : state) benchmark::DoNotOptimize(instance->Run(inputs));
  const auto runs = static_cast<double>(state.iterations());
  state.counters["allocations"] = static_cast<double>(allocations - before) / runs;
  state.SetItemsProcessed(state.iterations() * rows);
}

void Probabilities(benchmark::State& state) { Run(state, {"probabilities"}); }
void ProbabilitiesAndContributions(benchmark::State& state) {
  Run(state, {"probabilities", "contributions"});
}
BENCHMARK(Probabilities)->Arg(1)->Arg(8)->Arg(64);
BENCHMARK(ProbabilitiesAndContributions)->Arg(1)->Arg(8)->Arg(64);

}  // namespace
}  // namespace starling::inference_xgboost

BENCHMARK_MAIN();
