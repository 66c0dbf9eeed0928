#include "core/store/stores.h"

#include "base/status.h"

namespace starling::store {

absl::StatusOr<std::unique_ptr<SqlDatabase>> Stores::Sql(const SqlLocation& location) const {
  const auto found = sql_.find(location.product);
  if (found == sql_.end())
    return FailedPrecondition("This build has no SQL product '", location.product, "'.");
  return found->second(location);
}

absl::StatusOr<std::unique_ptr<Blobs>> Stores::BlobsAt(const BlobLocation& location) const {
  const auto found = blobs_.find(location.product);
  if (found == blobs_.end()) return FailedPrecondition("This build has no store '", location.product, "'.");
  return found->second(location);
}

}  // namespace starling::store
