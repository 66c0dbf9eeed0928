// Short words for what every table needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "core/store/sql.h"
#include "services/registry/caller.h"
#include "starling/registry/v1/models.pb.h"

namespace starling::registry {

// Sets or replaces a row of a tag table whose key columns are `keys` ("tenant, name"), `tag`.
inline absl::Status PutTag(store::SqlTransaction& transaction, std::string_view table, std::string_view keys,
                           store::SqlValues values, const std::string& tag, const std::string& value) {
  std::string places;
  for (size_t i = 0; i < values.size(); ++i) places += "?, ";
  values.emplace_back(tag);
  values.emplace_back(value);
  return transaction
      .Execute(StrCat("INSERT INTO ", table, " (", keys, ", tag, value) VALUES (", places,
                      "?, ?) ON CONFLICT (", keys, ", tag) DO UPDATE SET value = excluded.value"),
               values)
      .status();
}

// The tags of one thing; `where` is for example "tenant = ? AND name = ?".
template <typename Tags>
absl::Status LoadTags(store::SqlTransaction& transaction, std::string_view table, std::string_view where,
                      const store::SqlValues& values, Tags* tags) {
  ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(StrCat("SELECT tag, value FROM ", table, " WHERE ", where, " ORDER BY tag"), values));
  for (const store::SqlRow& row : rows) {
    auto* tag = tags->Add();
    tag->set_key(row.Text(0));
    tag->set_value(row.Text(1));
  }
  return absl::OkStatus();
}

// The next number of a counter, from 1 on.
inline absl::StatusOr<int64_t> NextNumber(store::SqlTransaction& transaction, const std::string& tenant,
                                          std::string_view counter) {
  ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("INSERT INTO counters (tenant, counter, value) VALUES (?, ?, 1) ON CONFLICT (tenant, "
                        "counter) DO UPDATE SET value = counters.value + 1 RETURNING value",
                        {tenant, std::string(counter)}));
  return rows.at(0).Int(0);
}

inline constexpr int64_t kUsualPage = 100;
inline int64_t PageOf(int64_t asked, int64_t usual = kUsualPage) { return asked > 0 ? asked : usual; }

}  // namespace starling::registry
