#include "services/models/traffic/traffic_split.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/status.h"

namespace starling::models {
namespace {

// FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
constexpr uint64_t kFnvBasis = 14695981039346656037ULL;
constexpr uint64_t kFnvPrime = 1099511628211ULL;

uint64_t Fnv(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return hash;
}

// The finalizer of MurmurHash3: FNV alone spreads short keys that differ in their last byte too little.
uint64_t Mixed(uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdULL;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return hash ^ (hash >> 33);
}

}  // namespace

int SlotOf(std::string_view salt, std::string_view key) {
  const uint64_t hash = Fnv(Fnv(Fnv(kFnvBasis, salt), std::string_view("\0", 1)), key);
  return static_cast<int>(Mixed(hash) % TrafficSplit::kSlots);
}

int NextSlot(std::atomic<uint32_t>& count) {
  constexpr uint64_t kStride = 6181;  // without a common factor with kSlots
  const uint64_t n = count.fetch_add(1, std::memory_order_relaxed) % TrafficSplit::kSlots;
  return static_cast<int>(n * kStride % TrafficSplit::kSlots);
}

uint16_t TrafficSplit::IndexOf(const std::string& version) {
  const auto found = std::find(versions_.begin(), versions_.end(), version);
  if (found != versions_.end()) return static_cast<uint16_t>(found - versions_.begin());
  versions_.push_back(version);
  return static_cast<uint16_t>(versions_.size() - 1);
}

TrafficSplit TrafficSplit::Changed(const std::string& stable,
                                   const std::map<std::string, int>& shares) const {
  std::map<std::string, int> missing = shares;
  missing[stable] = kSlots;
  for (const auto& [version, share] : shares) {
    if (version != stable) missing[stable] -= share;
  }
  TrafficSplit changed(stable);
  std::vector<size_t> free;
  for (size_t slot = 0; slot < owners_.size(); ++slot) {
    const std::string& owner = versions_[owners_[slot]];
    const auto wants = missing.find(owner);
    if (wants == missing.end() || wants->second == 0) {
      free.push_back(slot);
      continue;
    }
    --wants->second;
    changed.owners_[slot] = changed.IndexOf(owner);
  }
  auto next = free.begin();
  for (const auto& [version, count] : missing) {
    const uint16_t index = changed.IndexOf(version);
    for (int i = 0; i < count; ++i) changed.owners_[*next++] = index;
  }
  return changed;
}

int TrafficSplit::SlotsOf(std::string_view version) const {
  return static_cast<int>(std::count_if(owners_.begin(), owners_.end(),
                                        [&](uint16_t owner) { return versions_[owner] == version; }));
}

std::string TrafficSplit::ToText() const {
  std::string text;
  for (size_t begin = 0; begin < owners_.size();) {
    size_t end = begin;
    while (end < owners_.size() && owners_[end] == owners_[begin]) ++end;
    StrAppend(&text, end - begin, " ", versions_[owners_[begin]], "\n");
    begin = end;
  }
  return text;
}

absl::StatusOr<TrafficSplit> TrafficSplit::FromText(std::string_view text) {
  TrafficSplit split{std::string()};
  split.versions_.clear();
  split.owners_.clear();
  while (!text.empty()) {
    size_t count = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const size_t end = text.find('\n');
    const auto space = static_cast<size_t>(rest - text.data());
    if (error != std::errc() || end == std::string_view::npos || space >= end || text[space] != ' ' ||
        count > kSlots - split.owners_.size()) {
      return InvalidArgument("The split of the rule can't be read.");
    }
    split.owners_.insert(split.owners_.end(), count,
                         split.IndexOf(std::string(text.substr(space + 1, end - space - 1))));
    text.remove_prefix(end + 1);
  }
  if (split.owners_.size() != kSlots) return InvalidArgument("The split of the rule is not whole.");
  return split;
}

}  // namespace starling::models
