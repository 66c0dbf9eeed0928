// Keys of one object that no field claims, to find those that come twice.
#pragma once

#include <algorithm>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"

namespace starling::rpc::json {

class KeySet {
 public:
  // False if the key is there already. It outlives the set.
  bool Insert(std::string_view key) {
    if (few_.size() < kFew) {
      if (std::find(few_.begin(), few_.end(), key) != few_.end()) return false;
      few_.push_back(key);
      return true;
    }
    if (many_.empty()) many_.insert(few_.begin(), few_.end());
    return many_.insert(key).second;
  }

 private:
  static constexpr size_t kFew = 8;
  absl::InlinedVector<std::string_view, kFew> few_;
  // Seeded by the process's address layout, so that a caller cannot choose keys that collide.
  absl::flat_hash_set<std::string_view> many_;
};

}  // namespace starling::rpc::json
