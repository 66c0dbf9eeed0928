#pragma once

struct nghttp2_session_callbacks;

namespace starling::http {

// The callbacks of every H2Session, made once. nghttp2's user data is the H2Session.
const nghttp2_session_callbacks* H2SessionCallbacks();

}  // namespace starling::http
