// The XML that an S3-compatible server answers with.
#include <string>

#include "backends/blob_s3/xml.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using starling::fuzz::Require;
  namespace s3 = starling::blob_s3;
  const std::string_view text = starling::fuzz::Text(data, size);
  size_t elements = 0;
  (void)s3::ForEachElement(text, [&](std::string_view path, const std::string& own) {
    ++elements;
    Require(!path.empty() && path.back() != '/', "an element has a name");
    Require(own.size() <= size, "no text grows");
  });
  Require(elements <= size / 3, "an element has a tag");
  Require(s3::TextAt("<a><b>" + s3::XmlEscape(text) + "</b></a>", "a/b") == text,
          "what is written is read back");
  return 0;
}
