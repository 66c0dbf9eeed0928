// Random messages, by reflection.
#pragma once

#include <google/protobuf/message.h>

#include <random>

namespace starling::testing {

// Sets some of the fields of an empty message, at any depth up to `depth`: extreme and ordinary numbers, all kinds of text, values of
// enums with and without a name. Everything in it has a JSON form.
void Randomize(std::mt19937_64& random, int depth, google::protobuf::Message& message);

}  // namespace starling::testing
