// What an H2Stream sends, in nghttp2's terms. Internal to core/http; defined in h2_callbacks.cc.
#pragma once

#include <nghttp2/nghttp2.h>

#include <string_view>
#include <vector>

#include "core/http/exchange.h"

namespace starling::http {

class H2Stream;

// `headers` and the strings must outlive the fields.
nghttp2_nv H2Field(std::string_view name, std::string_view value);
std::vector<nghttp2_nv> H2Fields(const Headers& headers);

// Gives nghttp2 what is queued on the stream, then its trailers. The stream must outlive it: the session holds it
// until nghttp2 has closed it.
nghttp2_data_provider H2OutputOf(H2Stream& stream);

}  // namespace starling::http
