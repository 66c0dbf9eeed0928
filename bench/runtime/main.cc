// bench_runtime: the runtime alone, called as its own documentation says: no server, no queue, tokens made beforehand. What it
// does in a second at its best batch is the most that a server around it could do.
//
//   bench_runtime MODEL.onnx VOCABULARY TEXTS BATCH INSTANCES SECONDS
//
// TEXTS has one text a line. They are sorted by length and cut into batches of BATCH, so that little is padded. Prints
// {"texts_per_s": ..., "cpu_us_per_text": ...}.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <openvino/openvino.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/inference/text/bert_tokenizer.h"
#include "processor_time.h"

namespace {

using starling::inference::BertTokenizer;
using Ids = std::vector<int64_t>;
using Clock = std::chrono::steady_clock;

constexpr size_t kMaxLength = 256;

struct Batch {
  ov::Tensor ids, mask;
  size_t texts = 0;
};

std::vector<Ids> ReadTexts(const char* vocabulary, const char* file) {
  const auto tokenizer = BertTokenizer::Load(vocabulary, /*lowercase=*/true);
  std::vector<Ids> all;
  std::ifstream in(file);
  for (std::string text; tokenizer.ok() && std::getline(in, text);) {
    all.push_back(tokenizer->Encode(text, kMaxLength).ids);
  }
  return all;
}

std::vector<Batch> MakeBatches(std::vector<Ids> texts, size_t size) {
  std::sort(texts.begin(), texts.end(), [](const Ids& a, const Ids& b) { return a.size() < b.size(); });
  std::vector<Batch> batches;
  for (size_t first = 0; first < texts.size(); first += size) {
    const size_t rows = std::min(size, texts.size() - first);
    const size_t length = texts[first + rows - 1].size();
    Batch batch{ov::Tensor(ov::element::i64, {rows, length}), ov::Tensor(ov::element::i64, {rows, length}),
                rows};
    std::fill_n(batch.ids.data<int64_t>(), rows * length, 0);
    std::fill_n(batch.mask.data<int64_t>(), rows * length, 0);
    for (size_t row = 0; row < rows; ++row) {
      const Ids& ids = texts[first + row];
      std::copy(ids.begin(), ids.end(), batch.ids.data<int64_t>() + row * length);
      std::fill_n(batch.mask.data<int64_t>() + row * length, ids.size(), 1);
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

// Runs all batches in turn until the time is over, from any number of threads; returns the texts done.
size_t RunUntil(Clock::time_point end, ov::InferRequest request, const std::vector<Batch>& batches,
                std::atomic<size_t>* next) {
  size_t texts = 0;
  while (Clock::now() < end) {
    const Batch& batch = batches[next->fetch_add(1) % batches.size()];
    request.set_tensor("input_ids", batch.ids);
    request.set_tensor("attention_mask", batch.mask);
    request.infer();
    texts += batch.texts;
  }
  return texts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "bench_runtime MODEL.onnx VOCABULARY TEXTS BATCH INSTANCES SECONDS\n");
    return 2;
  }
  const std::vector<Batch> batches = MakeBatches(ReadTexts(argv[2], argv[3]), std::stoul(argv[4]));
  const int instances = std::atoi(argv[5]);
  const double seconds = std::atof(argv[6]);
  if (batches.empty() || instances < 1) {
    std::fprintf(stderr, "bench_runtime: no texts, no vocabulary or no instance\n");
    return 2;
  }
  ov::Core core;
  ov::CompiledModel model = core.compile_model(
      argv[1], "CPU", ov::num_streams(ov::streams::Num(instances)), ov::inference_num_threads(instances),
      ov::hint::enable_cpu_pinning(false), ov::hint::inference_precision(ov::element::f32));

  std::vector<ov::InferRequest> requests;
  for (int i = 0; i < instances; ++i) requests.push_back(model.create_infer_request());
  // Every instance prepares its kernels for every shape.
  for (const ov::InferRequest& request : requests) {
    for (const Batch& batch : batches) {
      ov::InferRequest same = request;
      same.set_tensor("input_ids", batch.ids);
      same.set_tensor("attention_mask", batch.mask);
      same.infer();
    }
  }
  std::atomic<size_t> next{0}, texts{0};
  const auto start = Clock::now();
  const double cpu_start = starling::bench::ProcessorTime();
  const auto end = start + std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
  std::vector<std::thread> threads;
  for (const ov::InferRequest& request : requests) {
    threads.emplace_back([&, request] { texts += RunUntil(end, request, batches, &next); });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = Clock::now() - start;
  const auto done = static_cast<double>(texts.load());
  std::printf("{\"texts_per_s\": %.1f, \"cpu_us_per_text\": %.1f}\n", done / took.count(),
              (starling::bench::ProcessorTime() - cpu_start) * 1e6 / done);
  return 0;
}
