#include "core/http/testing/raw_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "core/http/transport/socket_address.h"

namespace starling::http::testing {
namespace {

constexpr std::chrono::seconds kLimit(5);

bool Readable(int fd, std::chrono::milliseconds limit) {
  pollfd waited{fd, POLLIN, 0};
  return ::poll(&waited, 1, static_cast<int>(limit.count())) > 0;
}

bool Contains(const std::string& all, std::string_view text, int times) {
  size_t at = 0;
  while (times > 0 && (at = all.find(text, at)) != std::string::npos) {
    at += text.size();
    --times;
  }
  return times <= 0;
}

}  // namespace

RawClient::RawClient(const std::string& address) {
  const auto parsed = SocketAddress::Parse(address);
  if (parsed.ok()) fd_ = ::socket(parsed->family(), SOCK_STREAM, 0);
  if (fd_ < 0 || ::connect(fd_, parsed->data(), parsed->size()) != 0) {
    std::fprintf(stderr, "RawClient: cannot connect to %s\n", address.c_str());
    std::abort();
  }
}

RawClient::~RawClient() { Close(); }

void RawClient::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string RawClient::ReadUntil(std::string_view text, int times) {
  std::string all;
  char buffer[4096];
  while (!Contains(all, text, times) && Readable(fd_, kLimit)) {
    const ssize_t got = ::recv(fd_, buffer, sizeof(buffer), 0);
    if (got <= 0) break;
    all.append(buffer, static_cast<size_t>(got));
  }
  return all;
}

std::string RawClient::ReadToEnd() { return ReadUntil("\xff\xfe never sent"); }

bool RawClient::Ended(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  char buffer[4096];
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() < 0 || !Readable(fd_, left)) return false;
    if (::recv(fd_, buffer, sizeof(buffer), 0) <= 0) return true;
  }
}

void RawClient::EndOutput() { ::shutdown(fd_, SHUT_WR); }

void RawClient::Reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Close();
}

std::string Talk(const std::string& address, std::string_view request) {
  RawClient client(address);
  client.Send(request);
  return client.ReadToEnd();
}

}  // namespace starling::http::testing
