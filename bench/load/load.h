// The load itself: one thread, one epoll, any number of connections.
//
// Closed loop: each connection sends its next request as soon as it has its answer, so a slow server is asked less. Open loop:
// requests are due at fixed times whatever the server does, wait for a free connection if need be, and their latency counts
// from the time they were due: a server that stalls cannot hide the requests that it kept waiting (Tene, "How not to measure
// latency"; coordinated omission).
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "load/connection.h"
#include "load/options.h"
#include "load/tally.h"

namespace starling::bench {

class Load {
 public:
  explicit Load(const Options& options);
  ~Load();

  // Blocks for warm-up, measured time and, in an open loop, at most the time-out for the last answers.
  Tally Run();

 private:
  bool open_loop() const { return options_.rate > 0; }
  bool Measured(int64_t at_ns) const { return at_ns >= begin_ns_ && at_ns < end_ns_; }
  void Connect(Connection& connection);
  void Reopen(std::vector<Connection*>* connections);
  void Handle(const epoll_event& event);
  void Answered(Connection& connection, const ResponseEnd& answer);
  void Failed(Connection& connection, Failure failure);
  void Free(Connection& connection);
  void Send(Connection& connection, int64_t due_ns);
  void OfferDue();
  void ExpireLate();
  void NoteTime();
  int64_t Gap();
  bool Over() const;
  timespec WaitTime() const;

  const Options& options_;
  Tally tally_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;    // open loop: those without a request
  std::deque<int64_t> waiting_;      // open loop: due times of requests without a connection
  std::vector<Connection*> closed_;  // opened again in the next turn: the server ended them with an answer
  std::vector<Connection*> failed_;  // opened again at the next look at late ones
  std::mt19937_64 random_{1};
  size_t next_request_ = 0;
  int64_t now_ns_ = 0, begin_ns_ = 0, end_ns_ = 0, next_due_ns_ = 0, next_expiry_ns_ = 0;
  bool began_ = false, ended_ = false;
  int64_t busy_ = 0;  // requests under way
  std::vector<pid_t> servers_;
};

}  // namespace starling::bench
