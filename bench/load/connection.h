// One kept-alive connection of the load: sends a request, finds the end of its answer, opens itself again when it was closed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "load/grpc_wire.h"
#include "load/options.h"
#include "load/response.h"

namespace starling::bench {

// Non-blocking. Its owner watches fd() for edges of input and output, with this object as the event's data.
class Connection {
 public:
  explicit Connection(const Options& options) : options_(options) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { Close(); }

  int fd() const { return fd_; }
  // False if no socket can be had. What was under way is forgotten.
  bool Open();
  void Close();

  bool busy() const { return busy_; }
  int64_t due_ns() const { return due_ns_; }
  int64_t sent_ns() const { return sent_ns_; }

  // Not while busy. `request`, of Options, lives until the answer; `due_ns` is when it should have been sent. False if the connection broke.
  bool Send(std::string_view request, int64_t due_ns, int64_t now_ns);
  // After an edge of output. False if the connection broke.
  bool ContinueSending();

  enum class Read { kNothing, kAnswer, kMalformed, kClosed };
  // After an edge of input; until it returns kNothing. kAnswer: `*answer` says which, and the connection is free again. kClosed
  // also stands for an end of the connection while nothing was asked.
  Read Receive(ResponseEnd* answer);

 private:
  Read ReceiveCall(ResponseEnd* answer);
  bool SendAlso(const std::string& bytes);

  const Options& options_;
  int fd_ = -1;
  bool busy_ = false;
  std::string_view unsent_;
  std::string frames_;  // of gRPC: what `unsent_` is part of
  GrpcWire wire_;
  std::string received_;  // of an answer that is not complete
  int64_t due_ns_ = 0, sent_ns_ = 0;
};

}  // namespace starling::bench
