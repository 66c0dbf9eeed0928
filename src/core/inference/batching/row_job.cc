#include "core/inference/batching/row_job.h"

#include <algorithm>
#include <numeric>

namespace starling::inference {

std::shared_ptr<RowJob> MakeRowJob(std::vector<Row> rows, std::vector<size_t> lengths,
                                   async::Completer<absl::Status> done) {
  auto job = std::make_shared<RowJob>(std::move(done));
  job->lengths = std::move(lengths);
  job->unfinished = rows.size();
  job->results.resize(rows.size());
  job->waiting.resize(rows.size());
  job->rows = std::move(rows);
  std::iota(job->waiting.begin(), job->waiting.end(), size_t{0});
  // By length, then by number: the order of the request where lengths are the same.
  std::sort(job->waiting.begin(), job->waiting.end(), [&job](size_t a, size_t b) {
    return job->lengths[a] != job->lengths[b] ? job->lengths[a] < job->lengths[b] : a < b;
  });
  return job;
}

}  // namespace starling::inference
