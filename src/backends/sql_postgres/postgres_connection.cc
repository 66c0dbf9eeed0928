#include "backends/sql_postgres/postgres_connection.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/status.h"

namespace starling::sql_postgres {
namespace {

// Of the types that statements of the common dialect give (pg_type.dat).
constexpr Oid kBool = 16, kInt8 = 20, kInt2 = 21, kInt4 = 23, kFloat4 = 700, kFloat8 = 701, kNumeric = 1700;

std::string Line(const char* message) {
  std::string text(message != nullptr ? message : "");
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

store::SqlValue ValueOf(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) == 1) return std::monostate();
  const char* text = PQgetvalue(result, row, column);
  const auto size = static_cast<size_t>(PQgetlength(result, row, column));
  switch (PQftype(result, column)) {
    case kBool:
      return int64_t{text[0] == 't'};
    case kInt2:
    case kInt4:
    case kInt8: {
      int64_t number = 0;
      std::from_chars(text, text + size, number);
      return number;
    }
    case kFloat4:
    case kFloat8:
    case kNumeric:
      return std::strtod(text, nullptr);
    default:
      return std::string(text, size);
  }
}

// nullopt: NULL.
std::optional<std::string> TextOf(const store::SqlValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return StrCat(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* real = std::get_if<double>(&value)) {
    if (std::isnan(*real)) return std::nullopt;
    if (std::isinf(*real)) return *real > 0 ? "Infinity" : "-Infinity";
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof(digits), *real).ptr;
    return std::string(digits, end);
  }
  return std::nullopt;
}

}  // namespace

std::string NumberedPlaceholders(std::string_view sql) {
  std::string out;
  int next = 1;
  char quote = 0;
  for (const char c : sql) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '?') {
      StrAppend(&out, "$", next++);
      continue;
    }
    out.push_back(c);
  }
  return out;
}

absl::StatusOr<std::unique_ptr<PostgresConnection>> PostgresConnection::Open(const std::string& url) {
  std::unique_ptr<PostgresConnection> made(new PostgresConnection());
  made->connection_.reset(PQconnectdb(url.c_str()));
  if (!made->alive()) {
    return WithRetryAfter(Unavailable("PostgreSQL: ", Line(PQerrorMessage(made->connection_.get()))),
                          std::chrono::seconds(1));
  }
  PQsetNoticeProcessor(made->connection_.get(), [](void*, const char*) {}, nullptr);
  RETURN_IF_ERROR(made->Simple("SET client_encoding TO 'UTF8'"));
  RETURN_IF_ERROR(made->Simple("SET standard_conforming_strings TO on"));
  return made;
}

PostgresConnection::Outcome PostgresConnection::Run(const char* begin, const store::SqlDatabase::Work& work) {
  conflict_ = false;
  const absl::Status begun = Simple(begin);
  if (!begun.ok()) return {begun, alive() ? End::kDone : End::kAgain};
  const absl::Status worked = work(*this);
  if (worked.ok()) {
    const absl::Status committed = Simple("COMMIT");
    if (committed.ok()) return {committed, End::kDone};
    if (!alive()) return {committed, End::kLost};
    return {committed, conflict_ ? End::kAgain : End::kDone};
  }
  if (!alive()) return {worked, End::kAgain};
  const absl::Status undone = Simple("ROLLBACK");
  return {worked, conflict_ && undone.ok() ? End::kAgain : End::kDone};
}

absl::Status PostgresConnection::Simple(const char* sql) {
  const Result result(PQexec(connection_.get(), sql));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return Failure(result.get());
  // COMMIT of a transaction that failed says ROLLBACK and is no error to PostgreSQL.
  if (std::string_view(sql) == "COMMIT" && std::string_view(PQcmdStatus(result.get())) != "COMMIT")
    return Internal("A transaction that had failed was to be committed.");
  return absl::OkStatus();
}

absl::StatusOr<PostgresConnection::Result> PostgresConnection::Send(std::string_view sql,
                                                                    const store::SqlValues& values) {
  std::vector<std::optional<std::string>> texts;
  std::vector<Oid> types;
  std::vector<const char*> pointers;
  for (const store::SqlValue& value : values) {
    texts.push_back(TextOf(value));
    types.push_back(std::holds_alternative<int64_t>(value)  ? kInt8
                    : std::holds_alternative<double>(value) ? kFloat8
                                                            : Oid{0});
    if (texts.back().has_value() && texts.back()->find('\0') != std::string::npos)
      return InvalidArgument("A text must not contain the character NUL.");
  }
  for (const auto& text : texts) pointers.push_back(text.has_value() ? text->c_str() : nullptr);
  Result result(PQexecParams(connection_.get(), NumberedPlaceholders(sql).c_str(),
                             static_cast<int>(values.size()), types.data(), pointers.data(), nullptr, nullptr,
                             0));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return Failure(result.get());
  return result;
}

absl::StatusOr<std::vector<store::SqlRow>> PostgresConnection::Query(std::string_view sql,
                                                                     const store::SqlValues& values) {
  ASSIGN_OR_RETURN(const Result result, Send(sql, values));
  std::vector<store::SqlRow> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    store::SqlValues columns;
    for (int column = 0; column < PQnfields(result.get()); ++column)
      columns.push_back(ValueOf(result.get(), row, column));
    rows.emplace_back(std::move(columns));
  }
  return rows;
}

absl::StatusOr<int64_t> PostgresConnection::Execute(std::string_view sql, const store::SqlValues& values) {
  ASSIGN_OR_RETURN(const Result result, Send(sql, values));
  return int64_t{std::atoll(PQcmdTuples(result.get()))};
}

absl::Status PostgresConnection::Failure(const PGresult* result) {
  const char* state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  const std::string_view code = state != nullptr ? state : "";
  const char* primary = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
  const std::string message = Line(primary != nullptr ? primary : PQerrorMessage(connection_.get()));
  // SQLSTATE: PostgreSQL documentation, appendix A.
  if (code == "40001" || code == "40P01") {
    conflict_ = true;
    return Aborted("PostgreSQL: ", message, ".");
  }
  if (code == "23505") return AlreadyExists("PostgreSQL: ", message, ".");
  if (code.starts_with("23")) return FailedPrecondition("PostgreSQL: ", message, ".");
  if (!alive() || code.starts_with("08") || code.starts_with("53") || code.starts_with("57"))
    return WithRetryAfter(Unavailable("PostgreSQL: ", message, "."), std::chrono::seconds(1));
  return Internal("PostgreSQL: ", message, ".");
}

}  // namespace starling::sql_postgres
