// The timers of one loop, the next one first. Internal to core/async.
#pragma once

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace starling::async {

class TimerHeap;

// What a Timer owns.
struct TimerEntry {
  std::chrono::steady_clock::time_point due;
  absl::AnyInvocable<void()> work;
  TimerHeap* heap = nullptr;  // that it waits in; null: fired or cancelled
  size_t place = 0;           // there
};

// A binary heap whose entries know their places: most timers are cancelled long before they are due, and are due later than all
// others when they are set, which both take a few steps whatever the number of timers. One thread at a time. Owns nothing.
class TimerHeap {
 public:
  using Time = std::chrono::steady_clock::time_point;

  TimerHeap() = default;
  TimerHeap(const TimerHeap&) = delete;
  // Entries that are left, which must still be there, wait for ever.
  ~TimerHeap();

  void Add(TimerEntry& entry);
  // `entry` waits here.
  void Remove(TimerEntry& entry);
  bool empty() const { return heap_.empty(); }
  // Of what is due first. Not empty.
  Time next() const { return heap_.front().due; }
  // Runs what is due at `now`, and nothing that is set meanwhile for later.
  void RunDue(Time now);

 private:
  struct Slot {
    Time due;
    TimerEntry* entry;
  };

  void Rise(size_t place, Slot slot);
  void Sink(size_t place, Slot slot);
  void Put(size_t place, Slot slot) {
    heap_[place] = slot;
    slot.entry->place = place;
  }

  std::vector<Slot> heap_;
};

}  // namespace starling::async
