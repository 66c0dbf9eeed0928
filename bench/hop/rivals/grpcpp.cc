// The same hop on gRPC C++, in its two simple styles.
//   hop_grpcpp server ADDRESS STYLE                  STYLE: sync or callback; prints the address; ends with its standard input
//   hop_grpcpp client ADDRESS STYLE CALLERS SECONDS  closed loop: CALLERS calls under way on one channel
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hop/proto/hop.grpc.pb.h"
#include "hop/samples.h"

namespace starling::bench {
namespace {

using hop::v1::EchoRequest;
using hop::v1::EchoResponse;
using hop::v1::HopService;

class SyncEcho final : public HopService::Service {
  grpc::Status Echo(grpc::ServerContext*, const EchoRequest* request, EchoResponse* response) override {
    response->set_text(request->text());
    return grpc::Status::OK;
  }
};

class CallbackEcho final : public HopService::CallbackService {
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const EchoRequest* request,
                                 EchoResponse* response) override {
    response->set_text(request->text());
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

int Serve(const std::string& address, const std::string& style) {
  SyncEcho sync;
  CallbackEcho callback;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(style == "sync" ? static_cast<grpc::Service*>(&sync) : &callback);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  const bool is_unix = address.rfind("unix:", 0) == 0;
  std::cout << (is_unix ? address : "127.0.0.1:" + std::to_string(port)) << std::endl;
  while (std::cin.get() != EOF) {
  }
  server->Shutdown();
  return 0;
}

struct Run {
  Clock::time_point from, until;
};

struct Outcome {
  Samples samples;
  std::atomic<bool> failed{false};
};

bool Good(const grpc::Status& status, const EchoResponse& response) {
  return status.ok() && response.text() == kText;
}

void CallSync(HopService::Stub& stub, const Run& run, int callers, Outcome* outcome) {
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      Samples mine;
      EchoRequest request;
      request.set_text(kText);
      auto now = Clock::now();
      while (now < run.until) {
        grpc::ClientContext context;
        EchoResponse response;
        if (!Good(stub.Echo(&context, request, &response), response)) {
          outcome->failed = true;
          return;
        }
        now = mine.Add(now, run.from);
      }
      std::lock_guard lock(mutex);
      outcome->samples.Merge(mine);
    });
  }
  for (auto& thread : threads) thread.join();
}

// One caller: each answer starts the next call.
class CallbackCaller {
 public:
  CallbackCaller(HopService::Stub& stub, const Run& run) : stub_(stub), run_(run) {
    request_.set_text(kText);
  }
  void Start() {
    now_ = Clock::now();
    Next();
  }
  bool Wait() { return done_.get_future().get(); }
  const Samples& samples() const { return samples_; }

 private:
  void Next() {
    context_ = std::make_unique<grpc::ClientContext>();
    response_.Clear();
    stub_.async()->Echo(context_.get(), &request_, &response_, [this](const grpc::Status& status) {
      if (!Good(status, response_)) return done_.set_value(false);
      now_ = samples_.Add(now_, run_.from);
      if (now_ >= run_.until) return done_.set_value(true);
      Next();
    });
  }

  HopService::Stub& stub_;
  const Run& run_;
  Clock::time_point now_;
  EchoRequest request_;
  EchoResponse response_;
  std::unique_ptr<grpc::ClientContext> context_;
  Samples samples_;
  std::promise<bool> done_;
};

void CallCallback(HopService::Stub& stub, const Run& run, int callers, Outcome* outcome) {
  std::vector<std::unique_ptr<CallbackCaller>> all;
  for (int i = 0; i < callers; ++i) all.push_back(std::make_unique<CallbackCaller>(stub, run));
  for (auto& caller : all) caller->Start();
  for (auto& caller : all) {
    if (!caller->Wait()) outcome->failed = true;
    outcome->samples.Merge(caller->samples());
  }
}

int Call(const std::string& address, const std::string& style, int callers, double seconds) {
  const auto stub = HopService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  Run run;
  run.from = Clock::now() + kWarmUp;
  run.until = run.from + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  Outcome outcome;
  (style == "sync" ? CallSync : CallCallback)(*stub, run, callers, &outcome);
  if (outcome.failed) {
    std::cerr << "a call failed\n";
    return 1;
  }
  outcome.samples.Print(std::chrono::duration<double>(seconds));
  return 0;
}

}  // namespace
}  // namespace starling::bench

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "server" && argc == 4) return starling::bench::Serve(argv[2], argv[3]);
  if (mode == "client" && argc == 6) {
    return starling::bench::Call(argv[2], argv[3], std::atoi(argv[4]), std::atof(argv[5]));
  }
  std::cerr << "See the top of bench/hop/rivals/grpcpp.cc.\n";
  return 2;
}
