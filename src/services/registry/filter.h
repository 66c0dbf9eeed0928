// The grammar of searches: what MLflow's clients write as `filter_string` and `order_by`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::registry {

enum class Kind { kAttribute, kTag, kParam, kMetric };

struct Comparison {
  Kind kind = Kind::kAttribute;
  std::string key;
  std::string op;                                         // = != < <= > >= LIKE ILIKE IN "NOT IN"
  std::vector<std::variant<std::string, double>> values;  // one, or for IN and NOT IN at least one
};

struct Order {
  Kind kind = Kind::kAttribute;
  std::string key;
  bool descending = false;
};

// filter     = [ comparison *( "AND" comparison ) ]
// comparison = name ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "ILIKE" ) value
//            | name [ "NOT" ] "IN" "(" value *( "," value ) ")"
// name       = [ ( "tag" | "tags" | "param" | "params" | "parameters" | "metric" | "metrics" |
//                  "attribute" | "attributes" | "attr" | "run" ) "." ] key
// key        = word / `quoted with backticks` / "quoted"
// value      = 'quoted' / "quoted" / number
// A quote within quotes is written twice. Words of the grammar in any case. INVALID_ARGUMENT, with the place, for anything else, and for
// more than 50 comparisons.
absl::StatusOr<std::vector<Comparison>> ParseFilter(std::string_view filter);

// name [ "ASC" | "DESC" ]
absl::StatusOr<Order> ParseOrder(std::string_view order);

}  // namespace starling::registry
