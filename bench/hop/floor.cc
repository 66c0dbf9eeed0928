// What the kernel alone takes for a hop: as many bytes as a small call, sent forth and back between two processes that wait with epoll.
//   hop_floor unix|tcp SECONDS
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

#include "hop/samples.h"

namespace starling::bench {
namespace {

constexpr size_t kBytes = 64;

// Two connected sockets, or the end of the program.
std::array<int, 2> Connected(bool tcp) {
  std::array<int, 2> ends{-1, -1};
  if (!tcp) {
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) std::exit(1);
    return ends;
  }
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, raw, size) != 0 || ::listen(listener, 1) != 0 ||
      ::getsockname(listener, raw, &size) != 0)
    std::exit(1);
  ends[0] = ::socket(AF_INET, SOCK_STREAM, 0);
  if (::connect(ends[0], raw, size) != 0) std::exit(1);
  ends[1] = ::accept(listener, nullptr, nullptr);
  const int on = 1;
  for (const int end : ends) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return ends;
}

class End {
 public:
  explicit End(int fd) : fd_(fd), epoll_(::epoll_create1(0)) {
    epoll_event event{};
    event.events = EPOLLIN;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event);
  }
  bool Receive() {
    epoll_event event{};
    return ::epoll_wait(epoll_, &event, 1, -1) == 1 && ::recv(fd_, buffer_.data(), kBytes, 0) > 0;
  }
  bool Send() { return ::send(fd_, buffer_.data(), kBytes, MSG_NOSIGNAL) == static_cast<ssize_t>(kBytes); }

 private:
  const int fd_, epoll_;
  std::array<char, kBytes> buffer_{};
};

int Main(bool tcp, double seconds) {
  const auto [here, there] = Connected(tcp);
  if (::fork() == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(here);
    End end(there);
    while (end.Receive() && end.Send()) {
    }
    ::_exit(0);
  }
  ::close(there);
  End end(here);
  Samples samples;
  const auto from = Clock::now() + kWarmUp;
  const auto until =
      from + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (auto now = Clock::now(); now < until;) {
    if (!end.Send() || !end.Receive()) return 1;
    now = samples.Add(now, from);
  }
  samples.Print(std::chrono::duration<double>(seconds));
  return 0;
}

}  // namespace
}  // namespace starling::bench

int main(int argc, char** argv) {
  return argc == 3 ? starling::bench::Main(std::string(argv[1]) == "tcp", std::atof(argv[2])) : 2;
}
