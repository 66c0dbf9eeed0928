#include "core/run/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/status.h"

namespace starling::run {
namespace {

struct HostPort {
  std::string host, port;
};

absl::StatusOr<HostPort> Split(const std::string& target) {
  const size_t colon = target.rfind(':');
  HostPort parts;
  if (colon != std::string::npos) {
    parts = {target.substr(0, colon), target.substr(colon + 1)};
    if (parts.host.size() > 2 && parts.host.front() == '[' && parts.host.back() == ']') {
      parts.host = parts.host.substr(1, parts.host.size() - 2);
    } else if (parts.host.find(':') != std::string::npos) {
      parts.host.clear();
    }
  }
  const bool number = !parts.port.empty() && parts.port.size() <= 5 &&
                      parts.port.find_first_not_of("0123456789") == std::string::npos &&
                      std::stoi(parts.port) >= 1 && std::stoi(parts.port) <= 65535;
  if (parts.host.empty() || !number) {
    return InvalidArgument("'", target, "' is no target: write host:port, [v6]:port or unix:/path.");
  }
  return parts;
}

std::string Format(const sockaddr* address, const std::string& port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof(text));
    return StrCat("[", text, "]:", port);
  }
  inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof(text));
  return StrCat(text, ":", port);
}

// `flags` as of getaddrinfo().
absl::StatusOr<Addresses> Resolve(const std::vector<std::string>& targets, int flags) {
  Addresses addresses;
  for (const std::string& target : targets) {
    if (target.rfind("unix:", 0) == 0) {
      addresses.emplace(target, "");
      continue;
    }
    ASSIGN_OR_RETURN(const HostPort parts, Split(target));
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &found);
    if (error != 0) return Unavailable("'", parts.host, "' does not resolve: ", gai_strerror(error), ".");
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
      addresses.emplace(Format(entry->ai_addr, parts.port), parts.host);
    }
    freeaddrinfo(found);
  }
  return addresses;
}

}  // namespace

absl::Status CheckTarget(const std::string& target) {
  if (target.rfind("unix:/", 0) == 0) return absl::OkStatus();
  return Split(target).status();
}

absl::StatusOr<Addresses> ResolveTargets(const std::vector<std::string>& targets) {
  return Resolve(targets, 0);
}

struct Resolver::Impl {
  std::vector<std::string> targets;
  std::chrono::milliseconds interval;
  std::function<void(const Addresses&)> changed;
  std::function<void(const absl::Status&)> failed;
  Lookup lookup;
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  Addresses last;  // the thread's, once it runs
  std::thread thread;

  void Work() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      lock.unlock();
      auto now = lookup(targets);
      if (!now.ok()) {
        failed(now.status());
      } else if (*now != last) {
        last = *now;
        changed(last);
      }
      lock.lock();
      wake.wait_for(lock, interval, [this] { return stopping; });
    }
  }
};

Resolver::Resolver(std::vector<std::string> targets, std::chrono::milliseconds interval,
                   std::function<void(const Addresses&)> changed,
                   std::function<void(const absl::Status&)> failed, Lookup lookup)
    : impl_(std::make_unique<Impl>()) {
  impl_->targets = std::move(targets);
  impl_->interval = interval;
  impl_->changed = std::move(changed);
  impl_->failed = std::move(failed);
  impl_->lookup = std::move(lookup);
  // What needs no lookup is known before the first call comes.
  if (auto numbers = Resolve(impl_->targets, AI_NUMERICHOST); numbers.ok()) {
    impl_->last = *std::move(numbers);
    impl_->changed(impl_->last);
  }
  impl_->thread = std::thread([impl = impl_.get()] { impl->Work(); });
}

Resolver::~Resolver() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  impl_->thread.join();
}

}  // namespace starling::run
