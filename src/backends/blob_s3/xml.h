// The XML that S3 answers with: elements with text, no mixed content. Internal to this folder.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace starling::blob_s3 {

// Calls visit("ListBucketResult/Contents/Key", "a&b") at the end of each element, with its path from the root and its own text, entities
// resolved. False if it is not well-formed; then some were visited.
bool ForEachElement(std::string_view xml,
                    const std::function<void(std::string_view path, const std::string& text)>& visit);

// The text of the element at `path`, empty if there is none.
std::string TextAt(std::string_view xml, std::string_view path);

// `text` where an element's text stands.
std::string XmlEscape(std::string_view text);

}  // namespace starling::blob_s3
