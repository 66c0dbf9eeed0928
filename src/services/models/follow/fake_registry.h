// A registry in memory for the tests of this folder.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/async/sleep.h"
#include "core/rpc/convert.h"
#include "core/rpc/endpoint.h"
#include "starling/registry/v1/artifacts.starling.h"
#include "starling/registry/v1/registry.starling.h"

namespace starling::models {

// Thread-safe.
class FakeRegistry final : public rpc::Endpoint {
 public:
  // To no version: deleted.
  void Move(const std::string& model, const std::string& alias, const std::string& version,
            const std::string& source = "") {
    std::lock_guard lock(mutex_);
    registry::v1::AliasMove& move = moves_.emplace_back();
    move.set_number(static_cast<int64_t>(moves_.size()));
    move.set_name(model);
    if (version.empty()) {
      aliases_.erase({model, alias});
    } else {
      aliases_[{model, alias}] = {
          version, source.empty() ? StrCat("mlflow-artifacts:/", model, "/", version) : source};
    }
  }
  // `path`: "sums/1/model.yaml".
  void Put(const std::string& path, std::string bytes) {
    std::lock_guard lock(mutex_);
    files_[path] = std::move(bytes);
  }
  void SetAway(bool away) {
    std::lock_guard lock(mutex_);
    away_ = away;
  }
  // Files say that they have as many bytes more than they have.
  void SetMissingBytes(int64_t bytes) {
    std::lock_guard lock(mutex_);
    missing_bytes_ = bytes;
  }
  // The numbers that watches began after, in order.
  std::vector<int64_t> watched_after() const {
    std::lock_guard lock(mutex_);
    return watched_after_;
  }

  async::Task<absl::StatusOr<rpc::Payload>> Unary(RequestContext, const rpc::Method& method,
                                                  rpc::Payload request) override {
    CO_ASSIGN_OR_RETURN(const auto decoded, rpc::Decode(std::move(request), *method.request));
    std::lock_guard lock(mutex_);
    if (away_) co_return Unavailable("The registry is away.");
    if (method.path.ends_with("/ListAliases")) co_return ListAliases();
    if (method.path.ends_with("/GetModelVersion")) {
      co_return GetModelVersion(static_cast<const registry::v1::GetModelVersionRequest&>(decoded.message()));
    }
    co_return ListArtifacts(static_cast<const registry::v1::ListArtifactsRequest&>(decoded.message()).path());
  }

  async::Stream<rpc::Payload> Open(RequestContext context, const rpc::Method& method,
                                   async::Stream<rpc::Payload> requests) override {
    auto first = co_await requests.Next();
    if (!first.ok()) co_return first.status();
    auto decoded = rpc::Decode(**std::move(first), *method.request);
    if (!decoded.ok()) co_return decoded.status();
    if (method.path.ends_with("/WatchAliases")) {
      int64_t after = static_cast<const registry::v1::WatchAliasesRequest&>(decoded->message()).after();
      NoteWatch(after);
      while (true) {
        auto next = NextMove(after);
        if (!next.ok()) co_return next.status();
        if (next->number() > after) {
          after = next->number();
          co_yield Own(*std::move(next));
          continue;
        }
        const absl::Status waited = co_await async::Sleep(std::chrono::milliseconds(1), context.cancel());
        if (!waited.ok()) co_return waited;
      }
    }
    auto bytes = File(static_cast<const registry::v1::DownloadArtifactRequest&>(decoded->message()).path());
    if (!bytes.ok()) co_return bytes.status();
    registry::v1::ArtifactChunk chunk;
    chunk.set_data(*std::move(bytes));
    co_yield Own(std::move(chunk));
    co_return absl::OkStatus();
  }

 private:
  template <typename Message>
  static rpc::Payload Own(Message message) {
    return rpc::Payload::Own(std::make_shared<Message>(std::move(message)));
  }

  rpc::Payload ListAliases() const {
    registry::v1::ListAliasesResponse response;
    for (const auto& [name, target] : aliases_) {
      registry::v1::ModelAlias* alias = response.add_aliases();
      alias->set_name(name.first);
      alias->set_alias(name.second);
      alias->set_version(target.first);
      alias->set_artifact_uri(target.second);
    }
    response.set_last_move(static_cast<int64_t>(moves_.size()));
    return Own(std::move(response));
  }
  absl::StatusOr<rpc::Payload> GetModelVersion(const registry::v1::GetModelVersionRequest& asked) const {
    const std::string path = StrCat(asked.name(), "/", asked.version());
    const auto file = files_.lower_bound(path + "/");
    if (file == files_.end() || !file->first.starts_with(path + "/")) return NotFound("There is no version.");
    registry::v1::GetModelVersionResponse response;
    response.mutable_model_version()->set_source(StrCat("mlflow-artifacts:/", path));
    return Own(std::move(response));
  }
  rpc::Payload ListArtifacts(const std::string& folder) const {
    std::map<std::string, int64_t> entries;  // -1: a folder
    for (const auto& [path, bytes] : files_) {
      if (!path.starts_with(folder + "/")) continue;
      const std::string rest = path.substr(folder.size() + 1);
      const size_t slash = rest.find("//") == std::string::npos ? rest.find('/') : std::string::npos;
      entries[rest.substr(0, slash)] =
          slash == std::string::npos ? static_cast<int64_t>(bytes.size()) + missing_bytes_ : -1;
    }
    registry::v1::ListArtifactsResponse response;
    for (const auto& [name, size] : entries) {
      registry::v1::Artifact* file = response.add_files();
      file->set_path(name);
      file->set_is_dir(size < 0);
      file->set_file_size(std::max<int64_t>(size, 0));
    }
    return Own(std::move(response));
  }
  absl::StatusOr<std::string> File(const std::string& path) const {
    std::lock_guard lock(mutex_);
    if (away_) return Unavailable("The registry is away.");
    const auto file = files_.find(path);
    if (file == files_.end()) return NotFound("There is no file.");
    return file->second;
  }
  void NoteWatch(int64_t after) {
    std::lock_guard lock(mutex_);
    watched_after_.push_back(after);
  }
  // One with the number `after` if there is none yet.
  absl::StatusOr<registry::v1::AliasMove> NextMove(int64_t after) const {
    std::lock_guard lock(mutex_);
    if (away_) return Unavailable("The registry is away.");
    registry::v1::AliasMove none;
    none.set_number(after);
    return after < static_cast<int64_t>(moves_.size()) ? moves_[static_cast<size_t>(after)] : none;
  }

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::string>> aliases_;
  std::vector<registry::v1::AliasMove> moves_;
  std::map<std::string, std::string> files_;
  bool away_ = false;
  int64_t missing_bytes_ = 0;
  std::vector<int64_t> watched_after_;
};

}  // namespace starling::models
