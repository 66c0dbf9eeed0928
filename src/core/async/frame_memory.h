// Memory for the frames of coroutines. Internal to core/async.
#pragma once

#include <cstddef>

namespace starling::async::internal {

// Frames come and go by the dozen for each request, and their sizes are few: what a thread frees it keeps, up to a bound, for the
// next frame of that size. Any thread may free what another has allocated. Under the address sanitizer plain new and delete.
void* AllocateFrame(size_t size);
void FreeFrame(void* frame, size_t size) noexcept;

// Base of a promise whose frames live in that memory.
struct InFrameMemory {
  static void* operator new(size_t size) { return AllocateFrame(size); }
  static void operator delete(void* frame, size_t size) noexcept { FreeFrame(frame, size); }
};

}  // namespace starling::async::internal
