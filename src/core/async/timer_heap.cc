#include "core/async/timer_heap.h"

namespace starling::async {

TimerHeap::~TimerHeap() {
  for (const Slot& slot : heap_) slot.entry->heap = nullptr;
}

void TimerHeap::Add(TimerEntry& entry) {
  entry.heap = this;
  heap_.emplace_back();
  Rise(heap_.size() - 1, {entry.due, &entry});
}

void TimerHeap::Remove(TimerEntry& entry) {
  const size_t place = entry.place;
  entry.heap = nullptr;
  const Slot last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  if (place > 0 && last.due < heap_[(place - 1) / 2].due) {
    Rise(place, last);
  } else {
    Sink(place, last);
  }
}

void TimerHeap::RunDue(Time now) {
  while (!heap_.empty() && heap_.front().due <= now) {
    TimerEntry& entry = *heap_.front().entry;
    Remove(entry);
    // Its owner may go away meanwhile.
    auto work = std::exchange(entry.work, nullptr);
    work();
  }
}

void TimerHeap::Rise(size_t place, Slot slot) {
  while (place > 0) {
    const size_t parent = (place - 1) / 2;
    if (heap_[parent].due <= slot.due) break;
    Put(place, heap_[parent]);
    place = parent;
  }
  Put(place, slot);
}

void TimerHeap::Sink(size_t place, Slot slot) {
  while (true) {
    size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].due < heap_[child].due) ++child;
    if (slot.due <= heap_[child].due) break;
    Put(place, heap_[child]);
    place = child;
  }
  Put(place, slot);
}

}  // namespace starling::async
