// Which products there are behind SqlDatabase and Blobs, by name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/store/blobs.h"
#include "core/store/s3_config.h"
#include "core/store/sql.h"

namespace starling::store {

struct SqlLocation {
  std::string product;    // "sqlite"
  std::string where;      // as the product takes it: a file, a URL
  std::string shared_by;  // the setting that would let several programs share the data, for sentences
};

struct BlobLocation {
  std::string product;  // "files", "s3"
  std::string where;    // of files: the folder
  S3Config s3 = {};     // of S3
};

// Filled before it is used, then thread-safe.
class Stores {
 public:
  using SqlFactory = std::function<absl::StatusOr<std::unique_ptr<SqlDatabase>>(const SqlLocation& location)>;
  using BlobFactory = std::function<absl::StatusOr<std::unique_ptr<Blobs>>(const BlobLocation& location)>;

  void AddSql(std::string product, SqlFactory factory) { sql_[std::move(product)] = std::move(factory); }
  void AddBlobs(std::string product, BlobFactory factory) { blobs_[std::move(product)] = std::move(factory); }

  // FAILED_PRECONDITION for a product that this build does not have; else what the product says.
  absl::StatusOr<std::unique_ptr<SqlDatabase>> Sql(const SqlLocation& location) const;
  absl::StatusOr<std::unique_ptr<Blobs>> BlobsAt(const BlobLocation& location) const;

 private:
  std::map<std::string, SqlFactory> sql_;
  std::map<std::string, BlobFactory> blobs_;
};

}  // namespace starling::store
