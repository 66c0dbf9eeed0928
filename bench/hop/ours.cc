// One hop on our own transport.
//   hop_ours server ADDRESS                  prints the address it listens on; ends with its standard input
//   hop_ours client ADDRESS CALLERS SECONDS  closed loop: CALLERS calls under way on one connection
//   hop_ours inline SECONDS                  the same call inside one process, with all policies, one after the other
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/grpc/channel.h"
#include "core/grpc/handler.h"
#include "core/http/listener.h"
#include "core/observe/registry.h"
#include "core/observe/tracer.h"
#include "core/rpc/policy_endpoint.h"
#include "hop/proto/hop.starling.h"
#include "hop/samples.h"

namespace starling::bench {
namespace {

using hop::v1::EchoRequest;
using hop::v1::EchoResponse;

class EchoService final : public hop::v1::HopService {
 public:
  async::Task<absl::StatusOr<EchoResponse>> Echo(RequestContext, const EchoRequest& request) override {
    EchoResponse response;
    response.set_text(request.text());
    co_return response;
  }
};

int Serve(const char* address) {
  EchoService service;
  hop::v1::HopServiceDispatcher dispatcher(service);
  async::LoopGroup loops(async::AvailableCores());
  grpc::Handler handler({}, {{&hop::v1::HopServiceContract(), &dispatcher}});
  http::ListenerOptions options;
  options.address = address;
  auto listener = http::Listener::Start(loops, options, handler);
  if (!listener.ok()) {
    std::cerr << listener.status() << "\n";
    return 1;
  }
  std::cout << (*listener)->address() << std::endl;
  while (std::cin.get() != EOF) {
  }
  return 0;
}

struct Run {
  Clock::time_point from, until;
  Samples samples;
  bool failed = false;
};

async::Task<void> Caller(hop::v1::HopServiceStub& stub, Run& run) {
  EchoRequest request;
  request.set_text(kText);
  auto now = Clock::now();
  while (now < run.until) {
    const auto response = co_await stub.Echo(RequestContext(), request);
    if (!response.ok() || response->text() != kText) {
      run.failed = true;
      co_return;
    }
    now = run.samples.Add(now, run.from);
  }
}

async::Task<void> Callers(hop::v1::HopServiceStub& stub, int count, Run& run) {
  async::TaskGroup group;
  for (int i = 0; i < count; ++i) group.Start(Caller(stub, run));
  co_await group.Join();
}

int Report(Run& run, double seconds) {
  if (run.failed) {
    std::cerr << "a call failed\n";
    return 1;
  }
  run.samples.Print(std::chrono::duration<double>(seconds));
  return 0;
}

Run Plan(double seconds) {
  Run run;
  run.from = Clock::now() + kWarmUp;
  run.until = run.from + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  return run;
}

int Call(const char* address, int callers, double seconds) {
  async::Loop loop;
  grpc::ChannelOptions options;
  options.address = address;
  grpc::Channel channel(options);
  hop::v1::HopServiceStub stub(channel);
  Run run = Plan(seconds);
  async::BlockOn(loop, Callers(stub, callers, run));
  return Report(run, seconds);
}

int CallInline(double seconds) {
  EchoService service;
  hop::v1::HopServiceDispatcher dispatcher(service);
  observe::Registry registry;
  observe::Tracer tracer;
  rpc::PolicyEndpoint endpoint(hop::v1::HopServiceContract(), dispatcher, {"hop", "inline", 10000}, registry,
                               tracer);
  hop::v1::HopServiceStub stub(endpoint);
  async::Loop loop;
  Run run = Plan(seconds);
  async::BlockOn(loop, Callers(stub, 1, run));
  return Report(run, seconds);
}

}  // namespace
}  // namespace starling::bench

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "server" && argc == 3) return starling::bench::Serve(argv[2]);
  if (mode == "client" && argc == 5)
    return starling::bench::Call(argv[2], std::atoi(argv[3]), std::atof(argv[4]));
  if (mode == "inline" && argc == 3) return starling::bench::CallInline(std::atof(argv[2]));
  std::cerr << "See the top of bench/hop/ours.cc.\n";
  return 2;
}
