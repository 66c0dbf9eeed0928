#include "backends/blob_s3/client.h"

#include <sys/random.h>

#include <cstdlib>
#include <ctime>
#include <memory>
#include <thread>
#include <utility>

#include "backends/blob_s3/xml.h"
#include "base/status.h"
#include "core/resilience/backoff.h"

namespace starling::blob_s3 {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstDelay{50}, kLongestDelay{2'000};
constexpr std::chrono::seconds kTryAgain{1};

std::string TextOr(const config::Secret& secret, const char* variable) {
  if (!secret.empty()) return secret.Reveal();
  const char* value = std::getenv(variable);
  return value != nullptr ? value : "";
}

// As x-amz-date has it: 20130524T000000Z.
std::string Now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &parts)};
}

uint64_t Random() {
  uint64_t bits = 0;
  (void)::getrandom(&bits, sizeof(bits), 0);
  return bits;
}

bool IsPassing(const absl::StatusOr<HttpResponse>& answer) {
  if (!answer.ok()) return absl::IsUnavailable(answer.status());
  return answer->status == 429 || answer->status >= 500;
}

absl::Status ErrorOf(const HttpResponse& answer) {
  std::string code = TextAt(answer.body, "Error/Code");
  if (code.empty()) code = "no reason given";
  switch (answer.status) {
    case 404:
      return NotFound("The store of blobs has no such thing (", code, ").");
    case 409:
      return FailedPrecondition("The store of blobs can't do this now (", code, ").");
    case 412:
      return Aborted("The blob was replaced meanwhile.");
    case 416:
      return OutOfRange("The blob ends before that.");
    case 401:
    case 403:
      return Unavailable("The store of blobs refuses this program's credentials (", code, ").");
    default:
      return WithRetryAfter(
          Unavailable("The store of blobs failed: status ", answer.status, " (", code, ")."), kTryAgain);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Make(const store::S3Config& config) {
  Credentials credentials{TextOr(config.access_key_id, "AWS_ACCESS_KEY_ID"),
                          TextOr(config.secret_access_key, "AWS_SECRET_ACCESS_KEY"),
                          TextOr(config.session_token, "AWS_SESSION_TOKEN")};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return FailedPrecondition(
        "s3.access_key_id and s3.secret_access_key must be set, or AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY "
        "in the environment.");
  std::string endpoint =
      config.endpoint.empty() ? StrCat("https://s3.", config.region, ".amazonaws.com") : config.endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const size_t colon = endpoint.find("://");
  const std::string scheme = endpoint.substr(0, colon);
  std::string host = colon == std::string::npos ? "" : endpoint.substr(colon + 3);
  if ((scheme != "http" && scheme != "https") || host.empty() ||
      host.find_first_of("/?#@") != std::string::npos)
    return FailedPrecondition("s3.endpoint must be http:// or https://HOST[:PORT].");
  // The host's name as it is sent has no port that goes without saying.
  const std::string usual = scheme == "http" ? ":80" : ":443";
  if (host.ends_with(usual)) host.resize(host.size() - usual.size());
  if (!config.path_style) host = StrCat(config.bucket, ".", host);
  std::string path = config.path_style ? StrCat("/", UriEncode(config.bucket, false)) : "";
  return std::unique_ptr<Client>(
      new Client(config, scheme, std::move(host), std::move(path), std::move(credentials)));
}

Client::Client(const store::S3Config& config, std::string scheme, std::string host, std::string path,
               Credentials credentials)
    : region_(config.region),
      scheme_(std::move(scheme)),
      host_(std::move(host)),
      path_(std::move(path)),
      credentials_(std::move(credentials)),
      retry_for_(config.retry_for),
      http_({config.ca_file, config.connect_timeout, config.request_timeout}) {}

HttpRequest Client::Signed(const S3Request& request) const {
  Signable signable{request.verb, StrCat(path_, "/", UriEncode(request.key, true)),
                    CanonicalQuery(request.query), request.headers};
  signable.headers["host"] = host_;
  signable.headers["x-amz-content-sha256"] = Sha256Hex(request.body);
  signable.headers["x-amz-date"] = Now();
  if (!credentials_.session_token.empty())
    signable.headers["x-amz-security-token"] = credentials_.session_token;
  HttpRequest signed_request{
      request.verb,
      StrCat(scheme_, "://", host_, signable.path, signable.query.empty() ? "" : "?", signable.query),
      signable.headers, request.body, request.max_answer_bytes};
  signed_request.headers["authorization"] = Authorization(signable, credentials_, region_);
  return signed_request;
}

absl::StatusOr<HttpResponse> Client::Send(const S3Request& request) {
  const auto end = steady_clock::now() + retry_for_;
  resilience::Backoff backoff(kFirstDelay, kLongestDelay);
  while (true) {
    // Signed anew each time: a signature holds for minutes.
    auto answer = http_.Send(Signed(request));
    const milliseconds delay = backoff.Next(Random());
    if (IsPassing(answer) && steady_clock::now() + delay < end) {
      std::this_thread::sleep_for(delay);
      continue;
    }
    if (answer.ok()) return answer;
    return WithRetryAfter(Unavailable("The store of blobs at ", scheme_, "://", host_,
                                      " can't be reached: ", Message(answer.status()), "."),
                          kTryAgain);
  }
}

absl::StatusOr<HttpResponse> Client::Call(const S3Request& request) {
  ASSIGN_OR_RETURN(HttpResponse answer, Send(request));
  if (answer.status < 200 || answer.status > 299) return ErrorOf(answer);
  return answer;
}

}  // namespace starling::blob_s3
