// Serves the gRPC project's interop tests on our transport until standard input ends, then drains.
//   interop_server ADDRESS [CERTIFICATE KEY]     prints the address it listens on; TLS with the two files
// After the drain it prints `drained` or `cut`.
#include <cstdio>
#include <future>
#include <iostream>
#include <string>

#include "core/async/pool.h"
#include "core/async/spawn.h"
#include "core/grpc/handler.h"
#include "core/grpc/reflection.h"
#include "core/http/listener.h"
#include "test_service.h"

namespace starling::interop {
namespace {

async::Task<void> Drain(http::Listener& listener, std::promise<bool>* done) {
  done->set_value(co_await listener.Drain(std::chrono::seconds(20)));
}

int Main(int argc, char** argv) {
  http::ListenerOptions options;
  options.address = argc > 1 ? argv[1] : "127.0.0.1:0";
  options.tls = argc > 3;
  if (options.tls) options.tls_files = {argv[2], argv[3], "", false, true};

  WireBook book;
  InteropService service(book);
  TestServiceDispatcher dispatcher(service);
  grpc::Reflection reflection({&TestServiceContract()});
  async::LoopGroup loops(2), control(1);
  async::Pool pool("pack", 1, 100);
  grpc::HandlerOptions handler_options;
  handler_options.pool = &pool;
  handler_options.compress_over_bytes = 0;
  handler_options.hide_internal_errors = false;
  std::vector<grpc::Served> served = reflection.served();
  served.push_back({&TestServiceContract(), &dispatcher});
  grpc::Handler handler(handler_options, served);
  WireEdge edge(handler, book);

  auto listener = http::Listener::Start(loops, options, edge);
  if (!listener.ok()) {
    std::cerr << listener.status() << "\n";
    return 1;
  }
  std::cout << (*listener)->address() << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  std::promise<bool> drained;
  async::Spawn(control.at(0), Drain(**listener, &drained));
  std::cout << (drained.get_future().get() ? "drained" : "cut") << std::endl;
  return 0;
}

}  // namespace
}  // namespace starling::interop

int main(int argc, char** argv) { return starling::interop::Main(argc, argv); }
