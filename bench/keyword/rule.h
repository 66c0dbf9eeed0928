// The rule that stands in place of the model, so that what is measured is everything else. rivals/fastapi_keyword/app.py has the
// same one.
#pragma once

#include <string_view>

namespace starling::bench {

struct Verdict {
  std::string_view sentiment;  // "positive", "negative" or "neutral"
  double confidence = 0;
};

// Counts words of two short lists: words are what stands between spaces, without case and without `.,!?` at their ends. The more
// frequent side wins, with (n + 1) / (n + 2) for a lead of n words; 0.5 for neutral.
Verdict Judge(std::string_view text);

}  // namespace starling::bench
