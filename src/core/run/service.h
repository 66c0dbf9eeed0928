// What a service folder says of itself, and what the program gives it. `src/app/services.def` lists the definitions.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/loop.h"
#include "core/http/routing/adapter.h"
#include "core/rpc/endpoint.h"
#include "core/rpc/method.h"

namespace starling::config {
class Schema;
class Values;
}  // namespace starling::config
namespace starling::observe {
class Registry;
class Tracer;
}  // namespace starling::observe
namespace starling::inference {
class ImageDecoders;
class RuntimeRegistry;
}  // namespace starling::inference
namespace starling::store {
class Stores;
}

namespace starling::run {

// Where a service's state lies: decides whether it may have replicas.
enum class StateKind {
  kStateless,     // any number of replicas
  kShared,        // state in a product that replicas share (Kafka, Redis, PostgreSQL, S3)
  kSingleWriter,  // embedded state: one process at a time
};

struct Readiness {
  bool ready = true;
  std::string reason;  // why not, in one sentence for an operator
};

// One contract and who answers for it.
struct Served {
  const rpc::Contract* contract;
  rpc::Endpoint* endpoint;
};

// A running implementation inside this process. Made, asked and destroyed on the main thread; its endpoints are called
// from every loop. Start-up that takes long (loading a model) goes on in the background: calls that come too early
// are answered UNAVAILABLE with a RetryAfter.
class Service {
 public:
  virtual ~Service() = default;
  // The endpoints live as long as the service.
  virtual std::vector<Served> Serve() = 0;
  // Any thread; does not block.
  virtual Readiness Ready() const { return {}; }
};

// What the program gives a service when it is made. All of it outlives the service.
struct Environment {
  const config::Values& settings;
  async::LoopGroup& loops;
  observe::Registry& metrics;
  const observe::Tracer& tracer;
  const inference::RuntimeRegistry& runtimes;
  const inference::ImageDecoders& image_decoders;
  const store::Stores& stores;
  // The endpoint of a contract that this service declared as a need, wherever it runs.
  std::function<rpc::Endpoint&(const rpc::Contract&)> need;
};

// What the program gives an adapter when it is made. All of it outlives the adapter.
struct AdapterEnvironment {
  const config::Values& settings;
  async::LoopGroup& loops;
  observe::Registry& metrics;
  // The endpoint of one of the service's own contracts, wherever the service runs: with all policies, as every caller has it.
  std::function<rpc::Endpoint&(const rpc::Contract&)> endpoint;
};

// Another protocol that a service speaks, beside its contracts. It stands at the front door of the program that has the listeners,
// whatever the placement of the service, and calls the service's contract.
struct AdapterDefinition {
  std::string name;     // "mlflow": for metrics and for errors at start
  std::string title;    // "MLflow": over its routes in /docs
  std::string summary;  // one sentence, there
  // JSON Schema of what its error codec writes; empty: the product's own.
  std::string_view error_schema;
  // Below these paths ("/v2") what is no route is refused by the adapter's error codec. No '/' at the end.
  std::vector<std::string> prefixes;
  std::vector<http::AdapterRoute> routes;
  std::function<absl::StatusOr<std::unique_ptr<http::Adapter>>(const AdapterEnvironment&)> create;
};

struct ServiceDefinition {
  std::string name;     // "sentiment": folder, configuration section, metric label
  std::string summary;  // one sentence for list-targets
  StateKind state = StateKind::kStateless;
  // Of a service that is a single writer by default: the state with these settings, and the setting that makes it shared.
  std::function<StateKind(const config::Values&)> state_with;
  std::string shared_by;
  std::vector<const rpc::Contract*> contracts;
  // Those of its contracts that the admin listener answers too, to operators, as far as their methods let a named caller.
  std::vector<const rpc::Contract*> for_operators;
  std::vector<std::string> needs;  // names of the services it calls
  // Those that it calls besides, with these settings; the setting that makes it call them; and, once the settings are read,
  // their names.
  std::function<std::vector<std::string>(const config::Values&)> needs_with;
  std::string needs_with_by;
  std::vector<std::string> needs_by_setting;
  std::vector<AdapterDefinition> adapters;
  // Declares the section of settings that carries the service's name; empty if it has none.
  std::function<void(config::Schema&)> declare_settings;
  // Empty for a service whose implementation is a program in another language: it is never placed inline.
  std::function<absl::StatusOr<std::unique_ptr<Service>>(const Environment&)> create;
  // The command line that serves it under `process` placement, unless the configuration gives another. Empty: this
  // program itself.
  std::vector<std::string> default_command;
};

}  // namespace starling::run
