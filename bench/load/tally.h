// What happened in the measured time, and how it is printed.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "load/histogram.h"
#include "load/options.h"
#include "load/server_usage.h"

namespace starling::bench {

// Why a request has no answer.
enum class Failure { kConnect, kClosed, kTimeout, kMalformed };

struct Tally {
  std::map<int, Histogram> latency_by_status;
  Histogram succeeded;  // answers of 2xx
  std::map<Failure, int64_t> failures;
  int64_t offered = 0;     // open loop: requests that were due; closed loop: those answered or failed
  int64_t dropped = 0;     // due, but too many were waiting for a connection
  int64_t unanswered = 0;  // open loop: sent or waiting when the run was over
  int64_t reconnects = 0;  // in the whole run
  int64_t server_cpu_ns = 0;
  int64_t own_cpu_ns = 0;
  // Open loop: from the moment a request was due to the moment that this program saw it; what the generator itself adds.
  Histogram lag;
  Memory memory;

  int64_t answered() const;
};

std::string ToJson(const Tally& tally, const Options& options);

}  // namespace starling::bench
