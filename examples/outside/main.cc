// Two coroutines on one loop, with Starling's tasks and errors, in a program that is not part of it.
#include <cstdio>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "core/async/spawn.h"

namespace {

using starling::async::Task;

Task<absl::StatusOr<int>> Half(int number) {
  if (number % 2 != 0) co_return starling::InvalidArgument(number, " is odd");
  co_return number / 2;
}

Task<absl::StatusOr<int>> Quarter(int number) {
  CO_ASSIGN_OR_RETURN(const int half, co_await Half(number));
  co_return co_await Half(half);
}

}  // namespace

int main() {
  for (const int number : {12, 10}) {
    const absl::StatusOr<int> quarter = starling::async::BlockOn(Quarter(number));
    if (quarter.ok()) {
      std::printf("a quarter of %d is %d\n", number, *quarter);
    } else {
      std::printf("a quarter of %d: %s\n", number, quarter.status().ToString().c_str());
    }
  }
  return 0;
}
