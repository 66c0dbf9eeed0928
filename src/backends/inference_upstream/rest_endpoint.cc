#include "backends/inference_upstream/rest_endpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "backends/inference_upstream/rest_messages.h"
#include "base/status.h"
#include "core/async/stream.h"

namespace starling::inference_remote {
namespace {

using rpc::Payload;
using std::chrono::steady_clock;

constexpr char kJsonBytes[] = "inference-header-content-length";

// RFC 3986, 2.3: what may stand for itself in a part of a path.
std::string Escaped(std::string_view part) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : part) {
    if (isalnum(static_cast<unsigned char>(c)) != 0 ||
        std::string_view("-._~").find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      escaped += '%';
      escaped += kDigits[static_cast<unsigned char>(c) >> 4];
      escaped += kDigits[c & 15];
    }
  }
  return escaped;
}

std::string ModelPath(std::string_view model, std::string_view version, std::string_view end) {
  return StrCat("/v2/models/", Escaped(model), version.empty() ? "" : "/versions/", Escaped(version), end);
}

std::optional<size_t> Number(const HttpAnswer& answer, const std::string& header) {
  const auto found = answer.headers.find(header);
  size_t number = 0;
  if (found == answer.headers.end()) return std::nullopt;
  const char* const end = found->second.data() + found->second.size();
  const auto result = std::from_chars(found->second.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

absl::Status StatusOf(const HttpAnswer& answer) {
  if (answer.status == 200) return absl::OkStatus();
  std::string text = ReadRestError(answer.body);
  if (text.empty()) text = StrCat("The upstream answered with HTTP ", answer.status, ".");
  const auto later = Number(answer, "retry-after");
  const auto wait = std::chrono::seconds(std::min<size_t>(later.value_or(1), 3600));
  switch (answer.status) {
    case 400:
    case 413:
    case 422:
      return InvalidArgument(text);
    case 401:
    case 403:
      return PermissionDenied(text);
    case 404:
      return NotFound(text);
    case 408:
    case 504:
      return DeadlineExceeded(text);
    case 429:
      return WithRetryAfter(ResourceExhausted(text), wait);
    case 501:
      return Unimplemented(text);
    case 503:
      return WithRetryAfter(Unavailable(text), wait);
    case 502:  // whoever stands before it could not reach it
      return Unavailable(text);
    default:
      return Internal(text);
  }
}

template <typename Message>
Payload Own(Message message) {
  return Payload::Own(std::make_shared<Message>(std::move(message)));
}

}  // namespace

RestEndpoint::RestEndpoint(HttpClient::Options options, TensorForm form, std::string api_key,
                           async::Pool& pool)
    : client_(std::move(options)), api_key_(std::move(api_key)), pool_(pool), form_(form) {}

async::Task<absl::StatusOr<Payload>> RestEndpoint::Unary(RequestContext context, const rpc::Method& method,
                                                         Payload request) {
  // The caller waits for the end even if it has given up: what the work borrows stays.
  auto work = [this, &context, &method, &request] { return Ask(context, method.name, request.message()); };
  auto run = pool_.Run(std::move(work));
  auto answer = co_await std::move(run);
  if (!answer.ok()) co_return answer.status();
  co_return *std::move(answer);
}

async::Stream<Payload> RestEndpoint::Open(RequestContext, const rpc::Method&, async::Stream<Payload>) {
  return async::FailedStream<Payload>(Unimplemented("An upstream over REST has no streams."));
}

std::vector<std::string> RestEndpoint::Headers(const RequestContext& context) const {
  std::vector<std::string> headers;
  if (!api_key_.empty()) headers.push_back(StrCat("authorization: Bearer ", api_key_));
  if (context.trace().valid()) headers.push_back(StrCat("traceparent: ", context.trace().ToTraceparent()));
  if (!context.request_id().empty()) headers.push_back(StrCat("x-request-id: ", context.request_id()));
  if (context.has_deadline()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(context.deadline() - steady_clock::now()).count();
    headers.push_back(StrCat("x-request-timeout-ms: ", std::max<int64_t>(left, 1)));
  }
  return headers;
}

absl::StatusOr<HttpAnswer> RestEndpoint::Get(const RequestContext& context, const std::string& path) {
  return client_.Send(context, {"GET", path, Headers(context), ""});
}

absl::StatusOr<Payload> RestEndpoint::Ask(const RequestContext& context, std::string_view method,
                                          const google::protobuf::MessageLite& request) {
  RETURN_IF_ERROR(context.Check());
  if (method == "ModelInfer") return AskInfer(context, request);
  if (method == "ModelReady") {
    const auto& asked = static_cast<const ::inference::ModelReadyRequest&>(request);
    ASSIGN_OR_RETURN(const HttpAnswer answer,
                     Get(context, ModelPath(asked.name(), asked.version(), "/ready")));
    ::inference::ModelReadyResponse response;
    // Servers say "not ready" with 400 too.
    response.set_ready(answer.status == 200 && !SaysNotReady(answer.body));
    if (answer.status != 200 && answer.status != 400) RETURN_IF_ERROR(StatusOf(answer));
    return Own(std::move(response));
  }
  if (method == "ModelMetadata") {
    const auto& asked = static_cast<const ::inference::ModelMetadataRequest&>(request);
    ASSIGN_OR_RETURN(const HttpAnswer answer, Get(context, ModelPath(asked.name(), asked.version(), "")));
    RETURN_IF_ERROR(StatusOf(answer));
    ASSIGN_OR_RETURN(auto metadata, ReadRestMetadata(answer.body));
    return Own(std::move(metadata));
  }
  return Unimplemented("An upstream over REST has no ", method, ".");
}

// Found out with the first inference, and kept.
absl::StatusOr<bool> RestEndpoint::IsBinary(const RequestContext& context) {
  if (form_ == TensorForm::kAuto) {
    ASSIGN_OR_RETURN(const HttpAnswer answer, Get(context, "/v2"));
    form_ = answer.status == 200 && TakesBinary(answer.body) ? TensorForm::kBinary : TensorForm::kJson;
  }
  return form_ == TensorForm::kBinary;
}

absl::StatusOr<Payload> RestEndpoint::AskInfer(const RequestContext& context,
                                               const google::protobuf::MessageLite& request) {
  const auto& asked = static_cast<const ::inference::ModelInferRequest&>(request);
  ASSIGN_OR_RETURN(const bool binary, IsBinary(context));
  ASSIGN_OR_RETURN(const RestBody body, WriteRestRequest(asked, binary));
  HttpRequest post{"POST", ModelPath(asked.model_name(), asked.model_version(), "/infer"), Headers(context),
                   body.bytes};
  post.headers.push_back(StrCat("content-type: application/", binary ? "octet-stream" : "json"));
  if (binary) post.headers.push_back(StrCat(kJsonBytes, ": ", body.json_bytes));
  ASSIGN_OR_RETURN(const HttpAnswer answer, client_.Send(context, post));
  RETURN_IF_ERROR(StatusOf(answer));
  ASSIGN_OR_RETURN(auto response,
                   ReadRestResponse(answer.body, Number(answer, kJsonBytes).value_or(answer.body.size())));
  return Own(std::move(response));
}

}  // namespace starling::inference_remote
