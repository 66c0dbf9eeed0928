#include "app/commands/models_table.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <string_view>
#include <vector>

#include "base/strings.h"

namespace starling::app {
namespace {

constexpr size_t kColumns = 10;
using Row = std::array<std::string, kColumns>;
constexpr std::array<bool, kColumns> kIsNumber = {false, false, false, false, false,
                                                  true,  true,  true,  true,  false};

std::string StateName(models::v1::ModelState state) {
  std::string name = models::v1::ModelState_Name(state);
  constexpr std::string_view kPrefix = "MODEL_STATE_";
  if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
  for (char& c : name) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

std::string Scaled(int64_t bytes) {
  if (bytes == 0) return "-";
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof(text), value < 10 && unit > 0 ? "%.1f%s" : "%.0f%s", value, kUnits[unit]);
  return text;
}

std::string Ago(int64_t then_ms, std::chrono::system_clock::time_point now) {
  if (then_ms == 0) return "never";
  const int64_t now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const int64_t seconds = std::max<int64_t>(0, (now_ms - then_ms) / 1000);
  if (seconds < 60) return StrCat(seconds, "s");
  if (seconds < 3600) return StrCat(seconds / 60, "m");
  if (seconds < 86400) return StrCat(seconds / 3600, "h");
  return StrCat(seconds / 86400, "d");
}

// Names come from outside: what would move the cursor or split a cell is shown as '?'.
std::string Plain(std::string_view text, bool spaces) {
  if (text.empty()) return "-";
  std::string plain(text);
  for (char& c : plain) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (byte == ' ' && !spaces)) c = '?';
  }
  return plain;
}

size_t Columns(std::string_view text) {
  // Each character once, by its first byte.
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string Cut(std::string line, size_t width) {
  line.erase(line.find_last_not_of(' ') + 1);
  if (width == 0) return line;
  size_t columns = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    if ((static_cast<unsigned char>(line[i]) & 0xc0) == 0x80) continue;
    if (columns++ == width) {
      line.erase(i);
      break;
    }
  }
  return line;
}

}  // namespace

std::string ModelsTable(const models::v1::ListModelsResponse& listed,
                        std::chrono::system_clock::time_point now, size_t width) {
  std::vector<Row> rows = {{"MODEL", "VERSION", "STATE", "ALIASES", "RUNTIME", "REQUESTS", "FAILURES",
                            "MEMORY", "USED", "REASON"}};
  for (const models::v1::Model& model : listed.models()) {
    std::string aliases;
    for (const std::string& alias : model.aliases()) StrAppend(&aliases, aliases.empty() ? "" : ",", alias);
    rows.push_back({Plain(model.name(), false), Plain(model.version(), false), StateName(model.state()),
                    Plain(aliases, false), Plain(model.runtime(), false), StrCat(model.requests()),
                    StrCat(model.failures()), Scaled(model.memory_bytes()), Ago(model.last_used_ms(), now),
                    Plain(model.reason(), true)});
  }
  std::array<size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], Columns(row[i]));
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < kColumns; ++i) {
      const std::string padding(widths[i] - Columns(row[i]), ' ');
      StrAppend(&line, i == 0 ? "" : "  ", kIsNumber[i] ? padding + row[i] : row[i] + padding);
    }
    StrAppend(&text, Cut(std::move(line), width), "\n");
  }
  return text;
}

}  // namespace starling::app
