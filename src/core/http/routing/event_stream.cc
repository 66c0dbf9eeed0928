#include "core/http/routing/event_stream.h"

#include <utility>

#include "base/status.h"

namespace starling::http {

void EventStream::KeepAlive() {
  timer_ = async::Loop::Current()->After(heartbeat_, [this] {
    if (finished_) return;
    // A write that is under way keeps the connection alive by itself.
    if (!writing_) beats_.Start(Beat());
    KeepAlive();
  });
}

async::Task<void> EventStream::Beat() { (void)co_await WriteInTurn(": keep-alive\n\n"); }

async::Task<absl::Status> EventStream::WriteInTurn(std::string text) {
  while (writing_) {
    async::Completion<bool> turn;
    next_writer_ = turn.completer();
    co_await turn;
  }
  if (finished_) co_return Cancelled("The stream has ended.");
  writing_ = true;
  absl::Status status;
  if (!std::exchange(started_, true)) {
    Headers headers;
    headers.Add("content-type", "text/event-stream");
    headers.Add("cache-control", "no-store");
    status = co_await exchange_.Start(200, std::move(headers));
  }
  if (status.ok()) status = co_await exchange_.Write(Bytes(std::move(text)));
  writing_ = false;
  if (auto next = std::exchange(next_writer_, std::nullopt)) next->Set(true);
  co_return status;
}

async::Task<absl::Status> EventStream::Send(std::string_view data) {
  std::string text = "data: ";
  text.append(data);
  text.append("\n\n");
  return WriteInTurn(std::move(text));
}

async::Task<void> EventStream::Finish(std::string error) {
  timer_.Cancel();
  if (!error.empty()) (void)co_await WriteInTurn("event: error\ndata: " + error + "\n\n");
  finished_ = true;
  co_await beats_.Join();
  if (!started_) {
    Headers headers;
    headers.Add("content-type", "text/event-stream");
    (void)co_await exchange_.Respond(200, std::move(headers), Bytes(), {});
  } else {
    (void)co_await exchange_.Finish({});
  }
}

}  // namespace starling::http
