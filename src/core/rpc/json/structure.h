// Where the tokens of a JSON document begin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/rpc/json/fault.h"

namespace starling::rpc::json {

// The result of simdjson's first stage, which goes over a document once with vector instructions: positions of all braces, brackets,
// colons and commas outside of strings, of opening quotes, and of first characters of all else that is no white space. Found on
// the way: bytes that are not UTF-8, strings without end, control characters in strings.
struct Structure {
  const uint32_t* positions = nullptr;  // `count` of them, and then the document's size
  size_t count = 0;
};

// INVALID: fault. The positions are the calling thread's and hold until its next call. Reads up to 64 bytes behind the text where it
// is sure that the memory is there, else from a copy.
bool FindStructure(std::string_view json, Structure* structure, Fault& fault);

// "line 2, column 5" of a byte, counted from 1, columns in characters.
std::string PlaceOf(std::string_view json, size_t offset);

}  // namespace starling::rpc::json
