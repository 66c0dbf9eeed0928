// What load to make, as the command line says it.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace starling::bench {

struct Options {
  sockaddr_in address{};
  std::vector<std::string> requests;  // whole messages, or those of GrpcWire; sent in turn; at least one
  bool grpc = false;
  int connections = 1;
  double rate =
      0;  // requests offered per second; 0: closed loop, each connection sends as soon as it was answered
  bool poisson = false;  // gaps between requests: exponential instead of equal
  std::chrono::nanoseconds warmup{1000000000};
  std::chrono::nanoseconds duration{5000000000};
  std::chrono::nanoseconds timeout{10000000000};  // without an answer after it the connection is given up
  // Open loop: sockets and due requests are looked at this often at most. What it adds to latencies counts in them.
  std::chrono::nanoseconds turn{0};
  int64_t max_waiting = 100000;  // due requests that wait for a free connection; more are not sent at all
  int texts_per_request = 1;
  std::vector<pid_t> servers;  // whose cost is measured, with their children
};

// Exits with a message for what cannot be meant, and for --help.
Options ParseOptions(int argc, char** argv);

}  // namespace starling::bench
