#include "core/http/refusal.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/strings.h"
#include "core/http/h1/h1_response.h"
#include "core/http/routing/error_body.h"

namespace starling::http {
namespace {

class Refusal final : public Session {
 public:
  Refusal() {
    const auto error = ErrorResponseFor(503, "The server has too many connections.");
    AppendHead(error.status, error.headers,
               StrCat("content-length: ", error.body.size(), "\r\nconnection: close\r\n"), &output_);
    output_.append(error.body);
  }
  absl::Status Consume(std::string_view) override { return absl::OkStatus(); }
  void Produce(std::string* out, size_t) override {
    out->append(output_);
    output_.clear();
  }
  void Closed(const absl::Status&) override {}
  void Drain() override {}
  bool idle() const override { return true; }

 private:
  std::string output_;
};

}  // namespace

std::shared_ptr<Session> MakeRefusal(Connection& connection) {
  connection.CloseAfterWrite();
  return std::make_shared<Refusal>();
}

bool PeerMayUseUnixSocket(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

}  // namespace starling::http
