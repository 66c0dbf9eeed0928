#include "services/images/upload.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

#include "base/status.h"
#include "services/images/multipart.h"

namespace starling::images {
namespace {

std::string MediaType(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type;
}

absl::Status SetTop(std::string_view text, v1::ClassifyImageRequest* request) {
  int32_t top = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), top);
  if (error != std::errc() || end != text.data() + text.size()) {
    return InvalidArgument("'top' must be a whole number.");
  }
  request->set_top(top);
  return absl::OkStatus();
}

absl::Status ReadForm(std::string_view content_type, std::string_view body,
                      v1::ClassifyImageRequest* request) {
  ASSIGN_OR_RETURN(const std::vector<Part> parts, ParseMultipart(content_type, body));
  for (const Part& part : parts) {
    if (part.is_file || part.name == "image") {
      if (!request->image().empty()) return InvalidArgument("The form must hold one image, not several.");
      request->set_image(part.content.data(), part.content.size());
    } else if (part.name == "top") {
      RETURN_IF_ERROR(SetTop(part.content, request));
    }
  }
  return absl::OkStatus();
}

}  // namespace

UploadKind KindOf(std::optional<std::string_view> content_type) {
  const std::string type = MediaType(content_type.value_or("application/json"));
  if (type == "application/json") return UploadKind::kJson;
  if (type == "multipart/form-data") return UploadKind::kForm;
  if (type == "image/png" || type == "image/jpeg" || type == "application/octet-stream")
    return UploadKind::kFile;
  return UploadKind::kUnknown;
}

absl::StatusOr<v1::ClassifyImageRequest> ReadUpload(std::string_view content_type, std::string_view body,
                                                    std::optional<std::string_view> top) {
  v1::ClassifyImageRequest request;
  switch (KindOf(content_type)) {
    case UploadKind::kForm:
      RETURN_IF_ERROR(ReadForm(content_type, body, &request));
      break;
    case UploadKind::kFile:
      request.set_image(body.data(), body.size());
      if (top.has_value()) RETURN_IF_ERROR(SetTop(*top, &request));
      break;
    default:
      RETURN_IF_ERROR(v1::ClassifyImageRequestType().from_json(body, {}, &request));
  }
  RETURN_IF_ERROR(v1::ClassifyImageRequestType().validate(request));
  return request;
}

}  // namespace starling::images
