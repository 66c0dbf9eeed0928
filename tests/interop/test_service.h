// The server's side of the gRPC project's interop tests (doc/interop-test-descriptions.md there).
#pragma once

#include "interop/proto/test.starling.h"
#include "wire_facts.h"

namespace starling::interop {

using namespace ::grpc::testing;  // NOLINT: the test's own vocabulary

// Thread-safe. `book` outlives it.
class InteropService final : public TestService {
 public:
  explicit InteropService(WireBook& book) : book_(book) {}

  async::Task<absl::StatusOr<Empty>> EmptyCall(RequestContext context, const Empty& request) override;
  async::Task<absl::StatusOr<SimpleResponse>> UnaryCall(RequestContext context,
                                                        const SimpleRequest& request) override;
  async::Stream<StreamingOutputCallResponse> StreamingOutputCall(RequestContext context,
                                                                 StreamingOutputCallRequest request) override;
  async::Task<absl::StatusOr<StreamingInputCallResponse>> StreamingInputCall(
      RequestContext context, async::Stream<StreamingInputCallRequest> requests) override;
  async::Stream<StreamingOutputCallResponse> FullDuplexCall(
      RequestContext context, async::Stream<StreamingOutputCallRequest> requests) override;
  async::Stream<StreamingOutputCallResponse> HalfDuplexCall(
      RequestContext context, async::Stream<StreamingOutputCallRequest> requests) override;
  async::Task<absl::StatusOr<Empty>> UnimplementedCall(RequestContext context, const Empty& request) override;

 private:
  WireBook& book_;
};

}  // namespace starling::interop
