#include "services/registry/filter.h"

#include <charconv>
#include <optional>
#include <utility>

#include "base/status.h"

namespace starling::registry {
namespace {

constexpr size_t kMaxComparisons = 50;
constexpr size_t kMaxValues = 1000;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsWordChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '/' || static_cast<unsigned char>(c) >= 0x80;
}
std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

std::optional<Kind> KindOf(std::string_view word) {
  const std::string name = Upper(word);
  if (name == "TAG" || name == "TAGS") return Kind::kTag;
  if (name == "PARAM" || name == "PARAMS" || name == "PARAMETER" || name == "PARAMETERS") return Kind::kParam;
  if (name == "METRIC" || name == "METRICS") return Kind::kMetric;
  if (name == "ATTRIBUTE" || name == "ATTRIBUTES" || name == "ATTR" || name == "RUN") return Kind::kAttribute;
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool AtEnd() {
    Skip();
    return at_ == text_.size();
  }

  absl::Status Wrong(std::string_view expected) const {
    return InvalidArgument("The search is wrong at character ", at_ + 1, ": ", expected, " is expected.");
  }

  // A word of the grammar, if it is next.
  bool Take(std::string_view word) {
    Skip();
    if (Upper(text_.substr(at_, word.size())) != word) return false;
    const size_t end = at_ + word.size();
    if (IsWordChar(word.back()) && end < text_.size() && IsWordChar(text_[end])) return false;
    at_ = end;
    return true;
  }

  absl::StatusOr<std::pair<Kind, std::string>> Name() {
    ASSIGN_OR_RETURN(std::string first, Key());
    if (at_ >= text_.size() || text_[at_] != '.') return std::pair(Kind::kAttribute, std::move(first));
    const auto kind = KindOf(first);
    // A dot may belong to the key of a word: `tags.mlflow.user`.
    if (!kind.has_value()) return Wrong("tags, params, metrics or attributes before the dot");
    ++at_;
    ASSIGN_OR_RETURN(std::string key, Key());
    while (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      ASSIGN_OR_RETURN(const std::string more, Key());
      StrAppend(&key, ".", more);
    }
    return std::pair(*kind, std::move(key));
  }

  absl::StatusOr<std::variant<std::string, double>> Value() {
    Skip();
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return Quoted(text_[at_]);
    double number = 0;
    const char* begin = text_.data() + at_;
    if (at_ < text_.size() && *begin == '+') return Wrong("a value");
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (error != std::errc() || (end < text_.data() + text_.size() && IsWordChar(*end)))
      return Wrong("a value, which is a number or a text in quotes,");
    at_ += static_cast<size_t>(end - begin);
    return number;
  }

  absl::StatusOr<std::string> Operator() {
    for (const std::string_view op : {"!=", "<=", ">=", "=", "<", ">", "LIKE", "ILIKE", "IN"}) {
      if (Take(op)) return std::string(op);
    }
    if (Take("NOT")) {
      if (Take("IN")) return std::string("NOT IN");
      return Wrong("IN");
    }
    return Wrong("an operator (= != < <= > >= LIKE ILIKE IN)");
  }

 private:
  void Skip() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  absl::StatusOr<std::string> Key() {
    Skip();
    if (at_ < text_.size() && (text_[at_] == '`' || text_[at_] == '"')) return Quoted(text_[at_]);
    const size_t begin = at_;
    while (at_ < text_.size() && IsWordChar(text_[at_])) ++at_;
    if (begin == at_) return Wrong("a name");
    return std::string(text_.substr(begin, at_ - begin));
  }

  absl::StatusOr<std::string> Quoted(char quote) {
    std::string out;
    size_t at = at_ + 1;
    while (true) {
      if (at >= text_.size()) return Wrong("the end of the quoted text that begins here");
      if (text_[at] != quote) {
        out.push_back(text_[at++]);
      } else if (at + 1 < text_.size() && text_[at + 1] == quote) {
        out.push_back(quote);
        at += 2;
      } else {
        at_ = at + 1;
        return out;
      }
    }
  }

  const std::string_view text_;
  size_t at_ = 0;
};

absl::StatusOr<Comparison> ParseComparison(Parser& parser) {
  Comparison comparison;
  ASSIGN_OR_RETURN(auto name, parser.Name());
  comparison.kind = name.first;
  comparison.key = std::move(name.second);
  ASSIGN_OR_RETURN(comparison.op, parser.Operator());
  if (comparison.op != "IN" && comparison.op != "NOT IN") {
    ASSIGN_OR_RETURN(auto value, parser.Value());
    comparison.values.push_back(std::move(value));
    return comparison;
  }
  if (!parser.Take("(")) return parser.Wrong("'('");
  do {
    if (comparison.values.size() >= kMaxValues)
      return InvalidArgument("A list in a search has at most ", kMaxValues, " values.");
    ASSIGN_OR_RETURN(auto value, parser.Value());
    comparison.values.push_back(std::move(value));
  } while (parser.Take(","));
  if (!parser.Take(")")) return parser.Wrong("')'");
  return comparison;
}

}  // namespace

absl::StatusOr<std::vector<Comparison>> ParseFilter(std::string_view filter) {
  Parser parser(filter);
  std::vector<Comparison> comparisons;
  if (parser.AtEnd()) return comparisons;
  while (true) {
    if (comparisons.size() >= kMaxComparisons)
      return InvalidArgument("A search has at most ", kMaxComparisons, " comparisons.");
    ASSIGN_OR_RETURN(auto comparison, ParseComparison(parser));
    comparisons.push_back(std::move(comparison));
    if (parser.AtEnd()) return comparisons;
    if (!parser.Take("AND")) return parser.Wrong("AND");
  }
}

absl::StatusOr<Order> ParseOrder(std::string_view order) {
  Parser parser(order);
  Order parsed;
  ASSIGN_OR_RETURN(auto name, parser.Name());
  parsed.kind = name.first;
  parsed.key = std::move(name.second);
  if (parser.Take("DESC")) {
    parsed.descending = true;
  } else {
    (void)parser.Take("ASC");
  }
  if (!parser.AtEnd()) return parser.Wrong("ASC, DESC or the end");
  return parsed;
}

}  // namespace starling::registry
