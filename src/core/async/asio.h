// The only door to Asio: include in .cc files that own sockets, never in a header others see.
#pragma once

#include <boost/asio/io_context.hpp>

#include "core/async/loop.h"

namespace starling::async {

inline boost::asio::io_context& Asio(Loop& loop) {
  return *static_cast<boost::asio::io_context*>(loop.native());
}

}  // namespace starling::async
