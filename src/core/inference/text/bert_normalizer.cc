#include "core/inference/text/bert_normalizer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "core/inference/text/unicode.h"

namespace starling::inference {
namespace {

// What to do with an ASCII byte. Letters and digits are copied, in lower case when asked for.
enum class Ascii : uint8_t { kCopy, kSeparate, kPunctuation, kRemove };

constexpr std::array<Ascii, 128> MakeAsciiTable() {
  std::array<Ascii, 128> table{};
  for (int c = 0; c < 128; ++c) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      table[c] = Ascii::kSeparate;
    } else if (c < ' ' || c == 0x7F) {
      table[c] = Ascii::kRemove;
    } else {
      table[c] = alphanumeric ? Ascii::kCopy : Ascii::kPunctuation;
    }
  }
  return table;
}

constexpr std::array<Ascii, 128> kAscii = MakeAsciiTable();

constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Takes code points in text order and appends them to the words in canonical order.
class Writer {
 public:
  Writer(bool lowercase, std::string* words) : lowercase_(lowercase), words_(*words) {}
  ~Writer() { Flush(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void PutAscii(char c) {
    const Ascii kind = kAscii[static_cast<size_t>(c)];
    if (kind != Ascii::kRemove) Flush();
    switch (kind) {
      case Ascii::kCopy:
        words_.push_back(lowercase_ ? Lower(c) : c);
        return;
      case Ascii::kSeparate:
        words_.push_back(' ');
        return;
      case Ascii::kPunctuation:
        words_.append({' ', c, ' '});
        return;
      case Ascii::kRemove:
        return;
    }
  }

  void Put(char32_t code_point) {
    if (IsRemovedByCleaning(code_point)) return;
    if (IsWhitespace(code_point)) return Separate();
    const bool alone = IsChineseCharacter(code_point);
    if (alone) Separate();
    if (lowercase_) {
      PutDecomposed(code_point);
    } else {
      Append(code_point);
    }
    if (alone) Separate();
  }

 private:
  struct Mark {
    int combining_class;
    size_t position;
    char32_t code_point;
  };

  void Separate() {
    Flush();
    words_.push_back(' ');
  }

  void PutDecomposed(char32_t code_point) {
    char32_t parts[kMaxDecomposition];
    const size_t count = Decompose(code_point, parts);
    for (size_t i = 0; i < count; ++i) {
      // Without those that are stripped, the others keep their order among themselves.
      if (IsNonspacingMark(parts[i])) {
        if (CombiningClass(parts[i]) == 0) Flush();
        continue;
      }
      const int combining_class = CombiningClass(parts[i]);
      if (combining_class == 0) {
        Flush();
        Append(ToLower(parts[i]));
      } else {
        marks_.push_back({combining_class, marks_.size(), parts[i]});
      }
    }
  }

  // Marks that follow one starter are ordered by their class and keep their order within it (The Unicode Standard,
  // section 3.11, D109).
  void Flush() {
    if (marks_.empty()) return;
    std::sort(marks_.begin(), marks_.end(), [](const Mark& a, const Mark& b) {
      return a.combining_class != b.combining_class ? a.combining_class < b.combining_class
                                                    : a.position < b.position;
    });
    for (const Mark& mark : marks_) Append(ToLower(mark.code_point));
    marks_.clear();
  }

  void Append(char32_t code_point) {
    const bool alone = IsPunctuation(code_point);
    if (alone) words_.push_back(' ');
    AppendUtf8(code_point, &words_);
    if (alone) words_.push_back(' ');
  }

  const bool lowercase_;
  std::string& words_;
  std::vector<Mark> marks_;
};

}  // namespace

void BertNormalizer::AppendWords(std::string_view text, std::string* words) const {
  Writer writer(lowercase_, words);
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      writer.PutAscii(text[i++]);
      continue;
    }
    char32_t code_point = 0;
    i += DecodeUtf8(text.substr(i), &code_point);
    writer.Put(code_point);
  }
}

}  // namespace starling::inference
