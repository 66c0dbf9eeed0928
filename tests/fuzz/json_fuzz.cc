// The first byte chooses a message type, the rest is its JSON.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <string>
#include <vector>

#include "app/services.h"
#include "core/rpc/method.h"
#include "fuzz.h"
#include "starling/everything/v1/everything.starling.h"

namespace {

using starling::rpc::MessageType;

const std::vector<const MessageType*>& Types() {
  static const std::vector<const MessageType*> kTypes = [] {
    std::vector<const MessageType*> types;
    const auto add = [&types](const starling::rpc::Contract& contract) {
      for (const auto& method : contract.methods)
        types.insert(types.end(), {method.request, method.response});
    };
    add(starling::everything::v1::EverythingServiceContract());
    for (const auto& service : starling::app::BuiltInServices()) {
      for (const auto* contract : service.contracts) add(*contract);
    }
    starling::fuzz::Require(types.size() <= 256, "one byte can choose each of them");
    return types;
  }();
  return kTypes;
}

// Maps in the order of their keys.
std::string Bytes(const google::protobuf::MessageLite& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const MessageType& type = *Types()[data[0] % Types().size()];
  const auto message = type.create();
  const absl::Status read = type.from_json(starling::fuzz::Text(data + 1, size - 1), {}, message.get());
  if (!read.ok()) {
    starling::fuzz::Require(!read.message().empty(), "a refusal says why");
    return 0;
  }
  (void)type.validate(*message);
  std::string json;
  type.to_json(*message, &json);
  const auto again = type.create();
  starling::fuzz::Require(type.from_json(json, {}, again.get()).ok(), "what was written can be read");
  starling::fuzz::Require(Bytes(*message) == Bytes(*again), "what was written reads as the same message");
  return 0;
}
