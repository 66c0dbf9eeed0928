#include "random_message.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>

namespace starling::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Random = std::mt19937_64;

uint64_t Below(Random& random, uint64_t bound) { return random() % bound; }

template <typename Int>
Int RandomInt(Random& random) {
  switch (Below(random, 4)) {
    case 0:
      return std::numeric_limits<Int>::min();
    case 1:
      return std::numeric_limits<Int>::max();
    case 2:
      return static_cast<Int>(Below(random, 100));
    default:
      return static_cast<Int>(random());
  }
}

template <typename Real, typename Bits>
Real RandomReal(Random& random, bool finite) {
  constexpr Real kSpecial[] = {0,
                               static_cast<Real>(0.1),
                               std::numeric_limits<Real>::max(),
                               std::numeric_limits<Real>::lowest(),
                               std::numeric_limits<Real>::denorm_min(),
                               std::numeric_limits<Real>::min(),
                               static_cast<Real>(1e15),
                               -1};
  constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
  if (Below(random, 2) == 0) return kSpecial[Below(random, std::size(kSpecial))];
  if (!finite && Below(random, 4) == 0)
    return Below(random, 2) == 0 ? kInfinity : Below(random, 2) == 0 ? -kInfinity : std::nan("");
  const auto value = std::bit_cast<Real>(static_cast<Bits>(random()));
  return std::isfinite(value) ? value : 1;
}

std::string RandomText(Random& random) {
  static const std::string pieces[] = {
      "a",          "Z",    " ",    "\"", "\\",     "/",      std::string(1, '\0'),
      "\n",         "\x1f", "\x7f", "é",  "\u2028", "中",     "😀",
      "\U0010ffff", "<",    "&",    "'",  "\ufeff", "{}[],:", "e\u0301"};
  std::string text;
  for (uint64_t i = Below(random, 12); i > 0; --i) text += pieces[Below(random, std::size(pieces))];
  return text;
}

std::string RandomBytes(Random& random) {
  std::string bytes;
  for (uint64_t i = Below(random, 12); i > 0; --i) bytes.push_back(static_cast<char>(random()));
  return bytes;
}

void RandomValue(Random& random, int depth, google::protobuf::Value& value) {
  switch (Below(random, depth > 0 ? 6 : 4)) {
    case 0:
      return value.set_null_value(google::protobuf::NULL_VALUE);
    case 1:
      return value.set_number_value(RandomReal<double, uint64_t>(random, true));
    case 2:
      return value.set_string_value(RandomText(random));
    case 3:
      return value.set_bool_value(Below(random, 2) == 0);
    case 4:
      for (uint64_t i = Below(random, 4); i > 0; --i) {
        RandomValue(random, depth - 1, (*value.mutable_struct_value()->mutable_fields())[RandomText(random)]);
      }
      return (void)value.mutable_struct_value();
    default:
      for (uint64_t i = Below(random, 4); i > 0; --i)
        RandomValue(random, depth - 1, *value.mutable_list_value()->add_values());
      return (void)value.mutable_list_value();
  }
}

// Whether the message is one that has a JSON form of its own, and was filled.
bool RandomWellKnown(Random& random, int depth, Message& message) {
  if (auto* time = dynamic_cast<google::protobuf::Timestamp*>(&message)) {
    constexpr int64_t kFirst = -62135596800, kLast = 253402300799;
    time->set_seconds(
        Below(random, 4) == 0 ? kFirst : kFirst + static_cast<int64_t>(Below(random, kLast - kFirst + 1)));
    const int32_t units[] = {0, 1, 1000, 1000000};
    time->set_nanos(static_cast<int32_t>(Below(random, 1000)) * units[Below(random, 4)]);
    return true;
  }
  if (auto* duration = dynamic_cast<google::protobuf::Duration*>(&message)) {
    constexpr int64_t kLongest = 315576000000;
    const int32_t sign = Below(random, 2) == 0 ? 1 : -1;
    duration->set_seconds(sign * static_cast<int64_t>(Below(random, Below(random, 2) == 0 ? 2 : kLongest)));
    duration->set_nanos(sign * static_cast<int32_t>(Below(random, 1000000000)));
    return true;
  }
  if (auto* mask = dynamic_cast<google::protobuf::FieldMask*>(&message)) {
    const char* const paths[] = {"a", "a_b", "place.city_name", "x.y.z_z"};
    for (uint64_t i = Below(random, 3); i > 0; --i) mask->add_paths(paths[Below(random, std::size(paths))]);
    return true;
  }
  if (auto* value = dynamic_cast<google::protobuf::Value*>(&message)) {
    RandomValue(random, depth, *value);
    return true;
  }
  return false;
}

void Fill(Random& random, int depth, const FieldDescriptor& field, Message& message) {
  const auto& reflection = *message.GetReflection();
  const bool add = field.is_repeated();
#define STARLING_FILL(Type, value) \
  return add ? reflection.Add##Type(&message, &field, value) : reflection.Set##Type(&message, &field, value)
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      STARLING_FILL(Int32, RandomInt<int32_t>(random));
    case FieldDescriptor::CPPTYPE_INT64:
      STARLING_FILL(Int64, RandomInt<int64_t>(random));
    case FieldDescriptor::CPPTYPE_UINT32:
      STARLING_FILL(UInt32, RandomInt<uint32_t>(random));
    case FieldDescriptor::CPPTYPE_UINT64:
      STARLING_FILL(UInt64, RandomInt<uint64_t>(random));
    case FieldDescriptor::CPPTYPE_FLOAT:
      STARLING_FILL(Float, (RandomReal<float, uint32_t>(random, false)));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      STARLING_FILL(Double, (RandomReal<double, uint64_t>(random, false)));
    case FieldDescriptor::CPPTYPE_BOOL:
      STARLING_FILL(Bool, Below(random, 2) == 0);
    case FieldDescriptor::CPPTYPE_STRING:
      STARLING_FILL(String,
                    field.type() == FieldDescriptor::TYPE_BYTES ? RandomBytes(random) : RandomText(random));
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto& type = *field.enum_type();
      const bool named = Below(random, 4) != 0 || type.full_name() == "google.protobuf.NullValue";
      const int number =
          named ? type.value(static_cast<int>(Below(random, static_cast<uint64_t>(type.value_count()))))
                      ->number()
                : 77;
      STARLING_FILL(EnumValue, number);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Randomize(
          random, depth - 1,
          add ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field));
  }
#undef STARLING_FILL
}

// Two random entries may have the same key; a map that was parsed has each once.
void DropRepeatedKeys(Message& message) {
  Message* copy = message.New();
  const std::string bytes = message.SerializeAsString();
  copy->ParseFromString(bytes);
  message.GetReflection()->Swap(&message, copy);
  delete copy;
}

}  // namespace

void Randomize(Random& random, int depth, Message& message) {
  if (RandomWellKnown(random, depth, message)) return;
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    // An entry of a map is whole: a Value without a kind is the same as null.
    const bool entry = descriptor.options().map_entry();
    if (!entry && field.message_type() != nullptr && depth <= 0) continue;
    if (!entry && Below(random, 3) == 0) continue;
    for (uint64_t times = field.is_repeated() ? Below(random, 4) : 1; times > 0; --times)
      Fill(random, depth, field, message);
  }
  if (!descriptor.options().map_entry()) DropRepeatedKeys(message);
}

}  // namespace starling::testing
