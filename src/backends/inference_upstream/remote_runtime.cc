#include "backends/inference_upstream/remote_runtime.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "backends/inference_upstream/address_rules.h"
#include "backends/inference_upstream/options.h"
#include "backends/inference_upstream/rest_endpoint.h"
#include "backends/inference_upstream/upstream_model.h"
#include "base/status.h"
#include "core/async/pool.h"
#include "core/grpc/channel.h"
#include "core/http/exchange.h"
#include "core/http/transport/tls.h"
#include "core/observe/log.h"
#include "core/rpc/balanced_endpoint.h"
#include "core/run/resolver.h"

namespace starling::inference_remote {
namespace {

namespace fs = std::filesystem;
using inference::ModelFile;
using inference_upstream::ModelName;
using inference_upstream::OptionReader;
using inference_upstream::UpstreamClient;

// How long a load waits for the upstream: other models are loaded after it, and it is tried again.
constexpr std::chrono::milliseconds kLoadTimeout{3000};

struct Options {
  std::string url;
  ModelName model;
  std::chrono::milliseconds timeout{10000};
  std::chrono::milliseconds connect_timeout{2000};
  std::chrono::milliseconds resolve_interval{10000};
  size_t max_message_bytes = size_t{64} << 20;
  http::TlsClientOptions tls;
  std::string server_name;
  std::string api_key;
  TensorForm form = TensorForm::kAuto;
  size_t calls = 1;  // under way at a time
};

// A file of the package itself: one that may name any file could send it to whom it calls.
absl::StatusOr<std::string> OwnFile(const ModelFile& model, const std::string& option,
                                    const std::string& name) {
  std::error_code error;
  const fs::path folder = fs::canonical(model.folder, error);
  const fs::path path = fs::canonical(fs::path(model.folder) / name, error);
  const bool is_within =
      !error && std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
  if (is_within) return path.string();
  return InvalidArgument("Model '", model.name, "': ", option, " '", name,
                         "' must be a file in the package's folder, not one elsewhere or behind a link.");
}

absl::StatusOr<std::string> ReadKey(const std::string& path) {
  std::ifstream file(path);
  std::string key((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  absl::StripAsciiWhitespace(&key);
  if (!file.is_open() || key.empty()) return InvalidArgument("There is no key in '", path, "'.");
  return key;
}

absl::Status ParseForm(const std::string& text, const ModelFile& file, TensorForm* form) {
  if (text == "auto") return absl::OkStatus();
  if (text != "json" && text != "binary") {
    return InvalidArgument("Model '", file.name,
                           "': the runtime option 'tensors' must be auto, json or binary.");
  }
  *form = text == "json" ? TensorForm::kJson : TensorForm::kBinary;
  return absl::OkStatus();
}

absl::StatusOr<Options> ReadOptions(const ModelFile& file) {
  Options options;
  options.model.name = file.name;
  std::string key_file;
  std::string form = "auto";
  OptionReader reader(file);
  reader.Text("url", &options.url);
  reader.Text("model", &options.model.name);
  reader.Text("version", &options.model.version);
  reader.Milliseconds("timeout_ms", &options.timeout);
  reader.Milliseconds("connect_timeout_ms", &options.connect_timeout);
  reader.Milliseconds("resolve_interval_ms", &options.resolve_interval);
  reader.Mebibytes("max_message_mb", &options.max_message_bytes);
  reader.Text("ca_file", &options.tls.ca_file);
  reader.Text("certificate_file", &options.tls.certificate_file);
  reader.Text("key_file", &options.tls.key_file);
  reader.Text("server_name", &options.server_name);
  reader.Text("api_key_file", &key_file);
  reader.Text("tensors", &form);
  RETURN_IF_ERROR(reader.Finish());
  RETURN_IF_ERROR(ParseForm(form, file, &options.form));
  options.calls = file.instances;
  if (options.url.empty()) return InvalidArgument("Model '", file.name, "' needs the runtime option 'url'.");
  for (std::string* name : {&options.tls.ca_file, &options.tls.certificate_file}) {
    if (!name->empty()) *name = fs::path(file.folder) / *name;
  }
  if (!options.tls.key_file.empty()) {
    ASSIGN_OR_RETURN(options.tls.key_file, OwnFile(file, "key_file", options.tls.key_file));
  }
  if (!key_file.empty()) {
    ASSIGN_OR_RETURN(const std::string path, OwnFile(file, "api_key_file", key_file));
    ASSIGN_OR_RETURN(options.api_key, ReadKey(path));
  }
  return options;
}

// The addresses of one model's upstream, and the calls to them.
class Connection {
 public:
  Connection(Options options, std::vector<Upstream> upstreams, inference::ModelPermissions permissions,
             std::shared_ptr<const http::TlsContext> tls, std::string model)
      : options_(std::move(options)),
        permissions_(std::move(permissions)),
        tls_(std::move(tls)),
        model_(std::move(model)),
        pool_(upstreams[0].rest ? MakePool(options_.calls) : nullptr),
        endpoint_(StrCat("of the upstream of model '", model_, "'"), rpc::BalancedOptions(),
                  [this](const std::string& address) { return Connect(address); }) {
    for (const Upstream& upstream : upstreams) targets_.push_back(upstream.target);
  }

  rpc::Endpoint& endpoint() { return endpoint_; }

  // Blocks for one look-up, and looks again on a thread from then on.
  absl::Status Open() {
    ASSIGN_OR_RETURN(const run::Addresses found, run::ResolveTargets(targets_));
    RETURN_IF_ERROR(Use(found));
    resolver_ = std::make_unique<run::Resolver>(
        targets_, options_.resolve_interval, [this](const run::Addresses& now) { Tell(Use(now)); },
        [this](const absl::Status& status) { Tell(status); });
    return absl::OkStatus();
  }

 private:
  // The first that is not allowed, and all the others are used.
  absl::Status Use(const run::Addresses& found) {
    absl::Status status;
    std::vector<std::string> addresses;
    std::lock_guard lock(mutex_);
    hosts_ = found;
    for (const auto& [address, host] : found) {
      const absl::Status allowed = CheckAddress(address, host, permissions_);
      if (allowed.ok()) addresses.push_back(address);
      if (status.ok()) status = allowed;
    }
    endpoint_.SetAddresses(addresses);
    return addresses.empty() ? status : absl::OkStatus();
  }

  void Tell(const absl::Status& status) const {
    if (!status.ok()) observe::LogWarning("upstream", {{"model", model_}, {"problem", Message(status)}});
  }

  static std::unique_ptr<async::Pool> MakePool(size_t calls) {
    return std::make_unique<async::Pool>("rest-upstream", calls, std::numeric_limits<size_t>::max());
  }

  // Under the lock, by SetAddresses.
  std::shared_ptr<rpc::Endpoint> Connect(const std::string& address) {
    if (pool_ != nullptr) return ConnectRest(address);
    grpc::ChannelOptions channel;
    channel.address = address;
    channel.server_name = options_.server_name.empty() ? hosts_[address] : options_.server_name;
    channel.tls = tls_;
    channel.connect_timeout = options_.connect_timeout;
    channel.max_request_bytes = channel.max_response_bytes = options_.max_message_bytes;
    channel.trusted = false;
    if (!options_.api_key.empty()) {
      channel.add_headers = [bearer = StrCat("Bearer ", options_.api_key)](const rpc::Method&,
                                                                           http::Headers* headers) {
        headers->Add("authorization", bearer);
      };
    }
    return std::make_shared<grpc::Channel>(std::move(channel));
  }

  std::shared_ptr<rpc::Endpoint> ConnectRest(const std::string& address) {
    HttpClient::Options client;
    client.address = address;
    client.host = options_.server_name.empty() ? hosts_[address] : options_.server_name;
    client.tls = tls_ != nullptr;
    client.tls_files = options_.tls;
    client.connect_timeout = options_.connect_timeout;
    client.max_answer_bytes = options_.max_message_bytes;
    return std::make_shared<RestEndpoint>(std::move(client), options_.form, options_.api_key, *pool_);
  }

  const Options options_;
  const inference::ModelPermissions permissions_;
  const std::shared_ptr<const http::TlsContext> tls_;
  const std::string model_;
  const std::unique_ptr<async::Pool> pool_;  // of a REST upstream: requests block a thread
  std::vector<std::string> targets_;
  std::mutex mutex_;
  run::Addresses hosts_;
  rpc::BalancedEndpoint endpoint_;
  std::unique_ptr<run::Resolver> resolver_;
};

class RemoteRuntime final : public inference::Runtime {
 public:
  absl::StatusOr<std::unique_ptr<inference::LoadedModel>> Load(const ModelFile& file) override {
    ASSIGN_OR_RETURN(const Options options, ReadOptions(file));
    ASSIGN_OR_RETURN(std::vector<Upstream> upstreams, ParseUrls(options.url));
    for (const Upstream& upstream : upstreams) RETURN_IF_ERROR(CheckUpstream(upstream, file.permissions));
    std::shared_ptr<const http::TlsContext> tls;
    if (upstreams[0].tls) {
      ASSIGN_OR_RETURN(tls, http::TlsContext::Client(options.tls));
    }
    const auto connection = std::make_shared<Connection>(options, std::move(upstreams), file.permissions,
                                                         std::move(tls), file.name);
    RETURN_IF_ERROR(connection->Open());
    const UpstreamClient asking(loops_.at(0), connection->endpoint(), options.model,
                                std::min(options.timeout, kLoadTimeout));
    ASSIGN_OR_RETURN(auto tensors, asking.Describe());
    inference_upstream::KeepWanted(file, &tensors.outputs);
    auto client = std::make_unique<UpstreamClient>(loops_.at(0), connection->endpoint(), options.model,
                                                   options.timeout);
    return inference_upstream::MakeUpstreamModel(std::move(tensors), std::move(client), connection,
                                                 [] { return size_t{0}; });
  }

 private:
  async::LoopGroup loops_{1};
};

}  // namespace

absl::StatusOr<std::unique_ptr<inference::Runtime>> MakeRuntime() {
  return std::make_unique<RemoteRuntime>();
}

}  // namespace starling::inference_remote
