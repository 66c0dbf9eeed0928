#include "app/backends.h"

#include "backends/blob_files/blob_files.h"
#include "backends/blob_s3/blob_s3.h"
#include "backends/image_libpng/png_decoder.h"
#include "backends/image_turbojpeg/jpeg_decoder.h"
#include "backends/inference_openvino/openvino_runtime.h"
#include "backends/inference_upstream/process_runtime.h"
#include "backends/inference_upstream/remote_runtime.h"
#include "backends/inference_xgboost/xgboost_runtime.h"
#include "backends/sql_postgres/postgres_database.h"
#include "backends/sql_sqlite/sqlite_database.h"

namespace starling {
namespace sql_sqlite {
static absl::StatusOr<std::unique_ptr<store::SqlDatabase>> Open(const store::SqlLocation& location) {
  return OpenSqlite({.path = location.where, .setting = location.shared_by});
}
}  // namespace sql_sqlite
namespace sql_postgres {
static absl::StatusOr<std::unique_ptr<store::SqlDatabase>> Open(const store::SqlLocation& location) {
  return OpenPostgres({.url = location.where});
}
}  // namespace sql_postgres
namespace blob_files {
static absl::StatusOr<std::unique_ptr<store::Blobs>> Open(const store::BlobLocation& location) {
  return OpenBlobFiles(location.where);
}
}  // namespace blob_files
namespace blob_s3 {
static absl::StatusOr<std::unique_ptr<store::Blobs>> Open(const store::BlobLocation& location) {
  return OpenBlobS3(location.s3);
}
}  // namespace blob_s3
}  // namespace starling

namespace starling::app {

void AddBackends(inference::RuntimeRegistry& runtimes, inference::ImageDecoders& image_decoders,
                 store::Stores& stores) {
#define STARLING_SQL(name, factory) stores.AddSql(name, factory);
#define STARLING_BLOBS(name, factory) stores.AddBlobs(name, factory);
#define STARLING_INFERENCE_RUNTIME(name, factory) runtimes.Add(name, factory);
#define STARLING_IMAGE_DECODER(factory) image_decoders.Add(factory());
#include "app/backends.def"
#undef STARLING_SQL
#undef STARLING_BLOBS
#undef STARLING_INFERENCE_RUNTIME
#undef STARLING_IMAGE_DECODER
}

}  // namespace starling::app
