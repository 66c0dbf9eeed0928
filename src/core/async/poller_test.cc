#include "core/async/poller.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <ctime>

#include "core/async/sleep.h"
#include "core/async/spawn.h"

namespace starling::async {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(PollerTest, AWakeThatCameBeforeEndsTheNextPoll) {
  Poller poller;
  Poller::Time woken;
  poller.Wake();
  poller.Wake();
  const auto begin = steady_clock::now();
  poller.Poll(std::nullopt, &woken);  // for ever, if the wake was lost
  EXPECT_GE(woken, begin);
  poller.Poll(begin, &woken);  // the time has passed: does not wait
  poller.Poll(steady_clock::now() + milliseconds(3), &woken);
  EXPECT_GE(woken - begin, milliseconds(3));  // both wakes were one
}

// As on Linux before 5.11, and in sandboxes made before it: the call is not known.
bool ForbidExactWaits() {
  std::array<sock_filter, 4> rules = {
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{rules.size(), rules.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(PollerDeathTest, WaitsByTheMillisecondWhereTheKernelTakesNoNanoseconds) {
  const auto wait = [] {
    if (!ForbidExactWaits() || ::syscall(SYS_epoll_pwait2, -1, nullptr, 0, nullptr, nullptr, 0) != -1 ||
        errno != ENOSYS)
      std::_Exit(2);
    const auto begin = steady_clock::now();
    const std::clock_t worked = std::clock();
    (void)BlockOn(Sleep(std::chrono::microseconds(100500)));
    const auto took = steady_clock::now() - begin;
    const bool idle = std::clock() - worked < CLOCKS_PER_SEC / 20;
    std::_Exit(idle && took >= std::chrono::microseconds(100500) ? 0 : 1);
  };
  EXPECT_EXIT(wait(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace starling::async
