#include "core/async/timer_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace starling::async {
namespace {

using std::chrono::milliseconds;

TEST(TimerHeapTest, RunsInOrderWhatWasNotRemoved) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::unique_ptr<TimerEntry>> entries;  // those that are left outlive the heap
    TimerHeap heap;
    std::vector<int> ran, expected;
    const int count = static_cast<int>(random() % 60);
    for (int i = 0; i < count; ++i) {
      auto entry = std::make_unique<TimerEntry>();
      const int at = static_cast<int>(random() % 40);
      entry->due = TimerHeap::Time(milliseconds(at));
      entry->work = [&ran, at] { ran.push_back(at); };
      heap.Add(*entry);
      entries.push_back(std::move(entry));
    }
    for (auto& entry : entries) {
      const auto at = std::chrono::duration_cast<milliseconds>(entry->due.time_since_epoch()).count();
      if (random() % 3 == 0) {
        heap.Remove(*entry);
      } else if (at <= 30) {
        expected.push_back(static_cast<int>(at));
      }
    }
    std::sort(expected.begin(), expected.end());
    heap.RunDue(TimerHeap::Time(milliseconds(10)));
    heap.RunDue(TimerHeap::Time(milliseconds(30)));
    EXPECT_EQ(ran, expected);
    for (const auto& entry : entries) {
      EXPECT_TRUE(entry->heap == nullptr || entry->due > TimerHeap::Time(milliseconds(30)));
    }
    EXPECT_TRUE(heap.empty() || heap.next() > TimerHeap::Time(milliseconds(30)));
  }
}

TEST(TimerHeapTest, WorkMayRemoveOthersAndEndItsOwner) {
  TimerHeap heap;
  auto first = std::make_unique<TimerEntry>(), second = std::make_unique<TimerEntry>();
  bool second_ran = false;
  first->due = TimerHeap::Time(milliseconds(1));
  second->due = TimerHeap::Time(milliseconds(2));
  first->work = [&] {
    heap.Remove(*second);
    second = nullptr;
    first = nullptr;
  };
  second->work = [&] { second_ran = true; };
  heap.Add(*first);
  heap.Add(*second);
  heap.RunDue(TimerHeap::Time(milliseconds(5)));
  EXPECT_FALSE(second_ran);
  EXPECT_TRUE(heap.empty());
  EXPECT_EQ(first, nullptr);
}

}  // namespace
}  // namespace starling::async
