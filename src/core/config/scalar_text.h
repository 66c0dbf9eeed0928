// The written form of scalars: what a person types for a setting, and what is printed for a value.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/config/setting.h"

namespace starling::config {

// Reads `text` as the setting's kind and holds it to its bounds and choices. The message of an error
// completes the sentence "'sentiment.max_texts' ...". kSecret gives the text unread; kStringList and
// kStringMap read one entry.
absl::StatusOr<Scalar> ParseScalar(const Setting& setting, std::string_view text);

// The shortest form that ParseScalar reads back; stars for a secret; empty for none.
std::string FormatScalar(Kind kind, const Scalar& value);

// What must be written for this kind, for example "a duration such as 250ms or 5s".
std::string_view KindPhrase(Kind kind);

// "1 to 100000", "at least 1", "at most 5s"; empty without bounds.
std::string BoundsPhrase(const Setting& setting);

}  // namespace starling::config
