// From the body of POST /classify-image, in any of its forms, to the contract's request.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "starling/images/v1/images.starling.h"

namespace starling::images {

// How the body is to be read, by its content-type.
enum class UploadKind { kJson, kForm, kFile, kUnknown };
UploadKind KindOf(std::optional<std::string_view> content_type);

// INVALID_ARGUMENT with a sentence for the caller; the contract's rules hold for the result. Of a form, the file (or the field
// `image`) is the image and the field `top` the number of labels; `top` is the query's, for files. The kind is known.
absl::StatusOr<v1::ClassifyImageRequest> ReadUpload(std::string_view content_type, std::string_view body,
                                                    std::optional<std::string_view> top);

}  // namespace starling::images
