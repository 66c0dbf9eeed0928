// Strings, shapes and parameters of the protocol's messages on the wire. Internal to the codec.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/inference/tensor.h"
#include "services/models/oip/infer.h"
#include "services/models/oip/wire/wire.h"

namespace starling::models::oip {

absl::Status MalformedMessage();

// The field that the reader stands at. INVALID_ARGUMENT if it is not of this kind.
absl::StatusOr<std::string> WireText(const WireReader& reader);
absl::Status AppendWireShape(const WireReader& reader, inference::Shape* shape);
// One entry of a map<string, InferParameter>; the last one of a name counts, as in any map on the wire.
absl::Status AddWireParameter(const WireReader& reader, Parameters* parameters);

// The fields of a message.
void AppendShapeField(uint32_t field, const inference::Shape& shape, std::string* out);
void AppendParameterFields(uint32_t field, const Parameters& parameters, std::string* out);
// Nothing for an empty one, as proto3 has it.
inline void AppendTextField(uint32_t field, std::string_view text, std::string* out) {
  if (!text.empty()) AppendBytesField(field, text, out);
}

}  // namespace starling::models::oip
