#include "core/observe/bug.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <typeinfo>

#include "absl/debugging/symbolize.h"
#include "base/strings.h"
#include "core/observe/log.h"
#include "core/observe/logger.h"

namespace starling::observe {
namespace {

constexpr int kFrames = 32;

struct Throw {
  void* exception = nullptr;
  void* frames[kFrames];
  int count = 0;
};
// The latest of this thread.
thread_local Throw last_throw;

std::string Symbols(void* const* frames, int count) {
  std::string stack;
  for (int i = 0; i < count; ++i) {
    char name[256];
    // The return address of a call that does not return may belong to the next function.
    const void* call = static_cast<const char*>(frames[i]) - 1;
    if (!absl::Symbolize(call, name, sizeof name)) std::strcpy(name, "?");
    StrAppend(&stack, i == 0 ? "" : " <- ", static_cast<const char*>(name));
  }
  return stack;
}

struct Description {
  std::string type;
  std::string text;
};

std::string Demangled(const std::type_info* type) {
  if (type == nullptr) return "unknown";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type->name();
}

Description Describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& caught) {
    return {Demangled(&typeid(caught)), caught.what()};
  } catch (...) {
    return {Demangled(abi::__cxa_current_exception_type()), ""};
  }
}

// std::exception_ptr is one pointer, to the thrown object, in both standard libraries that we build with.
void* ObjectOf(const std::exception_ptr& exception) {
  void* object = nullptr;
  static_assert(sizeof exception == sizeof object);
  std::memcpy(&object, static_cast<const void*>(&exception), sizeof object);
  return object;
}

void Print(std::string_view text) { static_cast<void>(!write(STDERR_FILENO, text.data(), text.size())); }

// Async-signal-safe as far as backtrace() is once it has been called before. The signal's default action follows: the
// handler was reset when it was called.
void OnCrash(int signal) {
  void* frames[kFrames];
  const int count = backtrace(frames, kFrames);
  Print("crashed with ");
  Print(sigabbrev_np(signal));
  Print(", in:\n");
  for (int i = 0; i < count; ++i) {
    char name[256];
    const bool known = absl::Symbolize(static_cast<char*>(frames[i]) - 1, name, sizeof name);
    Print("  ");
    Print(known ? name : "?");
    Print("\n");
  }
  raise(signal);
}

[[noreturn]] void OnTerminate() {
  if (const std::exception_ptr exception = std::current_exception()) {
    ReportBug(RequestContext(), "terminate", exception);
    if (Logger* logger = ProcessLogger::Current()) logger->Flush(std::chrono::seconds(1));
  }
  std::abort();
}

}  // namespace

std::string StackOf(const std::exception_ptr& exception) {
  if (last_throw.exception != nullptr && last_throw.exception == ObjectOf(exception)) {
    return Symbols(last_throw.frames, last_throw.count);
  }
  void* frames[kFrames];
  return Symbols(frames, backtrace(frames, kFrames));
}

void ReportBug(const RequestContext& context, std::string_view where, const std::exception_ptr& exception) {
  const std::string stack = StackOf(exception);
  const Description description = Describe(exception);
  LogError(context, "a bug ended a call",
           {{"where", where}, {"exception", description.type}, {"what", description.text}, {"stack", stack}});
}

void InstallCrashReports(const char* program) {
  absl::InitializeSymbolizer(program);
  void* frame = nullptr;
  backtrace(&frame, 1);  // loads the unwinder, which a handler must not do
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    struct sigaction action{};
    // What a sanitizer or somebody else installed stays.
    if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    action.sa_handler = &OnCrash;
    action.sa_flags = SA_RESETHAND | SA_NODEFER;
    sigaction(signal, &action, nullptr);
  }
  std::set_terminate(&OnTerminate);
}

}  // namespace starling::observe

// Stands before the C++ library's own, also for what that library throws, and remembers where: once an exception is
// caught its stack is gone, and the one of a coroutine's catch says nothing.
// Compilers know a declaration of their own by that name, so that it is given to the linker only.
extern "C" [[noreturn]] void StarlingThrow(void* exception, std::type_info* type,
                                           void (*destructor)(void*)) __asm__("__cxa_throw");
extern "C" [[noreturn]] void StarlingThrow(void* exception, std::type_info* type, void (*destructor)(void*)) {
  using Function = void (*)(void*, std::type_info*, void (*)(void*));
  static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "__cxa_throw"));
  starling::observe::last_throw.exception = exception;
  starling::observe::last_throw.count =
      backtrace(starling::observe::last_throw.frames, starling::observe::kFrames);
  next(exception, type, destructor);
  std::abort();
}
