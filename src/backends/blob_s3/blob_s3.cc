#include "backends/blob_s3/blob_s3.h"

#include <absl/strings/numbers.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "backends/blob_s3/client.h"
#include "backends/blob_s3/upload.h"
#include "backends/blob_s3/xml.h"
#include "base/status.h"

namespace starling::blob_s3 {
namespace {

using store::BlobEntry;

// What a reader fetches at once.
constexpr size_t kWindowBytes = size_t{1} << 20;

std::string LastPart(std::string_view key) { return std::string(key.substr(key.rfind('/') + 1)); }

int64_t Number(std::string_view text) {
  int64_t number = 0;
  return absl::SimpleAtoi(ToAbsl(text), &number) ? number : 0;
}

std::string Header(const HttpResponse& response, const std::string& name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? "" : found->second;
}

// Reads a window ahead, each of the revision that was opened.
class Reader final : public store::BlobReader {
 public:
  Reader(Client& client, std::string key, BlobEntry entry)
      : client_(client), key_(std::move(key)), entry_(std::move(entry)) {}

  const BlobEntry& entry() const override { return entry_; }

  absl::StatusOr<std::string> Read(int64_t offset, size_t size) override {
    if (offset >= entry_.bytes || size == 0) return std::string();
    size = std::min(size, static_cast<size_t>(entry_.bytes - offset));
    const int64_t end = offset + static_cast<int64_t>(size);
    if (offset < begin_ || end > begin_ + static_cast<int64_t>(window_.size()))
      RETURN_IF_ERROR(Fetch(offset, std::max(size, kWindowBytes)));
    return window_.substr(static_cast<size_t>(offset - begin_), size);
  }

 private:
  absl::Status Fetch(int64_t offset, size_t size) {
    size = std::min(size, static_cast<size_t>(entry_.bytes - offset));
    auto got = client_.Call(
        {.verb = "GET",
         .key = key_,
         .headers = {{"if-match", entry_.revision},
                     {"range", StrCat("bytes=", offset, "-", offset + static_cast<int64_t>(size) - 1)}},
         .max_answer_bytes = size});
    if (absl::IsNotFound(got.status()) || absl::IsAborted(got.status()) || absl::IsOutOfRange(got.status()))
      return Aborted("The blob '", entry_.name, "' was replaced or deleted while it was read.");
    RETURN_IF_ERROR(got.status());
    if (got->body.size() != size) return Unavailable("The store of blobs sent less than was asked for.");
    begin_ = offset;
    window_ = std::move(got->body);
    return absl::OkStatus();
  }

  Client& client_;
  const std::string key_;
  const BlobEntry entry_;
  int64_t begin_ = 0;  // of the window in the blob
  std::string window_;
};

class BlobS3 final : public store::Blobs {
 public:
  BlobS3(std::unique_ptr<Client> client, std::string prefix, size_t part_bytes)
      : client_(std::move(client)), prefix_(std::move(prefix)), part_bytes_(part_bytes) {}

  // That the bucket is there and lets us in.
  absl::Status Check() {
    return client_->Call({.verb = "GET", .key = "", .query = {{"list-type", "2"}, {"max-keys", "1"}}})
        .status();
  }

  absl::StatusOr<std::unique_ptr<store::BlobWriter>> Create(std::string_view key) override {
    RETURN_IF_ERROR(store::CheckBlobKey(key));
    for (size_t slash = key.find('/'); slash != std::string_view::npos; slash = key.find('/', slash + 1)) {
      const auto parent = Head(key.substr(0, slash));
      if (parent.ok()) return OfAnotherKind(key.substr(0, slash));
      if (!absl::IsNotFound(parent.status())) return parent.status();
    }
    ASSIGN_OR_RETURN(const bool is_folder, IsFolder(key));
    if (is_folder) return OfAnotherKind(key);
    return StartUpload(*client_, ObjectKey(key), part_bytes_);
  }

  absl::StatusOr<BlobEntry> Stat(std::string_view key) override {
    RETURN_IF_ERROR(store::CheckBlobKey(key));
    auto entry = Head(key);
    if (!absl::IsNotFound(entry.status())) return entry;
    ASSIGN_OR_RETURN(const bool is_folder, IsFolder(key));
    if (is_folder) return BlobEntry{LastPart(key), true, 0, ""};
    return entry;
  }

  absl::StatusOr<std::unique_ptr<store::BlobReader>> Open(std::string_view key) override {
    RETURN_IF_ERROR(store::CheckBlobKey(key));
    ASSIGN_OR_RETURN(BlobEntry entry, Head(key));
    return std::make_unique<Reader>(*client_, ObjectKey(key), std::move(entry));
  }

