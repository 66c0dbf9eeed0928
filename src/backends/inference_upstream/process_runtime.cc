#include "backends/inference_upstream/process_runtime.h"

#include <stdlib.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <utility>

#include "backends/inference_upstream/options.h"
#include "backends/inference_upstream/upstream_model.h"
#include "base/status.h"
#include "core/grpc/channel.h"
#include "core/observe/log.h"
#include "core/observe/process_metrics.h"
#include "core/run/supervisor.h"

namespace starling::inference_process {
namespace {

namespace fs = std::filesystem;
using inference::ModelFile;
using inference_upstream::ModelName;
using inference_upstream::OptionReader;
using inference_upstream::UpstreamClient;

struct Options {
  std::string model;  // what the program calls it; empty: as we do
  std::chrono::milliseconds timeout{10000};
  size_t max_message_bytes = size_t{64} << 20;
  run::SupervisionOptions supervision;
};

absl::StatusOr<Options> ReadOptions(const ModelFile& file) {
  Options options;
  options.model = file.name;
  OptionReader reader(file);
  reader.Text("model", &options.model);
  reader.Milliseconds("timeout_ms", &options.timeout);
  reader.Milliseconds("start_timeout_ms", &options.supervision.start_timeout);
  reader.Milliseconds("stop_timeout_ms", &options.supervision.stop_timeout);
  reader.Milliseconds("probe_interval_ms", &options.supervision.probe_interval);
  reader.Mebibytes("max_message_mb", &options.max_message_bytes);
  RETURN_IF_ERROR(reader.Finish());
  return options;
}

// A path of at most 107 bytes holds it: what a model's name begins with, as far as a file's name may.
std::string SocketName(const std::string& model) {
  std::string name;
  for (const char c : model.substr(0, 24)) name += isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  static std::atomic<uint64_t> last{0};
  return StrCat(name, "-", ++last);
}

// A folder of ours alone, for sockets.
class SocketFolder {
 public:
  static absl::StatusOr<std::unique_ptr<SocketFolder>> Make() {
    const char* base = getenv("XDG_RUNTIME_DIR");
    std::string path = StrCat(base != nullptr && *base != '\0' ? base : "/tmp", "/starling-XXXXXX");
    if (mkdtemp(path.data()) == nullptr)
      return Internal("No folder for sockets could be made as ", path, ".");
    return std::unique_ptr<SocketFolder>(new SocketFolder(std::move(path)));
  }
  ~SocketFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit SocketFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// What all models of the runtime use. Outlives them.
struct Shared {
  explicit Shared(std::unique_ptr<SocketFolder> folder) : sockets(std::move(folder)) {}
  const std::unique_ptr<SocketFolder> sockets;
  async::LoopGroup loops{2};
  async::Loop& control() { return loops.at(0); }  // starts children, which blocks it for milliseconds
  async::Loop& calls() { return loops.at(1); }
  run::Spawner spawner;
};

// One model's program.
class Child {
 public:
  Child(Shared& shared, const ModelFile& file, const Options& options)
      : model_{options.model, ""},
        max_message_bytes_(options.max_message_bytes),
        supervisor_(
            shared.control(), shared.spawner, Describe(shared, file, options),
            [this](const std::string& address) { return Connect(address); }, Hooks(file)) {
    supervisor_.Start();
  }
  ~Child() { supervisor_.Stop(); }
  Child(const Child&) = delete;

  rpc::Endpoint& endpoint() { return supervisor_.endpoint(); }
  const ModelName& model() const { return model_; }

  // What it holds in memory now.
  size_t Bytes() const {
    size_t bytes = 0;
    for (const run::ReplicaStatus& replica : supervisor_.Status()) {
      const auto usage = replica.pid == 0 ? std::nullopt : observe::ReadProcessUsage(replica.pid);
      if (usage.has_value()) bytes += static_cast<size_t>(usage->resident_bytes);
    }
    return bytes;
  }

  // Until it serves, or its first start has failed.
  absl::Status WaitUntilServing(const CancelToken& cancel) {
    std::unique_lock lock(mutex_);
    while (!cancel.cancelled()) {
      for (const run::ReplicaStatus& replica : supervisor_.Status()) {
        if (replica.state == run::ReplicaState::kServing) return absl::OkStatus();
        if (!replica.last_failure.empty()) return Internal("Its program ", replica.last_failure, ".");
      }
      changed_.wait_for(lock, std::chrono::milliseconds(50));
    }
    return cancel.status();
  }

