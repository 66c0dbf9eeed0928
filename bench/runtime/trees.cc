// bench_trees: XGBoost alone, one row after the other by its C interface, as its own documentation says: no server, no queue.
//
//   bench_trees MODEL ROWS THREADS SECONDS
//
// ROWS has a row a line, its numbers apart by spaces. Prints {"rows_per_s": ..., "cpu_us_per_row": ...}.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "backends/inference_xgboost/library.h"
#include "base/strings.h"
#include "processor_time.h"

namespace {

using starling::StrCat;
using starling::inference_xgboost::Handle;
using starling::inference_xgboost::Library;
using Clock = std::chrono::steady_clock;
using Row = std::vector<float>;

void Must(int result, const Library& library) {
  if (result == 0) return;
  std::fprintf(stderr, "bench_trees: %s\n", library.get_last_error());
  std::exit(1);
}

std::vector<Row> ReadRows(const char* file) {
  std::vector<Row> rows;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream numbers(line);
    rows.emplace_back(std::istream_iterator<float>(numbers), std::istream_iterator<float>());
  }
  return rows;
}

Handle LoadModel(const Library& library, const char* file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  BoosterHandle made = nullptr;
  Must(library.booster_create(nullptr, 0, &made), library);
  Handle booster(made, library.booster_free);
  Must(library.booster_load_model_from_buffer(made, bytes.data(), bytes.size()), library);
  Must(library.booster_set_param(made, "nthread", "1"), library);
  return booster;
}

// Returns the rows done.
size_t RunUntil(Clock::time_point end, const Library& library, BoosterHandle booster,
                const std::vector<Row>& rows) {
  constexpr char kConfig[] =
      R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":true,"cache_id":0,"missing":NaN})";
  DMatrixHandle made = nullptr;
  Must(library.proxy_dmatrix_create(&made), library);
  const Handle proxy(made, library.dmatrix_free);
  size_t done = 0;
  for (; Clock::now() < end; ++done) {
    const Row& row = rows[done % rows.size()];
    const std::string interface =
        StrCat(R"({"data":[)", reinterpret_cast<size_t>(row.data()), R"(,true],"shape":[1,)", row.size(),
               R"(],"typestr":"<f4","version":3})");
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* values = nullptr;
    Must(library.booster_predict_from_dense(booster, interface.c_str(), kConfig, made, &shape, &dimensions,
                                            &values),
         library);
  }
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "bench_trees MODEL ROWS THREADS SECONDS\n");
    return 2;
  }
  const auto library = Library::Open();
  const std::vector<Row> rows = ReadRows(argv[2]);
  const int count = std::atoi(argv[3]);
  if (!library.ok() || rows.empty() || count < 1) {
    std::fprintf(stderr, "bench_trees: no library, no rows or no thread\n");
    return 2;
  }
  const Handle booster = LoadModel(**library, argv[1]);
  (void)RunUntil(Clock::now() + std::chrono::milliseconds(100), **library, booster.get(), rows);

  std::atomic<size_t> done = 0;
  const auto start = Clock::now();
  const double cpu_start = starling::bench::ProcessorTime();
  const auto end = start + std::chrono::nanoseconds(static_cast<int64_t>(std::atof(argv[4]) * 1e9));
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&] { done += RunUntil(end, **library, booster.get(), rows); });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = Clock::now() - start;
  const auto all = static_cast<double>(done.load());
  std::printf("{\"rows_per_s\": %.1f, \"cpu_us_per_row\": %.2f}\n", all / took.count(),
              (starling::bench::ProcessorTime() - cpu_start) * 1e6 / all);
  return 0;
}
