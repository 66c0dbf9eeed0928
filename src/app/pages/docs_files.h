// The files of the page /docs, which are inside this program: our own in docs/, and those of Swagger UI.
#pragma once

#include <span>
#include <string_view>

namespace starling::app {

struct DocsFile {
  std::string_view path;  // "/docs/swagger-ui.css"
  std::string_view content_type;
  std::string_view gzip;  // its bytes, packed (RFC 1952); they live as long as the program
};

std::span<const DocsFile> DocsFiles();

}  // namespace starling::app