 private:
  static run::SupervisedService Describe(Shared& shared, const ModelFile& file, const Options& options) {
    run::SupervisedService service;
    service.name = SocketName(file.name);
    service.command.command = file.command;
    service.command.working_directory = file.folder;
    service.command.memory_limit_bytes = file.memory_limit_bytes;
    service.command.environment = {
        {"STARLING_MODEL", options.model},
        {"STARLING_MODEL_VERSION", file.version},
        {"STARLING_MAX_MESSAGE_BYTES", StrCat(options.max_message_bytes)},
        {"OMP_NUM_THREADS", StrCat(file.threads_per_instance)},
    };
    service.socket_directory = shared.sockets->path();
    service.options = options.supervision;
    // One program answers or does not: what it may be asked again is the caller's affair.
    service.balancing.max_attempts = 1;
    return service;
  }

  std::shared_ptr<rpc::Endpoint> Connect(const std::string& address) const {
    grpc::ChannelOptions options;
    options.address = address;
    options.max_request_bytes = options.max_response_bytes = max_message_bytes_;
    options.accept_gzip = false;
    options.trusted = false;  // a batch is of several callers
    return std::make_shared<grpc::Channel>(std::move(options));
  }

  run::ReplicaHooks Hooks(const ModelFile& file) {
    run::ReplicaHooks hooks;
    hooks.probe = [this](RequestContext context, const std::string& address) {
      return Probe(std::move(context), address);
    };
    hooks.log_line = [name = file.name](std::string_view line, pid_t pid) {
      observe::LogInfo(line, {{"model", name}, {"pid", StrCat(pid)}});
    };
    hooks.process = [](const std::string&, pid_t, bool) {};
    hooks.log_event = [this](observe::Level level, std::string_view event) {
      observe::Log(level, event);
      changed_.notify_all();
    };
    return hooks;
  }

  // On the control loop alone.
  async::Task<absl::Status> Probe(RequestContext context, std::string address) {
    if (std::exchange(probed_address_, address) != address) probe_channel_ = Connect(address);
    const auto channel = probe_channel_;
    auto check = inference_upstream::CheckReady(std::move(context), *channel, model_);
    const absl::Status status = co_await std::move(check);
    co_return status;
  }

  const ModelName model_;
  const size_t max_message_bytes_;
  std::string probed_address_;
  std::shared_ptr<rpc::Endpoint> probe_channel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  run::Supervisor supervisor_;
};

class ProcessRuntime final : public inference::Runtime {
 public:
  explicit ProcessRuntime(std::unique_ptr<SocketFolder> folder) : shared_(std::move(folder)) {}

  absl::StatusOr<std::unique_ptr<inference::LoadedModel>> Load(const ModelFile& file) override {
    if (!file.permissions.commands) {
      return FailedPrecondition(
          "Model '", file.name, "' is a program (", file.command.empty() ? "" : file.command[0],
          "), and starting what a package names is running its code: it is started only with "
          "models.allow_commands: true.");
    }
    if (file.command.empty()) return InvalidArgument("Model '", file.name, "' names no command.");
    ASSIGN_OR_RETURN(const Options options, ReadOptions(file));
    auto child = std::make_shared<Child>(shared_, file, options);
    RETURN_IF_ERROR(child->WaitUntilServing(file.cancel));
    auto client =
        std::make_unique<UpstreamClient>(shared_.calls(), child->endpoint(), child->model(), options.timeout);
    ASSIGN_OR_RETURN(auto tensors, client->Describe());
    inference_upstream::KeepWanted(file, &tensors.outputs);
    const Child& program = *child;
    return inference_upstream::MakeUpstreamModel(std::move(tensors), std::move(client), std::move(child),
                                                 [&program] { return program.Bytes(); });
  }

 private:
  Shared shared_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<inference::Runtime>> MakeRuntime() {
  ASSIGN_OR_RETURN(auto folder, SocketFolder::Make());
  return std::make_unique<ProcessRuntime>(std::move(folder));
}

}  // namespace starling::inference_process
