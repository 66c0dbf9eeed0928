// The first byte says how the rest is cut into pieces.
#include <string>

#include "base/strings.h"
#include "core/grpc/frame.h"
#include "fuzz.h"

namespace {

using starling::Bytes;
using starling::grpc::FrameReader;

std::string Understood(std::string_view bytes, size_t piece) {
  FrameReader reader(1000);
  std::string all;
  while (!bytes.empty()) {
    reader.Feed(Bytes(std::string(bytes.substr(0, piece))));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (true) {
      auto frame = reader.Next();
      if (!frame.ok()) return all + "refused";
      if (!frame->has_value()) break;
      starling::fuzz::Require((**frame).message.size() <= 1000, "the limit holds");
      starling::StrAppend(&all, (**frame).compressed, (**frame).message.view(), "|");
    }
  }
  return all + (reader.empty() ? "" : "rest");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes = starling::fuzz::Text(data + 1, size - 1);
  starling::fuzz::Require(Understood(bytes, bytes.size()) == Understood(bytes, data[0] % 16 + size_t{1}),
                          "pieces mean what the whole means");
  return 0;
}