  absl::StatusOr<std::vector<BlobEntry>> List(std::string_view key) override {
    if (!key.empty()) RETURN_IF_ERROR(store::CheckBlobKey(key));
    const std::string below = key.empty() ? prefix_ : ObjectKey(key) + "/";
    std::vector<BlobEntry> entries;
    RETURN_IF_ERROR(ForEachBelow(below, "/", [&](std::string_view path, BlobEntry entry) {
      entry.name = path.substr(below.size());
      if (entry.is_folder && entry.name.ends_with('/')) entry.name.pop_back();
      if (!entry.name.empty()) entries.push_back(std::move(entry));
    }));
    std::sort(entries.begin(), entries.end(),
              [](const BlobEntry& a, const BlobEntry& b) { return a.name < b.name; });
    return entries;
  }

  absl::Status Delete(std::string_view key) override {
    RETURN_IF_ERROR(store::CheckBlobKey(key));
    RETURN_IF_ERROR(DeleteObject(ObjectKey(key)));
    std::vector<std::string> below;
    RETURN_IF_ERROR(ForEachBelow(ObjectKey(key) + "/", "",
                                 [&](std::string_view path, const BlobEntry&) { below.emplace_back(path); }));
    for (const std::string& path : below) RETURN_IF_ERROR(DeleteObject(path));
    return absl::OkStatus();
  }

 private:
  static absl::Status OfAnotherKind(std::string_view key) {
    return FailedPrecondition("'", key, "' is of another kind than asked for.");
  }

  std::string ObjectKey(std::string_view key) const { return StrCat(prefix_, key); }

  absl::StatusOr<BlobEntry> Head(std::string_view key) {
    auto head = client_->Call({.verb = "HEAD", .key = ObjectKey(key)});
    if (absl::IsNotFound(head.status())) return NotFound("There is nothing at '", key, "'.");
    RETURN_IF_ERROR(head.status());
    return BlobEntry{LastPart(key), false, Number(Header(*head, "content-length")), Header(*head, "etag")};
  }

  absl::StatusOr<bool> IsFolder(std::string_view key) {
    ASSIGN_OR_RETURN(
        const HttpResponse page,
        client_->Call({.verb = "GET",
                       .key = "",
                       .query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", ObjectKey(key) + "/"}}}));
    return !TextAt(page.body, "ListBucketResult/Contents/Key").empty();
  }

  absl::Status DeleteObject(const std::string& object_key) {
    const absl::Status deleted = client_->Call({.verb = "DELETE", .key = object_key}).status();
    return absl::IsNotFound(deleted) ? absl::OkStatus() : deleted;
  }

  // Every object whose key begins with `below`, or what is left of them up to `delimiter`, page by page.
  absl::Status ForEachBelow(const std::string& below, const std::string& delimiter,
                            const std::function<void(std::string_view path, BlobEntry entry)>& visit) {
    std::map<std::string, std::string> query{{"list-type", "2"}, {"prefix", below}};
    if (!delimiter.empty()) query["delimiter"] = delimiter;
    while (true) {
      ASSIGN_OR_RETURN(const HttpResponse page, client_->Call({.verb = "GET", .key = "", .query = query}));
      std::string key, next;
      BlobEntry entry;
      bool truncated = false;
      const auto take = [&](std::string_view path, const std::string& text) {
        if (path == "ListBucketResult/Contents/Key" || path == "ListBucketResult/CommonPrefixes/Prefix") {
          key = text;
          entry = {"", path.ends_with("Prefix"), 0, ""};
        } else if (path == "ListBucketResult/Contents/Size") {
          entry.bytes = Number(text);
        } else if (path == "ListBucketResult/Contents/ETag") {
          entry.revision = text;
        } else if (path == "ListBucketResult/Contents" || path == "ListBucketResult/CommonPrefixes") {
          if (key.starts_with(below)) visit(key, entry);
        } else if (path == "ListBucketResult/IsTruncated") {
          truncated = text == "true";
        } else if (path == "ListBucketResult/NextContinuationToken") {
          next = text;
        }
      };
      if (!ForEachElement(page.body, take))
        return Unavailable("The store of blobs sent a listing that can't be read.");
      if (!truncated) return absl::OkStatus();
      if (next.empty()) return Unavailable("The store of blobs sent half a listing.");
      query["continuation-token"] = next;
    }
  }

  const std::unique_ptr<Client> client_;
  const std::string prefix_;
  const size_t part_bytes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<store::Blobs>> OpenBlobS3(const store::S3Config& config) {
  std::string prefix = config.prefix;
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty()) {
    const absl::Status checked = store::CheckBlobKey(prefix);
    if (!checked.ok()) return FailedPrecondition("s3.prefix: ", Message(checked));
    prefix += "/";
  }
  ASSIGN_OR_RETURN(auto client, Client::Make(config));
  auto blobs =
      std::make_unique<BlobS3>(std::move(client), std::move(prefix), static_cast<size_t>(config.part_bytes));
  const absl::Status there = blobs->Check();
  if (!there.ok() && !RetryAfter(there).has_value())
    return FailedPrecondition("s3.bucket '", config.bucket, "' can't be used: ", Message(there));
  RETURN_IF_ERROR(there);
  return blobs;
}

}  // namespace starling::blob_s3
