// bench_load: see bench/README.md, or --help.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>

#include "load/load.h"

int main(int argc, char** argv) {
  const starling::bench::Options options = starling::bench::ParseOptions(argc, argv);
  // One file a connection; and timers that fire when they are due, not some 50 microseconds later.
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  const starling::bench::Tally tally = starling::bench::Load(options).Run();
  std::fputs(starling::bench::ToJson(tally, options).c_str(), stdout);
  return 0;
}
