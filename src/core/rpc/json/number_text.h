// Numbers as JSON writes them (RFC 8259, section 6).
#pragma once

#include <cstdint>
#include <string_view>

namespace starling::rpc::json {

// Whether the whole text is a number.
bool IsNumber(std::string_view text);

enum class NumberError { kNone, kNotANumber, kFraction, kRange };

// The exact value: 1e3 and 1.0 are whole numbers, whatever their size.
NumberError ParseNumber(std::string_view text, int32_t* value);
NumberError ParseNumber(std::string_view text, int64_t* value);
NumberError ParseNumber(std::string_view text, uint32_t* value);
NumberError ParseNumber(std::string_view text, uint64_t* value);
// The nearest value; what is too small is zero, what is too large is kRange.
NumberError ParseNumber(std::string_view text, float* value);
NumberError ParseNumber(std::string_view text, double* value);

}  // namespace starling::rpc::json
