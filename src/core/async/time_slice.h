// How long the scheduler lets a thread run before others have their turn.
#pragma once

#include <chrono>

namespace starling::async {

// Of the calling thread: who runs shortly and often is served sooner when it is woken, and in place of one with longer slices.
// Linux 6.12 and later (sched_setattr(2), sched_runtime); before that, and where a sandbox forbids it, nothing changes. A thread that
// somebody has given another policy than the usual one is left alone.
void AskForTimeSlice(std::chrono::nanoseconds slice);

// What the scheduler has noted for the calling thread; zero: it does not say.
std::chrono::nanoseconds TimeSlice();

}  // namespace starling::async
