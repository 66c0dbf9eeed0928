#include "core/run/supervisor.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/status.h"
#include "core/async/spawn.h"

namespace starling::run {
namespace {

using std::chrono::milliseconds;

// Stands for the transport: a child "serves" once the file of its socket exists.
class SocketFileEndpoint final : public rpc::Endpoint {
 public:
  async::Task<absl::StatusOr<rpc::Payload>> Unary(RequestContext, const rpc::Method&,
                                                  rpc::Payload request) override {
    co_return request;
  }
  async::Stream<rpc::Payload> Open(RequestContext, const rpc::Method&, async::Stream<rpc::Payload>) override {
    return {};
  }
};

constexpr rpc::Method kMethod{"/s/M",  "s",     "M", rpc::CallShape::kUnary, true, rpc::Access::kPublic, "",
                              nullptr, nullptr, {}};

class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest() : loops_(1) {
    char path[] = "/tmp/starling-supervisor-XXXXXX";
    directory_ = mkdtemp(path);
  }
  ~SupervisorTest() override {
    if (supervisor_ != nullptr) supervisor_->Stop();
    supervisor_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Start(const std::string& script, int replicas = 1) {
    SupervisedService service;
    service.name = "sample";
    service.replicas = replicas;
    service.command.command = {"sh", "-c", script};
    service.socket_directory = directory_;
    service.options.start_timeout = milliseconds(2000);
    service.options.stop_timeout = milliseconds(500);
    service.options.probe_interval = milliseconds(10);
    service.options.restart_first = milliseconds(20);
    service.options.restart_max = milliseconds(40);
    ReplicaHooks hooks;
    hooks.probe = [](RequestContext, const std::string& address) -> async::Task<absl::Status> {
      if (std::filesystem::exists(address.substr(5))) co_return absl::OkStatus();
      co_return Unavailable("no socket");
    };
    hooks.log_line = [this](std::string_view line, pid_t) {
      std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    };
    hooks.process = [this](const std::string&, pid_t, bool runs) {
      std::lock_guard lock(mutex_);
      if (runs) ++starts_;
    };
    hooks.log_event = [](observe::Level, std::string_view) {};
    supervisor_ = std::make_unique<Supervisor>(
        loops_.at(0), spawner_, std::move(service),
        [](const std::string&) { return std::make_shared<SocketFileEndpoint>(); }, std::move(hooks));
    supervisor_->Start();
  }

  absl::Status Call() {
    return async::BlockOn(supervisor_->endpoint().Unary(RequestContext(), kMethod, rpc::Payload())).status();
  }

  // Waits for a condition with a deadline.
  template <typename F>
  bool Eventually(F condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  ReplicaStatus status(size_t i = 0) {
    const auto all = supervisor_->Status();
    return i < all.size() ? all[i] : ReplicaStatus();
  }

  std::string directory_;
  async::LoopGroup loops_;
  Spawner spawner_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  int starts_ = 0;
  std::unique_ptr<Supervisor> supervisor_;
};

constexpr char kServe[] =
    "echo started $STARLING_SERVICE $STARLING_REPLICA; : > $STARLING_SOCKET; exec cat > /dev/null";

TEST_F(SupervisorTest, ServesOnceReadyAndHandsOnTheOutput) {
  Start(kServe, 2);
  EXPECT_TRUE(Eventually([&] {
    return status(0).state == ReplicaState::kServing && status(1).state == ReplicaState::kServing;
  }));
  EXPECT_TRUE(Call().ok());
  EXPECT_TRUE(Eventually([&] {
    std::lock_guard lock(mutex_);
    return std::find(lines_.begin(), lines_.end(), "started sample 1") != lines_.end();
  }));
}

TEST_F(SupervisorTest, AKilledChildIsReplacedAndCallersHearLaterAtOnce) {
  Start(
      ": > $STARLING_SOCKET; [ $STARLING_SOCKET = ${STARLING_SOCKET%-0.sock}-0.sock ] || sleep 0.2; exec "
      "cat");
  ASSERT_TRUE(Eventually([&] { return Call().ok(); }));
  const pid_t first = status().pid;
  kill(first, SIGKILL);
  EXPECT_TRUE(Eventually([&] {
    const absl::Status call = Call();
    return !call.ok() && RetryAfter(call).has_value();
  }));
  EXPECT_TRUE(Eventually([&] { return Call().ok(); }));
  EXPECT_NE(status().pid, first);
  EXPECT_EQ(status().restarts, 1u);
  EXPECT_EQ(status().last_failure, "was killed by signal 9 (Killed)");
}

TEST_F(SupervisorTest, AFailingStartIsToldWithTheLastLine) {
  Start("echo cannot open the model; exit 3");
  EXPECT_TRUE(Eventually([&] { return status().restarts >= 2; }));
  EXPECT_EQ(status().last_failure, "exited with 3 before it was ready; last line: cannot open the model");
}

TEST_F(SupervisorTest, AHangingChildIsKilled) {
  Start(": > $STARLING_SOCKET; exec cat");
  ASSERT_TRUE(Eventually([&] { return Call().ok(); }));
  // The fake transport's health is the file: taking it away is a hang.
  std::filesystem::remove(status().address.substr(5));
  EXPECT_TRUE(Eventually([&] { return status().restarts == 1; }));
  EXPECT_EQ(status().last_failure, "did not answer 3 health checks in a row");
}

TEST_F(SupervisorTest, RestartReplacesEachChildAndNobodyIsTurnedAway) {
  Start(kServe, 2);
  ASSERT_TRUE(Eventually([&] {
    return status(0).state == ReplicaState::kServing && status(1).state == ReplicaState::kServing;
  }));
  const pid_t first = status(0).pid, second = status(1).pid;
  std::atomic<bool> restarting = true;
  absl::Status restarted;
  std::thread restart([&] {
    restarted = async::BlockOn(supervisor_->Restart());
    restarting = false;
  });
  int calls = 0, failed = 0;
  while (restarting) {
    ++calls;
    if (!Call().ok()) ++failed;
  }
  restart.join();
  EXPECT_TRUE(restarted.ok()) << restarted;
  EXPECT_GT(calls, 0);
  EXPECT_EQ(failed, 0);
  for (const size_t i : {0u, 1u}) {
    EXPECT_EQ(status(i).state, ReplicaState::kServing);
    EXPECT_EQ(status(i).restarts, 1u);
    EXPECT_EQ(status(i).last_failure, "");
  }
  EXPECT_EQ(kill(first, 0), -1);
  EXPECT_EQ(kill(second, 0), -1);
}

TEST_F(SupervisorTest, ASuccessorThatDoesNotComeUpLeavesItsPredecessor) {
  // Only the first start finds no mark.
  Start(
      "mark=${STARLING_SOCKET%-*}.mark; if [ -e $mark ]; then echo no licence; exit 4; fi; "
      ": > $mark; : > $STARLING_SOCKET; exec cat > /dev/null");
  ASSERT_TRUE(Eventually([&] { return Call().ok(); }));
  const pid_t pid = status().pid;
  const absl::Status restarted = async::BlockOn(supervisor_->Restart());
  EXPECT_EQ(restarted.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Message(restarted),
            "Replica 0 of sample stays as it is, because its successor exited with 4 before it was ready; "
            "last line: no "
            "licence.");
  EXPECT_EQ(status().pid, pid);
  EXPECT_TRUE(Call().ok());
}

TEST_F(SupervisorTest, StopEndsARestartThatWaits) {
  Start(
      "mark=${STARLING_SOCKET%-*}.mark; if [ -e $mark ]; then exec cat > /dev/null; fi; "
      ": > $mark; : > $STARLING_SOCKET; exec cat > /dev/null");
  ASSERT_TRUE(Eventually([&] { return Call().ok(); }));
  absl::Status restarted;
  std::thread restart([&] { restarted = async::BlockOn(supervisor_->Restart()); });
  // Its successor, which never serves, has been started.
  EXPECT_TRUE(Eventually([&] {
    std::lock_guard lock(mutex_);
    return starts_ == 2;
  }));
  supervisor_->Stop();
  restart.join();
  EXPECT_FALSE(restarted.ok());
  EXPECT_FALSE(async::BlockOn(supervisor_->Restart()).ok());
}

TEST_F(SupervisorTest, StopEndsEvenAChildThatIgnoresTheSignal) {
  Start("trap '' TERM; : > $STARLING_SOCKET; while true; do sleep 0.05; done");
  ASSERT_TRUE(Eventually([&] { return status().state == ReplicaState::kServing; }));
  const pid_t pid = status().pid;
  supervisor_->Stop();
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(Call().code(), absl::StatusCode::kUnavailable);
}

TEST_F(SupervisorTest, AMissingProgramIsNamed) {
  SupervisedService service;
  EXPECT_EQ(spawner_.Start({{"no-such-program"}, {}, ""}).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace starling::run
