#pragma once

#include <memory>

#include "core/run/service.h"

namespace starling::notes {

// Defined once by each form of the contract.
run::ServiceDefinition Definition();

// What both forms have in common: a service that serves `Api` through `Dispatcher`.
template <typename Api, typename Dispatcher>
run::ServiceDefinition DefinitionOf(const rpc::Contract& contract) {
  class Service final : public run::Service {
   public:
    explicit Service(const rpc::Contract& contract) : contract_(contract), dispatcher_(api_) {}
    std::vector<run::Served> Serve() override { return {{&contract_, &dispatcher_}}; }

   private:
    const rpc::Contract& contract_;
    Api api_;
    Dispatcher dispatcher_;
  };
  run::ServiceDefinition definition;
  definition.name = "notes";
  definition.summary = "Keeps notes, for tests.";
  definition.state = run::StateKind::kSingleWriter;
  definition.contracts = {&contract};
  definition.create = [&contract](const run::Environment&) -> absl::StatusOr<std::unique_ptr<run::Service>> {
    return std::make_unique<Service>(contract);
  };
  return definition;
}

}  // namespace starling::notes
