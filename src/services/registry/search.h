// A parsed search as SQL: what a caller wrote becomes values, never text of a statement.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/store/sql.h"
#include "services/registry/filter.h"

namespace starling::registry {

struct Column {
  std::string_view name;  // as searches call it
  std::string_view sql;
  bool is_number = false;
};

// What can be searched in one table.
struct Searched {
  std::string_view table;                  // "models"
  std::vector<std::string_view> join;      // columns that tag tables share with it, the tenant first
  std::vector<Column> columns;             // attributes
  std::string_view tags, params, metrics;  // tables (key column `tag`, value column `value`); empty: none
  // Whether != on a tag matches what has no such tag; for runs MLflow says no.
  bool without_tag_differs = false;
  std::string_view then;  // the last columns to sort by: "name ASC"
};

struct Search {
  std::string sql;  // " WHERE ... ORDER BY ... LIMIT ? OFFSET ?"
  store::SqlValues values;
  int64_t limit = 0, offset = 0;
};

// INVALID_ARGUMENT for what can't be searched here. `where` and `values` come first and hold the tenant. One row more than `limit` is
// asked for, to know whether there is another page.
absl::StatusOr<Search> MakeSearch(const Searched& searched, std::string where, store::SqlValues values,
                                  std::string_view filter, const std::vector<std::string>& order_by,
                                  int64_t limit, std::string_view page_token);

// " IN (?, ...)" for these; they are put behind `values`.
std::string InList(const google::protobuf::RepeatedPtrField<std::string>& ids, store::SqlValues* values);

// Cuts the row too many off and gives the token of the next page, empty if this is the last.
std::string NextPage(const Search& search, std::vector<store::SqlRow>* rows);

}  // namespace starling::registry
