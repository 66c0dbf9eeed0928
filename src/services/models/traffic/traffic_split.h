// TrafficSplit: which version answers for which key.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::models {

// Keys fall into 10,000 slots by a hash, and each slot belongs to a version: a share is a number of slots. A change of shares
// takes from the versions that lose as many slots as they lose and gives them to those that gain, so no other key moves.
// That needs the split before: it is kept with the rule. A value.
class TrafficSplit {
 public:
  static constexpr int kSlots = 10000;

  // All keys at one version.
  explicit TrafficSplit(std::string version) : versions_{std::move(version)}, owners_(kSlots, 0) {}

  // The shares of all others than `stable`, in slots; it gets the rest. They are at most kSlots together.
  TrafficSplit Changed(const std::string& stable, const std::map<std::string, int>& shares) const;

  const std::string& VersionAt(int slot) const { return versions_[owners_[static_cast<size_t>(slot)]]; }
  int SlotsOf(std::string_view version) const;

  // Runs of slots, for a store. INVALID_ARGUMENT for what is none of those texts.
  std::string ToText() const;
  static absl::StatusOr<TrafficSplit> FromText(std::string_view text);

 private:
  uint16_t IndexOf(const std::string& version);

  std::vector<std::string> versions_;
  std::vector<uint16_t> owners_;  // of each slot, in versions_
};

// The same for the same salt and key on every machine and in every build. The salt keeps the rules of two aliases from sending the
// same users to both of their candidates.
int SlotOf(std::string_view salt, std::string_view key);

// For a request without a key: each slot once in kSlots requests, near ones far apart. `count` is the caller's, for the
// requests so far.
int NextSlot(std::atomic<uint32_t>& count);

}  // namespace starling::models
