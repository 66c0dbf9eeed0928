#include "backends/blob_s3/upload.h"

#include <string_view>
#include <utility>
#include <vector>

#include "backends/blob_s3/xml.h"
#include "base/status.h"
#include "core/observe/log.h"

namespace starling::blob_s3 {
namespace {

// "Amazon S3 multipart upload limits".
constexpr size_t kMostParts = 10'000;

class Upload final : public store::BlobWriter {
 public:
  Upload(Client& client, std::string key, size_t part_bytes)
      : client_(client), key_(std::move(key)), part_bytes_(part_bytes) {}

  ~Upload() override {
    if (id_.empty() || committed_) return;
    const auto aborted = client_.Call({.verb = "DELETE", .key = key_, .query = {{"uploadId", id_}}});
    if (!aborted.ok() && !absl::IsNotFound(aborted.status()))
      observe::LogWarning("an upload that broke off stays in the bucket until it is aborted there",
                          {{"key", key_}, {"reason", Message(aborted.status())}});
  }

  absl::Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      // A part goes out when there is more to come: the last one belongs to Commit().
      if (part_.size() == part_bytes_) RETURN_IF_ERROR(SendPart());
      const std::string_view piece = bytes.substr(0, part_bytes_ - part_.size());
      part_.append(piece);
      bytes.remove_prefix(piece.size());
    }
    return absl::OkStatus();
  }

  absl::Status Commit() override {
    if (id_.empty()) {
      RETURN_IF_ERROR(client_.Call({.verb = "PUT", .key = key_, .body = part_}).status());
    } else {
      RETURN_IF_ERROR(SendPart());
      RETURN_IF_ERROR(Complete());
    }
    committed_ = true;
    return absl::OkStatus();
  }

 private:
  // That an upload is gone is no fault of who calls: it was aborted elsewhere, or the answer to an earlier attempt to complete it was lost.
  absl::StatusOr<HttpResponse> CallUpload(S3Request request) {
    request.query["uploadId"] = id_;
    auto answer = client_.Call(request);
    if (!absl::IsNotFound(answer.status())) return answer;
    return Unavailable("The upload of a blob was lost: ", Message(answer.status()));
  }

  absl::Status SendPart() {
    if (id_.empty()) {
      ASSIGN_OR_RETURN(const HttpResponse begun,
                       client_.Call({.verb = "POST", .key = key_, .query = {{"uploads", ""}}}));
      id_ = TextAt(begun.body, "InitiateMultipartUploadResult/UploadId");
      if (id_.empty()) return Unavailable("The store of blobs began no upload.");
    }
    if (tags_.size() == kMostParts)
      return FailedPrecondition("A blob may have ", kMostParts, " parts of ", part_bytes_,
                                " bytes (s3.part_bytes).");
    ASSIGN_OR_RETURN(const HttpResponse sent, CallUpload({.verb = "PUT",
                                                          .key = key_,
                                                          .query = {{"partNumber", StrCat(tags_.size() + 1)}},
                                                          .body = part_}));
    const auto tag = sent.headers.find("etag");
    if (tag == sent.headers.end()) return Unavailable("The store of blobs gave no tag for a part.");
    tags_.push_back(tag->second);
    part_.clear();
    return absl::OkStatus();
  }

  absl::Status Complete() {
    std::string body = "<CompleteMultipartUpload>";
    for (size_t i = 0; i < tags_.size(); ++i)
      StrAppend(&body, "<Part><PartNumber>", i + 1, "</PartNumber><ETag>", XmlEscape(tags_[i]),
                "</ETag></Part>");
    body += "</CompleteMultipartUpload>";
    ASSIGN_OR_RETURN(const HttpResponse done, CallUpload({.verb = "POST", .key = key_, .body = body}));
    // The status is sent before the work is done, so a failure comes with 200 too.
    if (!TextAt(done.body, "CompleteMultipartUploadResult/ETag").empty()) return absl::OkStatus();
    return Unavailable("The store of blobs did not complete an upload (", TextAt(done.body, "Error/Code"),
                       ").");
  }

  Client& client_;
  const std::string key_;
  const size_t part_bytes_;
  std::string part_;               // not sent yet
  std::string id_;                 // of the multipart upload, empty before the first part went out
  std::vector<std::string> tags_;  // of the parts that were sent
  bool committed_ = false;
};

}  // namespace

std::unique_ptr<store::BlobWriter> StartUpload(Client& client, std::string object_key, size_t part_bytes) {
  return std::make_unique<Upload>(client, std::move(object_key), part_bytes);
}

}  // namespace starling::blob_s3
