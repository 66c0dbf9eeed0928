// What the interop cases want to know of a call that its messages don't say: metadata, and which messages were compressed.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/http/exchange.h"

namespace starling::interop {

// Of one call, on its loop.
struct WireFacts {
  std::deque<bool> request_compressed;  // of each request message that the service has not taken yet
  std::deque<bool>
      compress_response;  // what the service wants for its next answers; empty: as the handler does it
};

// Where edge and service meet: by the call's request id. Thread-safe.
class WireBook {
 public:
  std::shared_ptr<WireFacts> Begin(const std::string& id);
  std::shared_ptr<WireFacts> Find(const std::string& id);
  void End(const std::string& id);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<WireFacts>> calls_;
};

// In front of grpc::Handler: notes what comes, sends the metadata of the case `custom_metadata` back, and unpacks answers that shall
// not be compressed. Thread-safe; both references outlive it.
class WireEdge final : public http::Handler {
 public:
  WireEdge(http::Handler& inner, WireBook& book) : inner_(inner), book_(book) {}
  async::Task<void> Handle(http::Exchange& exchange) override;

 private:
  http::Handler& inner_;
  WireBook& book_;
};

}  // namespace starling::interop
