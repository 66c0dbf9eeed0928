#include "core/async/time_slice.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <optional>

namespace starling::async {
namespace {

// struct sched_attr of the kernel (include/uapi/linux/sched/types.h) in its first version; glibc has it from 2.41 on.
struct Attributes {
  uint32_t size = sizeof(Attributes);
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime_ns = 0;
  uint64_t deadline_ns = 0;
  uint64_t period_ns = 0;
};
static_assert(sizeof(Attributes) == 48);

std::optional<Attributes> Own() {
  Attributes attributes;
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0U) != 0) return std::nullopt;
  return attributes;
}

}  // namespace

void AskForTimeSlice(std::chrono::nanoseconds slice) {
  auto attributes = Own();
  if (!attributes.has_value() || attributes->policy != SCHED_OTHER) return;
  attributes->size = sizeof(Attributes);
  attributes->runtime_ns = static_cast<uint64_t>(slice.count());
  (void)::syscall(SYS_sched_setattr, 0, &*attributes, 0U);
}

std::chrono::nanoseconds TimeSlice() {
  const auto attributes = Own();
  if (!attributes.has_value() || attributes->policy != SCHED_OTHER) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(static_cast<int64_t>(attributes->runtime_ns));
}

}  // namespace starling::async
