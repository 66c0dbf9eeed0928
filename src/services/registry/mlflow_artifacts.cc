#include "services/registry/mlflow_artifacts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/status.h"
#include "core/http/edge/caller.h"
#include "core/store/blobs.h"

namespace starling::registry {
namespace {

// A path of an artifact is used as it was meant: what another decoding would change (%2e%2e) is refused, so that nobody behind
// us decodes it once more.
absl::Status CheckPath(const std::string& path) {
  RETURN_IF_ERROR(store::CheckBlobKey(path));
  const auto decoded = http::PercentDecode(path, false);
  if (decoded.has_value() && *decoded != path) return store::CheckBlobKey(*decoded);
  return absl::OkStatus();
}

// Far below the smallest limit on messages that anyone would set.
constexpr size_t kPieceBytes = 32 * 1024;

// The body as messages, at least one; `failure` is set if it broke off.
async::Stream<v1::UploadArtifactRequest> Pieces(http::AdapterCall& call, std::string path,
                                                absl::Status* failure) {
  v1::UploadArtifactRequest first;
  first.set_path(std::move(path));
  co_yield std::move(first);
  while (true) {
    const auto piece = co_await call.Read();
    if (!piece.ok()) {
      *failure = piece.status();
      co_return piece.status();
    }
    if (!piece->has_value()) co_return absl::OkStatus();
    for (std::string_view rest = (*piece)->view(); !rest.empty();
         rest.remove_prefix(std::min(rest.size(), kPieceBytes))) {
      v1::UploadArtifactRequest request;
      request.set_data(std::string(rest.substr(0, kPieceBytes)));
      co_yield std::move(request);
    }
  }
}

async::Task<absl::Status> Done(http::AdapterCall& call, std::string json) {
  http::Headers headers;
  headers.Add("content-type", "application/json");
  co_return co_await call.Respond(200, std::move(headers), Bytes(std::move(json)));
}

}  // namespace

async::Task<absl::Status> MlflowArtifacts::List(http::AdapterCall& call) {
  v1::ListArtifactsRequest request;
  CO_ASSIGN_OR_RETURN(const auto query, call.Query());
  for (const auto& [name, value] : query) {
    if (name == "path") request.set_path(value);
  }
  if (!request.path().empty()) CO_RETURN_IF_ERROR(CheckPath(request.path()));
  const auto response = co_await service_.ListArtifacts(call.context(), request);
  CO_RETURN_IF_ERROR(response.status());
  std::string json;
  v1::ListArtifactsResponseType().to_json(*response, &json);
  co_return co_await Done(call, std::move(json));
}

async::Task<absl::Status> MlflowArtifacts::Get(http::AdapterCall& call) {
  v1::DownloadArtifactRequest request;
  request.set_path(call.variables()[0]);
  CO_RETURN_IF_ERROR(CheckPath(request.path()));
  auto chunks = service_.DownloadArtifact(call.context(), std::move(request));
  bool started = false;
  while (true) {
    auto chunk = co_await chunks.Next();
    if (!chunk.ok()) co_return chunk.status();
    if (!chunk->has_value()) break;
    if (!std::exchange(started, true)) {
      http::Headers headers;
      headers.Add("content-type", "application/octet-stream");
      // Never shown as a page of this origin.
      headers.Add("content-disposition", "attachment");
      headers.Add("x-content-type-options", "nosniff");
      headers.Add("content-length", StrCat((*chunk)->total_bytes()));
      CO_RETURN_IF_ERROR(co_await call.Start(200, std::move(headers)));
    }
    CO_RETURN_IF_ERROR(co_await call.Write(Bytes(std::move(*(*chunk)->mutable_data()))));
  }
  if (!started) co_return Internal("A download had no first piece.");
  co_return co_await call.Finish();
}

async::Task<absl::Status> MlflowArtifacts::Put(http::AdapterCall& call) {
  const std::string& path = call.variables()[0];
  CO_RETURN_IF_ERROR(CheckPath(path));
  absl::Status failure;
  auto pieces = Pieces(call, path, &failure);
  const auto stored = co_await service_.UploadArtifact(call.context(), std::move(pieces));
  CO_RETURN_IF_ERROR(failure);
  CO_RETURN_IF_ERROR(stored.status());
  co_return co_await Done(call, "{}");
}

async::Task<absl::Status> MlflowArtifacts::Delete(http::AdapterCall& call) {
  v1::DeleteArtifactRequest request;
  request.set_path(call.variables()[0]);
  CO_RETURN_IF_ERROR(CheckPath(request.path()));
  const auto deleted = co_await service_.DeleteArtifact(call.context(), request);
  CO_RETURN_IF_ERROR(deleted.status());
  co_return co_await Done(call, "{}");
}

}  // namespace starling::registry
