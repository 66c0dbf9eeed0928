#include "services/registry/names.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/status.h"
#include "core/http/edge/caller.h"
#include "core/store/blobs.h"

namespace starling::registry {
namespace {

constexpr std::array<std::string_view, 10> kSchemes = {
    "mlflow-artifacts", "runs", "models", "s3", "gs", "abfss", "wasbs", "hdfs", "https", "http"};

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

absl::Status CheckModelName(std::string_view name) {
  if (name.find_first_of("/:") != std::string_view::npos)
    return InvalidArgument("The name of a model must not contain '/' or ':'.");
  return absl::OkStatus();
}

absl::Status CheckAlias(std::string_view alias) {
  const bool plain = std::all_of(alias.begin(), alias.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
  if (!plain) return InvalidArgument("An alias consists of letters, digits, '_' and '-'.");
  std::string lower(alias);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == "latest" || (lower.starts_with("v") && IsDigits(std::string_view(lower).substr(1))))
    return InvalidArgument("'", alias, "' can't be an alias: clients take it for a version.");
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ParseVersion(std::string_view version) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
  if (error != std::errc() || end != version.data() + version.size() || number < 1)
    return InvalidArgument("A version is a whole number from 1 on.");
  return number;
}

absl::Status CheckSource(std::string_view source) {
  const size_t colon = source.find(':');
  const std::string_view scheme = source.substr(0, colon == std::string_view::npos ? 0 : colon);
  if (std::find(kSchemes.begin(), kSchemes.end(), scheme) == kSchemes.end()) {
    return InvalidArgument(
        "The source of a version must be in a store: upload the files as artifacts (mlflow-artifacts:/...) "
        "or "
        "name an object store. Paths and file: would be read on another machine.");
  }
  std::string_view path = source.substr(colon + 1);
  path = path.substr(0, path.find('?'));
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  // Whoever decodes it later, and how often: it must not lead elsewhere.
  std::string current(path);
  while (true) {
    const absl::Status fine = store::CheckBlobKey(current);
    if (!fine.ok()) return InvalidArgument("The source of a version leads out of its store. ", Message(fine));
    const auto decoded = http::PercentDecode(current, false);
    if (!decoded.has_value() || *decoded == current) return absl::OkStatus();
    current = *decoded;
  }
}

}  // namespace starling::registry
