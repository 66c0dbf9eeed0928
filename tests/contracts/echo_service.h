// A service with a method of each shape, and what its tests read and write.
#pragma once

#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/async/sleep.h"
#include "starling/everything/v1/everything.starling.h"

namespace starling::everything::v1 {

using google::protobuf::Empty;

// Numbers that no test counts up to: the handler answers without an end, or waits.
inline constexpr int kForever = 1'000'000'000;

class EchoService final : public EverythingService {
 public:
  const Everything* last_request = nullptr;
  std::atomic<int> begun = 0, ended = 0;  // calls that only their caller ends
  std::atomic<int> counted = 0;           // items that Count has made

  async::Task<absl::StatusOr<Everything>> Echo(RequestContext context, const Everything& request) override {
    last_request = &request;
    if (request.a_string() == "fail") co_return NotFound("nothing there");
    if (request.a_string() == "wait") {
      const Waiting waiting(*this);
      co_return co_await async::Sleep(std::chrono::seconds(30), context.cancel());
    }
    co_return request;
  }
  async::Stream<CountResponse> Count(RequestContext context, CountRequest request) override {
    const Waiting waiting(*this);
    for (int i = 1; i <= request.to(); ++i) {
      CountResponse response;
      response.set_number(i);
      ++counted;
      CO_RETURN_IF_ERROR(context.Check());
      co_yield response;
    }
    if (request.to() == 13) co_return OutOfRange("thirteen");
    co_return absl::OkStatus();
  }
  async::Task<absl::StatusOr<CountResponse>> Sum(RequestContext context,
                                                 async::Stream<CountRequest> requests) override {
    const Waiting waiting(*this);
    CountResponse sum;
    while (true) {
      auto request = co_await requests.Next();
      if (!request.ok()) co_return request.status();
      if (!request->has_value()) break;
      if ((*request)->to() == kForever)
        CO_RETURN_IF_ERROR(co_await async::Sleep(std::chrono::seconds(30), context.cancel()));
      sum.set_number(sum.number() + (*request)->to());
    }
    co_return sum;
  }
  async::Stream<CountResponse> Chat(RequestContext, async::Stream<CountRequest> requests) override {
    const Waiting waiting(*this);
    while (true) {
      auto request = co_await requests.Next();
      if (!request.ok()) co_return request.status();
      if (!request->has_value()) co_return absl::OkStatus();
      CountResponse response;
      response.set_number((*request)->to() * 2);
      co_yield response;
    }
  }
  async::Task<absl::StatusOr<Empty>> Hidden(RequestContext, const Empty&) override { co_return Empty(); }
  async::Task<absl::StatusOr<FindResponse>> Find(RequestContext, const FindRequest& request) override {
    FindResponse response;
    *response.mutable_request() = request;
    co_return response;
  }

 private:
  struct Waiting {
    explicit Waiting(EchoService& s) : service(s) { ++service.begun; }
    ~Waiting() { ++service.ended; }
    EchoService& service;
  };
};

inline async::Stream<CountRequest> Numbers(std::vector<int> numbers, absl::Status end = absl::OkStatus()) {
  for (const int number : numbers) {
    CountRequest request;
    request.set_to(number);
    co_yield request;
  }
  co_return end;
}

// What a stream gave, and how it ended.
inline async::Task<std::pair<std::vector<int>, absl::Status>> Collect(
    async::Stream<CountResponse> responses) {
  std::pair<std::vector<int>, absl::Status> result;
  while (true) {
    auto item = co_await responses.Next();
    if (!item.ok()) {
      result.second = item.status();
      co_return result;
    }
    if (!item->has_value()) co_return result;
    result.first.push_back((*item)->number());
  }
}

}  // namespace starling::everything::v1
