#include "core/http/routing/negotiation.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "base/strings.h"

namespace starling::http {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

// The piece before the next `separator`, which is taken off `rest` too.
std::string_view TakePiece(std::string_view* rest, char separator) {
  const size_t end = std::min(rest->find(separator), rest->size());
  const std::string_view piece = rest->substr(0, end);
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return Trim(piece);
}

bool Same(std::string_view a, std::string_view b) { return absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b)); }

// Whether the weight among `parameters` is zero: "q=0", "q=0.0", "q=0.000".
bool Refuses(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view parameter = TakePiece(&parameters, ';');
    const std::string_view name = TakePiece(&parameter, '=');
    if (Same(name, "q")) return parameter.find_first_not_of("0.") == std::string_view::npos;
  }
  return false;
}

// The most specific item of `list` decides. `specificity` gives 0 for an item that says nothing of what is asked.
template <typename Specificity>
bool Accepts(std::string_view list, Specificity specificity) {
  int best = 0;
  bool accepted = false;
  while (!list.empty()) {
    std::string_view parameters = TakePiece(&list, ',');
    const std::string_view name = TakePiece(&parameters, ';');
    const int found = specificity(name);
    if (found > best) accepted = !Refuses(parameters);
    best = std::max(best, found);
  }
  return accepted;
}

}  // namespace

bool AcceptsType(std::optional<std::string_view> accept, std::string_view type) {
  if (!accept.has_value() || Trim(*accept).empty()) return true;
  const std::string_view group = type.substr(0, type.find('/') + 1);
  return Accepts(*accept, [&](std::string_view item) {
    if (Same(item, type)) return 3;
    if (item.ends_with("/*") && Same(item.substr(0, item.size() - 1), group)) return 2;
    return item == "*/*" ? 1 : 0;
  });
}

bool AcceptsCoding(std::string_view accept_encoding, std::string_view coding) {
  return Accepts(accept_encoding, [&](std::string_view item) {
    return Same(item, coding) ? 2 : item == "*" ? 1 : 0;
  });
}

}  // namespace starling::http
