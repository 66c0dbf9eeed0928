// bench_floor: what the kernel alone takes for the keyword route. Reads whatever comes, and answers each read with the
// same bytes: one epoll per thread, nothing parsed, nothing checked. No server on these sockets can be faster.
//   bench_floor PORT [THREADS]        until SIGTERM
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

namespace {

// As long as an answer of bench_keyword, headers included.
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: 0123456789abcdef\r\n"
    "date: Wed, 25 Nov 2026 00:00:00 GMT\r\ncontent-length: 133\r\n\r\n"
    R"({"results":[{"text":"I love this phone, the battery lasts two days and the camera is great.","sentiment":"positive","confidence":1}]})";

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int Listen(uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Fail("bind");
  if (::listen(listener, 1024) != 0) Fail("listen");
  return listener;
}

void Watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) Fail("epoll_ctl");
}

void Accept(int epoll, int listener) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  if (fd < 0) return;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  Watch(epoll, fd);
}

void Serve(uint16_t port) {
  const int listener = Listen(port);
  const int epoll = ::epoll_create1(0);
  Watch(epoll, listener);
  std::array<epoll_event, 128> events{};
  std::array<char, 16384> buffer{};
  while (true) {
    const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == listener) {
        Accept(epoll, listener);
      } else if (::recv(fd, buffer.data(), buffer.size(), 0) <= 0 ||
                 ::send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) {
        ::close(fd);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  std::vector<std::thread> threads;
  for (int i = argc > 2 ? std::atoi(argv[2]) : 1; i > 1; --i) threads.emplace_back(Serve, port);
  Serve(port);
}
