#include "core/run/child_process.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

#include "base/strings.h"
#include "core/async/asio.h"

namespace starling::run {
namespace {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

constexpr size_t kMaxLine = 16 * 1024;

}  // namespace

struct ChildProcess::State : std::enable_shared_from_this<State> {
  State(async::Loop& loop, ChildHandle handle)
      : pid(handle.pid),
        lifeline(handle.lifeline),
        pidfd(async::Asio(loop), handle.pidfd),
        output(async::Asio(loop), handle.output) {}

  const pid_t pid;
  int lifeline;
  stream_descriptor pidfd, output;
  std::array<char, 4096> buffer;
  std::string line;
  bool ended = false;  // reaped: the pid means nothing any more
  bool output_open = true;
  std::string how;
  absl::AnyInvocable<void(std::string_view)> on_line;
  absl::AnyInvocable<void(const std::string&)> on_exit;

  void Emit() {
    if (!line.empty() && on_line) on_line(line);
    line.clear();
  }

  void ReadOutput() {
    output.async_read_some(boost::asio::buffer(buffer),
                           [self = shared_from_this()](const error_code& error, size_t n) {
                             for (size_t i = 0; i < n; ++i) {
                               const char c = self->buffer[i];
                               if (c == '\n') {
                                 self->Emit();
                               } else if (self->line.size() < kMaxLine) {
                                 self->line.push_back(c);
                               }
                             }
                             if (!error) return self->ReadOutput();
                             self->Emit();
                             self->output_open = false;
                           });
  }

  void WatchEnd() {
    pidfd.async_wait(stream_descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
      if (error) return;
      siginfo_t info{};
      // The group goes before the leader is reaped: until then its number cannot be given to anyone else.
      kill(-self->pid, SIGKILL);
      if (waitid(P_PID, static_cast<id_t>(self->pid), &info, WEXITED) == 0) {
        self->how = info.si_code == CLD_EXITED ? StrCat("exited with ", info.si_status)
                                               : StrCat("was killed by signal ", info.si_status, " (",
                                                        strsignal(info.si_status), ")");
      }
      self->ended = true;
      self->DrainOutput();
      if (self->on_exit) std::exchange(self->on_exit, nullptr)(self->how);
    });
  }

  // What the child wrote before its end is in the pipe by now; a grandchild that escaped may hold the pipe open.
  void DrainOutput() {
    error_code error;
    if (!output_open) return;
    output.non_blocking(true, error);
    while (!error) {
      const size_t n = output.read_some(boost::asio::buffer(buffer), error);
      for (size_t i = 0; i < n; ++i) {
        if (buffer[i] == '\n') {
          Emit();
        } else if (line.size() < kMaxLine) {
          line.push_back(buffer[i]);
        }
      }
    }
    Emit();
    output.close(error);
  }

  void CloseLifeline() {
    if (lifeline >= 0) close(std::exchange(lifeline, -1));
  }
};

ChildProcess::ChildProcess(async::Loop& loop, ChildHandle handle,
                           absl::AnyInvocable<void(std::string_view)> on_line,
                           absl::AnyInvocable<void(const std::string&)> on_exit)
    : state_(std::make_shared<State>(loop, handle)) {
  state_->on_line = std::move(on_line);
  state_->on_exit = std::move(on_exit);
  state_->ReadOutput();
  state_->WatchEnd();
}

ChildProcess::~ChildProcess() {
  state_->on_line = nullptr;
  state_->on_exit = nullptr;
  state_->CloseLifeline();
  Kill();
}

pid_t ChildProcess::pid() const { return state_->pid; }
bool ChildProcess::running() const { return !state_->ended; }

void ChildProcess::Terminate() {
  if (!state_->ended) kill(state_->pid, SIGTERM);
}

void ChildProcess::Kill() {
  if (!state_->ended) kill(-state_->pid, SIGKILL);
}

}  // namespace starling::run
