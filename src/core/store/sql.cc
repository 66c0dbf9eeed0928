#include "core/store/sql.h"

#include "base/status.h"

namespace starling::store {

int64_t SqlRow::Int(size_t column) const {
  const SqlValue& value = values_[column];
  if (const auto* number = std::get_if<int64_t>(&value)) return *number;
  if (const auto* number = std::get_if<double>(&value)) return static_cast<int64_t>(*number);
  return 0;
}

double SqlRow::Double(size_t column) const {
  const SqlValue& value = values_[column];
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<double>(*number);
  return 0;
}

const std::string& SqlRow::Text(size_t column) const {
  static const std::string& none = *new std::string();
  const auto* text = std::get_if<std::string>(&values_[column]);
  return text != nullptr ? *text : none;
}

absl::Status SqlDatabase::Migrate(std::string_view part, const std::vector<SqlMigration>& steps) {
  // In one transaction, so that of two programs that start at once one waits for the other.
  return WriteNow([&](SqlTransaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(transaction
                        .Execute("CREATE TABLE IF NOT EXISTS schema_steps (part TEXT NOT NULL PRIMARY KEY, "
                                 "number BIGINT NOT NULL)",
                                 {})
                        .status());
    RETURN_IF_ERROR(
        transaction
            .Execute("INSERT INTO schema_steps (part, number) VALUES (?, 0) ON CONFLICT (part) DO NOTHING",
                     {std::string(part)})
            .status());
    ASSIGN_OR_RETURN(
        const auto rows,
        transaction.Query("UPDATE schema_steps SET number = number WHERE part = ? RETURNING number",
                          {std::string(part)}));
    const int64_t done = rows.at(0).Int(0);
    const int64_t last = steps.empty() ? 0 : steps.back().number;
    if (done > last) {
      return FailedPrecondition("The tables of ", part, " are at step ", done, "; this program knows only ",
                                last, ": they were made by a newer one.");
    }
    for (const SqlMigration& step : steps) {
      if (step.number <= done) continue;
      for (const std::string_view statement : step.statements)
        RETURN_IF_ERROR(transaction.Execute(statement, {}).status());
    }
    return transaction.Execute("UPDATE schema_steps SET number = ? WHERE part = ?", {last, std::string(part)})
        .status();
  });
}

std::string EscapeLikeBackslashes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

}  // namespace starling::store
