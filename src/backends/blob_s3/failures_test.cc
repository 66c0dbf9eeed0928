// Against a server of this file that answers what each test says: faults that a real one shows seldom.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "backends/blob_s3/blob_s3.h"
#include "base/status.h"

namespace starling::blob_s3 {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Answer(std::string_view status, std::string_view body = "", std::string_view headers = "") {
  return StrCat("HTTP/1.1 ", status, "\r\nConnection: close\r\n", headers, "Content-Length: ", body.size(),
                "\r\n\r\n", body);
}

// One connection at a time, one request each; `answer` gets its first line.
class Server {
 public:
  explicit Server(std::function<std::string(const std::string& line)> answer) : answer_(std::move(answer)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 16), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~Server() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }

  store::S3Config config() const {
    store::S3Config config;
    config.endpoint = StrCat("http://127.0.0.1:", port_);
    config.bucket = "bucket";
    config.retry_for = std::chrono::milliseconds(600);
    return config;
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  std::vector<std::string> heads() {
    const std::lock_guard lock(mutex_);
    return heads_;
  }

 private:
  void Run() {
    while (true) {
      const int connection = ::accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      std::string request;
      char piece[65536];
      size_t head = std::string::npos, length = 0;
      while (head == std::string::npos || request.size() < head + 4 + length) {
        const ssize_t got = ::read(connection, piece, sizeof(piece));
        if (got <= 0) break;
        request.append(piece, static_cast<size_t>(got));
        head = request.find("\r\n\r\n");
        const size_t field = request.find("Content-Length: ");
        if (field != std::string::npos) length = std::strtoul(request.c_str() + field + 16, nullptr, 10);
      }
      const std::string line = request.substr(0, request.find('\r'));
      {
        const std::lock_guard lock(mutex_);
        heads_.push_back(request.substr(0, head));
        lines_.push_back(line);
      }
      const std::string answer = answer_(line);
      EXPECT_EQ(::write(connection, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
      ::close(connection);
    }
  }

  const std::function<std::string(const std::string& line)> answer_;
  int socket_ = -1, port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> lines_, heads_;
  std::thread thread_;
};

const std::string kEmptyListing = "<ListBucketResult></ListBucketResult>";

TEST(S3Requests, TheBucketMayStandBeforeTheHostsName) {
  Server server([](const std::string&) { return Answer("200 OK", kEmptyListing); });
  store::S3Config config = server.config();
  config.endpoint.replace(config.endpoint.find("127.0.0.1"), 9, "localhost");
  config.path_style = false;
  const auto opened = OpenBlobS3(config);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_THAT(server.lines(), ::testing::ElementsAre("GET /?list-type=2&max-keys=1 HTTP/1.1"));
  EXPECT_THAT(server.heads()[0], HasSubstr("Host: bucket.localhost:"));
}

TEST(S3Requests, ATokenOfTemporaryCredentialsIsSentAndSigned) {
  Server server([](const std::string&) { return Answer("200 OK", kEmptyListing); });
  store::S3Config config = server.config();
  config.session_token = config::Secret("the-token");
  ASSERT_TRUE(OpenBlobS3(config).ok());
  EXPECT_THAT(server.heads()[0],
              AllOf(HasSubstr("x-amz-security-token: the-token"),
                    HasSubstr("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,")));
}

TEST(S3Failures, WhatPassesIsTriedAgain) {
  int asked = 0;
  Server server([&](const std::string&) {
    return ++asked < 3 ? Answer("503 Slow Down", "<Error><Code>SlowDown</Code></Error>")
                       : Answer("200 OK", kEmptyListing);
  });
  const auto opened = OpenBlobS3(server.config());
  EXPECT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(server.lines().size(), 3);
}

TEST(S3Failures, TryingAgainHasAnEnd) {
  Server server(
      [](const std::string&) { return Answer("503 Slow Down", "<Error><Code>SlowDown</Code></Error>"); });
  const absl::Status failed = OpenBlobS3(server.config()).status();
  EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(Message(failed)), AllOf(HasSubstr("503"), HasSubstr("SlowDown")));
  EXPECT_TRUE(RetryAfter(failed).has_value());
  EXPECT_GE(server.lines().size(), 3);
}

TEST(S3Failures, ARefusalIsNotTriedAgain) {
  Server server(
      [](const std::string&) { return Answer("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>"); });
  EXPECT_EQ(OpenBlobS3(server.config()).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(server.lines().size(), 1);
}

TEST(S3Failures, AServerThatIsAwayIsUnavailable) {
  store::S3Config config = Server([](const std::string&) { return Answer("200 OK"); }).config();
  const absl::Status failed = OpenBlobS3(config).status();
  EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(Message(failed)), HasSubstr(config.endpoint));
}

TEST(S3Failures, AServerThatHangsIsGivenUp) {
  std::promise<void> over;
  const std::shared_future<void> ended = over.get_future().share();
  Server server([ended](const std::string&) {
    ended.wait();
    return std::string();
  });
  store::S3Config config = server.config();
  config.request_timeout = std::chrono::milliseconds(100);
  config.retry_for = std::chrono::milliseconds(0);
  const absl::Status failed = OpenBlobS3(config).status();
  over.set_value();
  EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(Message(failed)), HasSubstr("Timeout"));
}

TEST(S3Failures, AnUploadIsNotCompleteBecauseTheStatusIs200) {
  Server server([](const std::string& line) {
    if (absl::StartsWith(line, "HEAD")) return Answer("404 Not Found");
    if (absl::StrContains(line, "POST /bucket/a?uploads="))
      return Answer(
          "200 OK",
          "<InitiateMultipartUploadResult><UploadId>u&amp;1</UploadId></InitiateMultipartUploadResult>");
    if (absl::StartsWith(line, "PUT")) return Answer("200 OK", "", "ETag: \"part\"\r\n");
    if (absl::StartsWith(line, "POST")) return Answer("200 OK", "<Error><Code>InternalError</Code></Error>");
    return Answer("200 OK", kEmptyListing);
  });
  store::S3Config config = server.config();
  config.part_bytes = 10;
  {
    const auto blobs = *OpenBlobS3(config);
    const auto writer = *blobs->Create("a");
    ASSERT_TRUE(writer->Append("0123456789ab").ok());
    const absl::Status failed = writer->Commit();
    EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(Message(failed)), HasSubstr("InternalError"));
  }
  EXPECT_EQ(server.lines().back(), "DELETE /bucket/a?uploadId=u%261 HTTP/1.1") << "it is aborted";
}

TEST(S3Failures, AnUploadThatIsGoneIsNoMissingBlob) {
  Server server([](const std::string& line) {
    if (absl::StrContains(line, "POST /bucket/a?uploads="))
      return Answer("200 OK",
                    "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
    if (absl::StrContains(line, "list-type")) return Answer("200 OK", kEmptyListing);
    return Answer("404 Not Found", "<Error><Code>NoSuchUpload</Code></Error>");
  });
  store::S3Config config = server.config();
  config.part_bytes = 10;
  const auto blobs = *OpenBlobS3(config);
  const auto writer = *blobs->Create("a");
  const absl::Status failed = writer->Append("0123456789ab");
  EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(Message(failed)), HasSubstr("NoSuchUpload"));
}

TEST(S3Failures, ListingsThatCanNotBeReadAreErrors) {
  Server server([](const std::string& line) {
    if (absl::StrContains(line, "max-keys")) return Answer("200 OK", kEmptyListing);
    return Answer("200 OK", "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>");
  });
  const auto blobs = *OpenBlobS3(server.config());
  EXPECT_EQ(blobs->List("").status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace starling::blob_s3
