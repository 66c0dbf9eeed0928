#include "services/registry/search.h"

#include <charconv>
#include <utility>

#include "base/status.h"

namespace starling::registry {
namespace {

constexpr std::string_view kTokenPrefix = "at-";

std::string TableOf(const Searched& searched, Kind kind) {
  return std::string(kind == Kind::kTag     ? searched.tags
                     : kind == Kind::kParam ? searched.params
                                            : searched.metrics);
}

class Builder {
 public:
  Builder(const Searched& searched, std::string where, store::SqlValues values)
      : searched_(searched), sql_(" WHERE " + std::move(where)), values_(std::move(values)) {}

  absl::Status Add(const Comparison& comparison) {
    sql_.append(" AND ");
    if (comparison.kind == Kind::kAttribute) {
      ASSIGN_OR_RETURN(const Column column, ColumnOf(comparison.key));
      return Compare(std::string(column.sql), column.is_number, comparison);
    }
    ASSIGN_OR_RETURN(const std::string table, KnownTable(comparison.kind));
    Comparison inner = comparison;
    const bool differs = comparison.op == "!=" && searched_.without_tag_differs;
    if (differs) inner.op = "=";
    StrAppend(&sql_, differs ? "NOT " : "", "EXISTS (SELECT 1 FROM ", table, " t WHERE ", Joined("t"),
              " AND t.tag = ?");
    values_.emplace_back(comparison.key);
    sql_.append(" AND ");
    RETURN_IF_ERROR(Compare("t.value", comparison.kind == Kind::kMetric, inner));
    sql_.append(")");
    return absl::OkStatus();
  }

  absl::Status Sort(const std::vector<std::string>& order_by) {
    sql_.append(" ORDER BY ");
    for (const std::string& text : order_by) {
      ASSIGN_OR_RETURN(const Order order, ParseOrder(text));
      std::string by;
      if (order.kind == Kind::kAttribute) {
        ASSIGN_OR_RETURN(const Column column, ColumnOf(order.key));
        by = column.sql;
      } else {
        ASSIGN_OR_RETURN(const std::string table, KnownTable(order.kind));
        by = StrCat("(SELECT t.value FROM ", table, " t WHERE ", Joined("t"), " AND t.tag = ?)");
        // Twice: what has none comes last either way.
        StrAppend(&sql_, "CASE WHEN ", by, " IS NULL THEN 1 ELSE 0 END, ");
        values_.emplace_back(order.key);
        values_.emplace_back(order.key);
      }
      StrAppend(&sql_, by, order.descending ? " DESC, " : " ASC, ");
    }
    sql_.append(searched_.then);
    return absl::OkStatus();
  }

  std::string TakeSql() { return std::move(sql_); }
  store::SqlValues TakeValues() { return std::move(values_); }

 private:
  absl::StatusOr<Column> ColumnOf(std::string_view name) const {
    std::string known;
    for (const Column& column : searched_.columns) {
      if (column.name == name) return column;
      StrAppend(&known, known.empty() ? "" : ", ", column.name);
    }
    return InvalidArgument("There is nothing called '", name, "' to search here; there are ", known, ".");
  }

  absl::StatusOr<std::string> KnownTable(Kind kind) const {
    std::string table = TableOf(searched_, kind);
    if (table.empty()) return InvalidArgument("Params and metrics can be searched in runs only.");
    return table;
  }

  std::string Joined(std::string_view inner) const {
    std::string sql;
    for (const std::string_view column : searched_.join) {
      StrAppend(&sql, sql.empty() ? "" : " AND ", inner, ".", column.substr(0, column.find('=')), " = ",
                searched_.table, ".",
                column.substr(column.find('=') == std::string_view::npos ? 0 : column.find('=') + 1));
    }
    return sql;
  }

  absl::Status Compare(const std::string& column, bool is_number, const Comparison& comparison) {
    const std::string& op = comparison.op;
    for (const auto& value : comparison.values) {
      if (is_number != std::holds_alternative<double>(value))
        return InvalidArgument("'", comparison.key, "' is compared with ",
                               is_number ? "numbers." : "texts in quotes.");
    }
    if (op == "LIKE" || op == "ILIKE") {
      if (is_number) return InvalidArgument("LIKE is for texts; '", comparison.key, "' is a number.");
      const bool any_case = op == "ILIKE";
      StrAppend(&sql_, any_case ? "LOWER(" : "", column, any_case ? ") LIKE LOWER(?)" : " LIKE ?",
                " ESCAPE '\\'");
      values_.emplace_back(store::EscapeLikeBackslashes(std::get<std::string>(comparison.values[0])));
      return absl::OkStatus();
    }
    if (!is_number && op != "=" && op != "!=" && op != "IN" && op != "NOT IN")
      return InvalidArgument("'", comparison.key, "' is a text: it takes =, !=, LIKE, ILIKE, IN and NOT IN.");
    StrAppend(&sql_, column, " ", op == "!=" ? "<>" : op, " ");
    if (op == "IN" || op == "NOT IN") sql_.append("(");
    for (size_t i = 0; i < comparison.values.size(); ++i) {
      sql_.append(i == 0 ? "?" : ", ?");
      if (is_number) {
        values_.emplace_back(std::get<double>(comparison.values[i]));
      } else {
        values_.emplace_back(std::get<std::string>(comparison.values[i]));
      }
    }
    if (op == "IN" || op == "NOT IN") sql_.append(")");
    return absl::OkStatus();
  }

  const Searched& searched_;
  std::string sql_;
  store::SqlValues values_;
};

absl::StatusOr<int64_t> OffsetOf(std::string_view token) {
  if (token.empty()) return 0;
  int64_t offset = 0;
  const std::string_view digits = token.starts_with(kTokenPrefix) ? token.substr(kTokenPrefix.size()) : "";
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || offset < 0)
    return InvalidArgument("The page token is none that was given here.");
  return offset;
}

}  // namespace

absl::StatusOr<Search> MakeSearch(const Searched& searched, std::string where, store::SqlValues values,
                                  std::string_view filter, const std::vector<std::string>& order_by,
                                  int64_t limit, std::string_view page_token) {
  Builder builder(searched, std::move(where), std::move(values));
  ASSIGN_OR_RETURN(const auto comparisons, ParseFilter(filter));
  for (const Comparison& comparison : comparisons) RETURN_IF_ERROR(builder.Add(comparison));
  RETURN_IF_ERROR(builder.Sort(order_by));
  Search search;
  ASSIGN_OR_RETURN(search.offset, OffsetOf(page_token));
  search.limit = limit;
  search.sql = builder.TakeSql() + " LIMIT ? OFFSET ?";
  search.values = builder.TakeValues();
  search.values.emplace_back(limit + 1);
  search.values.emplace_back(search.offset);
  return search;
}

std::string InList(const google::protobuf::RepeatedPtrField<std::string>& ids, store::SqlValues* values) {
  std::string list;
  for (const std::string& id : ids) {
    list += list.empty() ? " IN (?" : ", ?";
    values->emplace_back(id);
  }
  return list + ")";
}

std::string NextPage(const Search& search, std::vector<store::SqlRow>* rows) {
  if (static_cast<int64_t>(rows->size()) <= search.limit) return "";
  rows->erase(rows->begin() + search.limit, rows->end());
  return StrCat(kTokenPrefix, search.offset + search.limit);
}

}  // namespace starling::registry
