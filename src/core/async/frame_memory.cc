#include "core/async/frame_memory.h"

#include <array>
#include <new>
#include <utility>

namespace starling::async::internal {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kKeep = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kKeep = false;
#else
constexpr bool kKeep = true;
#endif
#else
constexpr bool kKeep = true;
#endif

constexpr size_t kStep = 64;         // sizes are rounded up to a multiple of it
constexpr size_t kSizes = 32;        // larger frames are left to new and delete
constexpr size_t kKeptOfEach = 128;  // at most 4 MiB a thread, if it ever had as many of each size

struct Free {
  Free* next;
};
struct List {
  Free* first;
  size_t length;
};

// Plain data, so that a look at it takes no check for its construction.
enum class State { kNew, kKeeps, kEnds };
constinit thread_local State state = State::kNew;
constinit thread_local std::array<List, kSizes> lists{};

struct Keeper {
  Keeper() { state = State::kKeeps; }
  ~Keeper() {
    state = State::kEnds;
    for (List& list : lists) {
      while (list.first != nullptr) ::operator delete(std::exchange(list.first, list.first->next));
    }
  }
};

// False while the thread ends.
bool Keeps() {
  if (state == State::kNew) thread_local const Keeper keeper;
  return state == State::kKeeps;
}

size_t IndexOf(size_t size) { return (size - 1) / kStep; }

}  // namespace

void* AllocateFrame(size_t size) {
  const size_t index = IndexOf(size);
  if (!kKeep || index >= kSizes) return ::operator new(size);
  List& list = lists[index];
  Free* const frame = list.first;
  if (frame == nullptr) return ::operator new((index + 1) * kStep);
  list.first = frame->next;
  --list.length;
  return frame;
}

void FreeFrame(void* frame, size_t size) noexcept {
  const size_t index = IndexOf(size);
  if (!kKeep || index >= kSizes || !Keeps() || lists[index].length >= kKeptOfEach) {
    ::operator delete(frame);
    return;
  }
  List& list = lists[index];
  list.first = new (frame) Free{list.first};
  ++list.length;
}

}  // namespace starling::async::internal
