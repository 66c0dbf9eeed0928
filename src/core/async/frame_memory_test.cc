#include "core/async/frame_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace starling::async::internal {
namespace {

TEST(FrameMemoryTest, FramesDoNotOverlap) {
  std::mt19937 random(3);
  struct Frame {
    unsigned char* at;
    size_t size;
    unsigned char mark;
  };
  std::vector<Frame> frames;
  for (int i = 0; i < 20000; ++i) {
    if (frames.size() < 400 && random() % 2 == 0) {
      const size_t size = 1 + random() % 3000;
      auto* const at = static_cast<unsigned char*>(AllocateFrame(size));
      ASSERT_EQ(reinterpret_cast<uintptr_t>(at) % alignof(std::max_align_t), 0u);
      frames.push_back({at, size, static_cast<unsigned char>(i)});
      std::memset(at, frames.back().mark, size);
    } else if (!frames.empty()) {
      std::swap(frames[random() % frames.size()], frames.back());
      const Frame frame = frames.back();
      frames.pop_back();
      for (size_t k = 0; k < frame.size; ++k) ASSERT_EQ(frame.at[k], frame.mark);
      FreeFrame(frame.at, frame.size);
    }
  }
  for (const Frame& frame : frames) FreeFrame(frame.at, frame.size);
}

// Sizes that are rounded up to the same share their memory, and the bound on what is kept loses nothing.
TEST(FrameMemoryTest, AnotherThreadMayFreeThemAndEnd) {
  std::vector<void*> frames;
  for (size_t i = 0; i < 1000; ++i) frames.push_back(AllocateFrame(65 + i % 64));
  std::thread([&frames] {
    for (size_t i = 0; i < frames.size(); ++i) FreeFrame(frames[i], 65 + i % 64);
    void* const again = AllocateFrame(100);
    FreeFrame(again, 100);
  }).join();
}

}  // namespace
}  // namespace starling::async::internal
