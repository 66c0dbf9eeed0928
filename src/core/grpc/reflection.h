// grpc.reflection.v1 and v1alpha: clients such as grpcurl ask a server what it serves.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/grpc/descriptor_index.h"
#include "core/grpc/handler.h"
#include "core/rpc/endpoint.h"
#include "core/rpc/method.h"
#include "grpc/reflection/v1/reflection.starling.h"

namespace starling::grpc {

// Speaks of `contracts` and of itself. Thread-safe. The contracts outlive it, and it the handlers of what served() gives.
class Reflection final : public ::grpc::reflection::v1::ServerReflection {
 public:
  explicit Reflection(const std::vector<const rpc::Contract*>& contracts);
  ~Reflection() override;

  // Its own two contracts, each with its endpoint.
  std::vector<Served> served();

  async::Stream<::grpc::reflection::v1::ServerReflectionResponse> ServerReflectionInfo(
      RequestContext context,
      async::Stream<::grpc::reflection::v1::ServerReflectionRequest> requests) override;

 private:
  class UnderOldName;
  class Conversation;

  DescriptorIndex index_;
  std::vector<std::string> services_;
  ::grpc::reflection::v1::ServerReflectionDispatcher dispatcher_{*this};
  std::unique_ptr<UnderOldName> under_old_name_;
};

}  // namespace starling::grpc
