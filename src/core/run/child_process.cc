#include "core/run/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/strings.h"
#include "core/async/watch.h"

namespace starling::run {
namespace {

constexpr size_t kMaxLine = 16 * 1024;

}  // namespace

struct ChildProcess::State : std::enable_shared_from_this<State> {
  State(async::Loop& loop, ChildHandle handle)
      : pid(handle.pid),
        lifeline(handle.lifeline),
        output_fd(handle.output),
        pidfd(loop, handle.pidfd),
        output(loop, handle.output) {
    ::fcntl(output_fd, F_SETFL, ::fcntl(output_fd, F_GETFL) | O_NONBLOCK);
  }

  const pid_t pid;
  int lifeline;
  const int output_fd;
  async::Watch pidfd, output;
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

  void WatchOutput() {
    output.WhenReadable([self = shared_from_this()] {
      if (self->ReadOutput() != Piece::kEnd) return self->WatchOutput();
      self->Emit();
      self->CloseOutput();
    });
  }

  enum class Piece { kSome, kNoneYet, kEnd };
  Piece ReadOutput() {
    std::array<char, 4096> buffer;
    const ssize_t size = ::read(output_fd, buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return Piece::kNoneYet;
    for (ssize_t i = 0; i < size; ++i) {
      const char c = buffer[static_cast<size_t>(i)];
      if (c == '\n') {
        Emit();
      } else if (line.size() < kMaxLine) {
        line.push_back(c);
      }
    }
    return size > 0 ? Piece::kSome : Piece::kEnd;
  }

  void WatchEnd() {
    pidfd.WhenReadable([self = shared_from_this()] {
      siginfo_t info{};
      // The group goes before the leader is reaped: until then its number cannot be given to anyone else.
      kill(-self->pid, SIGKILL);
      if (waitid(P_PID, static_cast<id_t>(self->pid), &info, WEXITED) == 0) {
        self->how = info.si_code == CLD_EXITED ? StrCat("exited with ", info.si_status)
                                               : StrCat("was killed by signal ", info.si_status, " (",
                                                        strsignal(info.si_status), ")");
      }
      self->ended = true;
      self->pidfd.Close();
      self->DrainOutput();
      if (self->on_exit) std::exchange(self->on_exit, nullptr)(self->how);
    });
  }

  // What the child wrote before its end is in the pipe by now; a grandchild that escaped may hold the pipe open.
  void DrainOutput() {
    if (!output_open) return;
    while (ReadOutput() == Piece::kSome) {
    }
    Emit();
    CloseOutput();
  }

  void CloseOutput() {
    output_open = false;
    output.Close();
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
  state_->WatchOutput();
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
