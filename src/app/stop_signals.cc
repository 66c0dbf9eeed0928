#include "app/stop_signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace starling::app {
namespace {

sigset_t StopSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

StopSignals::StopSignals(bool reload) {
  sigset_t set = StopSet();
  if (reload) sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  descriptor_ = signalfd(-1, &set, SFD_CLOEXEC);
}

StopSignals::~StopSignals() { close(descriptor_); }

StopSignals::Reason StopSignals::Wait(bool watch_parent) {
  pollfd watched[2] = {{descriptor_, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  while (true) {
    if (poll(watched, watch_parent ? 2 : 1, -1) < 0) {
      if (errno == EINTR) continue;
      return Reason::kSignal;
    }
    if (watched[0].revents != 0) {
      signalfd_siginfo info;
      const ssize_t size = read(descriptor_, &info, sizeof(info));
      const bool reload = size == sizeof(info) && info.ssi_signo == SIGHUP;
      return reload ? Reason::kReload : Reason::kSignal;
    }
    if (watch_parent && watched[1].revents != 0) {
      char ignored[256];
      // The parent never writes: anything but data is the end.
      if (read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0) return Reason::kParentGone;
    }
  }
}

void StopSignals::EndAtNextSignal() {
  signal(SIGTERM, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  const sigset_t set = StopSet();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace starling::app
