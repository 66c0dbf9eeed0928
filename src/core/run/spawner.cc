#include "core/run/spawner.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "base/status.h"

namespace starling::run {
namespace {

void CloseAll(std::initializer_list<int> descriptors) {
  for (int descriptor : descriptors) {
    if (descriptor >= 0) close(descriptor);
  }
}

// The header of glibc 2.36 for pidfd_open misses its C linkage.
int PidFd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

// What fork's child needs, made before the fork: between fork and exec only async-signal-safe calls are allowed.
struct Prepared {
  std::vector<std::string> environment;
  std::vector<char*> argv, envp;
  std::string program;
};

std::string FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = getenv("PATH");
  std::string list = path != nullptr ? path : "/usr/bin:/bin";
  for (size_t start = 0; start <= list.size();) {
    size_t end = list.find(':', start);
    if (end == std::string::npos) end = list.size();
    std::string candidate = list.substr(start, end - start) + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    start = end + 1;
  }
  return "";
}

Prepared Prepare(const ChildSpec& spec) {
  Prepared prepared;
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : spec.environment) variables[name] = value;
  for (const auto& [name, value] : variables) prepared.environment.push_back(StrCat(name, "=", value));
  for (auto& entry : prepared.environment) prepared.envp.push_back(entry.data());
  prepared.envp.push_back(nullptr);
  for (const auto& argument : spec.command) prepared.argv.push_back(const_cast<char*>(argument.c_str()));
  prepared.argv.push_back(nullptr);
  return prepared;
}

// In the child. Reports errno over `report` if exec fails.
[[noreturn]] void Become(const Prepared& prepared, const ChildSpec& spec, int input, int output, int report,
                         pid_t parent) {
  int error = 0;
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the line above.
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int signal_number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) signal(signal_number, SIG_DFL);
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) error = errno;
  if (error == 0 && !spec.working_directory.empty() && chdir(spec.working_directory.c_str()) != 0)
    error = errno;
  // Heap and private mappings. What is only reserved counts for RLIMIT_AS, so it would stop ordinary programs with threads.
  const rlimit limit{spec.memory_limit_bytes, spec.memory_limit_bytes};
  if (error == 0 && spec.memory_limit_bytes > 0 && setrlimit(RLIMIT_DATA, &limit) != 0) error = errno;
  if (error == 0) {
    execve(prepared.program.c_str(), prepared.argv.data(), prepared.envp.data());
    error = errno;
  }
  const ssize_t written = write(report, &error, sizeof(error));
  (void)written;
  _exit(127);
}

absl::StatusOr<ChildHandle> Fork(const ChildSpec& spec) {
  if (spec.command.empty()) return InvalidArgument("The command of a child process is empty.");
  Prepared prepared = Prepare(spec);
  prepared.program = FindProgram(spec.command[0]);
  if (prepared.program.empty()) {
    return NotFound("There is no program '", spec.command[0], "', or it may not be executed.");
  }
  int input[2] = {-1, -1}, output[2] = {-1, -1}, report[2] = {-1, -1};
  if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0) {
    const int error = errno;
    CloseAll({input[0], input[1], output[0], output[1], report[0], report[1]});
    return ResourceExhausted("No pipe for a child process: ", strerror(error), ".");
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) Become(prepared, spec, input[0], output[1], report[1], parent);
  const int fork_error = errno;
  CloseAll({input[0], output[1], report[1]});
  if (pid < 0) {
    CloseAll({input[1], output[0], report[0]});
    return ResourceExhausted("A child process could not be started: ", strerror(fork_error), ".");
  }
  // End-of-file means that exec succeeded: the report's pipe is close-on-exec.
  int exec_error = 0;
  ssize_t size;
  do {
    size = read(report[0], &exec_error, sizeof(exec_error));
  } while (size < 0 && errno == EINTR);
  close(report[0]);
  ChildHandle child{pid, PidFd(pid), input[1], output[0]};
  if (size > 0 || child.pidfd < 0) {
    if (size <= 0) kill(pid, SIGKILL);
    CloseAll({child.lifeline, child.output, child.pidfd});
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED);
    return FailedPrecondition("'", spec.command[0], "' could not be started: ", strerror(exec_error), ".");
  }
  for (int descriptor : {child.lifeline, child.output}) {
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  }
  return child;
}

}  // namespace

struct Spawner::Impl {
  std::mutex mutex;
  std::condition_variable ready;
  std::deque<std::packaged_task<absl::StatusOr<ChildHandle>()>> queue;
  bool stopping = false;
  std::thread thread;

  void Work() {
    std::unique_lock lock(mutex);
    while (true) {
      ready.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      auto task = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }
};

Spawner::Spawner() : impl_(std::make_unique<Impl>()) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->Work(); });
}

Spawner::~Spawner() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->ready.notify_all();
  impl_->thread.join();
}

absl::StatusOr<ChildHandle> Spawner::Start(const ChildSpec& spec) {
  std::packaged_task<absl::StatusOr<ChildHandle>()> task([&spec] { return Fork(spec); });
  auto result = task.get_future();
  {
    std::lock_guard lock(impl_->mutex);
    impl_->queue.push_back(std::move(task));
  }
  impl_->ready.notify_all();
  return result.get();
}

}  // namespace starling::run
