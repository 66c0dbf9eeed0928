"""Varied texts from a fixed seed: all scripts, emoji, control characters, combining marks, long words, special tokens."""

import random

# One letter range per script, and what else stands in real text. First and last code point.
_SCRIPTS = [
    (0x0041, 0x007A), (0x00C0, 0x024F), (0x0250, 0x02AF), (0x0370, 0x03FF), (0x0400, 0x052F), (0x0530, 0x058F), (0x0590, 0x05FF),
    (0x0600, 0x06FF), (0x0700, 0x074F), (0x0780, 0x07BF), (0x07C0, 0x07FF), (0x0860, 0x08FF), (0x0900, 0x097F), (0x0980, 0x09FF),
    (0x0A00, 0x0A7F), (0x0A80, 0x0AFF), (0x0B00, 0x0B7F), (0x0B80, 0x0BFF), (0x0C00, 0x0C7F), (0x0C80, 0x0CFF), (0x0D00, 0x0D7F),
    (0x0D80, 0x0DFF), (0x0E00, 0x0E7F), (0x0E80, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x10A0, 0x10FF), (0x1100, 0x11FF),
    (0x1200, 0x137F), (0x13A0, 0x13FF), (0x1400, 0x167F), (0x1680, 0x169F), (0x16A0, 0x16FF), (0x1700, 0x173F), (0x1780, 0x17FF),
    (0x1800, 0x18AF), (0x1900, 0x194F), (0x1A20, 0x1AFF), (0x1B00, 0x1B7F), (0x1BC0, 0x1BFF), (0x1C00, 0x1C4F), (0x1E00, 0x1EFF),
    (0x1F00, 0x1FFF), (0x2C00, 0x2C5F), (0x2D30, 0x2D7F), (0x3040, 0x30FF), (0x3100, 0x312F), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xA000, 0xA48F), (0xA4D0, 0xA4FF), (0xA640, 0xA69F), (0xA880, 0xA8DF), (0xAA00, 0xAA5F), (0xABC0, 0xABFF), (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF), (0xFB00, 0xFB4F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF), (0xFF00, 0xFFEF), (0x10000, 0x100FF), (0x10330, 0x1034F),
    (0x10400, 0x1044F), (0x10900, 0x1091F), (0x11000, 0x1107F), (0x11300, 0x1137F), (0x118A0, 0x118FF), (0x11900, 0x1195F),
    (0x12000, 0x123FF), (0x13000, 0x1345F), (0x16F00, 0x16F9F), (0x1D400, 0x1D7FF), (0x1E900, 0x1E95F), (0x20000, 0x2A6DF),
    (0x2A700, 0x2B81F), (0x2B820, 0x2CEAF), (0x2F800, 0x2FA1F), (0x30000, 0x3134F),
]  # fmt: skip
_MARKS = [(0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05BD), (0x064B, 0x065F), (0x1AB0, 0x1ACE), (0x1DC0, 0x1DFF), (0x20D0, 0x20F0),
          (0x302A, 0x302F), (0x3099, 0x309A), (0xFE20, 0xFE2F), (0x1D165, 0x1D172), (0x16FF0, 0x16FF1), (0x1B44, 0x1B44)]  # fmt: skip
_SYMBOLS = [(0x0021, 0x007E), (0x00A1, 0x00BF), (0x2010, 0x205E), (0x20A0, 0x20C0), (0x2100, 0x214F), (0x2190, 0x23FF), (0x2500, 0x27BF),
            (0x2E00, 0x2E5D), (0x3000, 0x303F), (0xFE10, 0xFE6F)]  # fmt: skip
_EMOJI = [(0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x1FA70, 0x1FAFF), (0x1F1E6, 0x1F1FF), (0x2600, 0x27BF)]
_INVISIBLE = [(0x0000, 0x0020), (0x007F, 0x00A0), (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x180B, 0x180F), (0x2000, 0x200F),
              (0x2028, 0x202F), (0x205F, 0x2064), (0x2066, 0x206F), (0x3000, 0x3000), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFD),
              (0xE000, 0xE0FF), (0xE0001, 0xE007F), (0xE0100, 0xE01EF), (0x10FFFE, 0x10FFFF)]  # fmt: skip
_SPECIAL = ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "[sep]", "[ SEP ]", "[[SEP]]", "[SEP", "[MASK][MASK]", "a[SEP]b", "[unused0]", "##ing", "##"]
_CASES = [
    "", " ", "\t\r\n", "\u200b", "\ufeff", "ΑΣ ΑΣΑ ΟΔΥΣΣΕΥΣ", "İstanbul ISPARTA ıi", "Straße STRASSE ẞ", "ﬁ ﬂ ﬃ ﬅ", "ǅ ǆ Ǆ", "한국어 조선", "각 각", "Å Å Å",
    "don't can't it's o'clock", "e-mail@example.org https://example.org/a?b=c&d=e#f", "naïve café résumé coöperate", "３５％ ＡＢＣ", "1,234.56 $5.00 50%",
    "👨‍👩‍👧‍👦 👍🏽 🇩🇪 ❤️ ☺", "q\u0323\u0307 q\u0307\u0323", "a\u302e\U0001d165b", "\U0001d165\u302e", "㍿ ㎏ ① ½", "̈ ́", "a" * 100, "a" * 101, "é" * 100, "é" * 101,
    "e\u0301" * 100, "日" * 300, "한" * 60, "word " * 400, "a\x00b\ufffdc", "ÀÉÎÕÜ", "Ḍ̇", "ཱི", "ⅷ Ⓐ", "\U0001F600" * 120, "…—–‘’“”", "~`^$+=<>|",
]  # fmt: skip


def _character(rng, ranges):
    first, last = rng.choice(ranges)
    return chr(rng.randint(first, last))


def _word(rng, script, words):
    kind = rng.random()
    if kind < 0.30:
        word = rng.choice(words)
        return rng.choice([word, word.upper(), word.capitalize(), word + rng.choice(words)])
    if kind < 0.70:
        return "".join(_character(rng, script) for _ in range(rng.randint(1, 12)))
    if kind < 0.80:
        return "".join(_character(rng, script) + _character(rng, _MARKS) * rng.randint(0, 2) for _ in range(rng.randint(1, 6)))
    if kind < 0.86:
        return "".join(_character(rng, _EMOJI) + rng.choice(["", "\ufe0f", "\u200d", "\U0001f3fd"]) for _ in range(rng.randint(1, 4)))
    if kind < 0.92:
        return "".join(_character(rng, _SYMBOLS) for _ in range(rng.randint(1, 4)))
    if kind < 0.95:
        return rng.choice(_SPECIAL)
    if kind < 0.97:
        return _character(rng, script) * rng.randint(95, 105)
    return "".join(_character(rng, _INVISIBLE) + rng.choice(words) for _ in range(rng.randint(1, 3)))


def _text(rng, words):
    if rng.random() < 0.05:
        # Any code points whatever.
        return "".join(_character(rng, [(0, 0xD7FF), (0xE000, 0x10FFFF)]) for _ in range(rng.randint(0, 60)))
    scripts = [rng.choice(_SCRIPTS) for _ in range(rng.randint(1, 3))]
    count = rng.randint(1, 400) if rng.random() < 0.02 else rng.randint(1, 25)
    separators = [" ", " ", " ", " ", "", "  ", "\n", "\u00a0", "\u3000", ", ", "."]
    return "".join(_word(rng, [rng.choice(scripts)], words) + rng.choice(separators) for _ in range(count))


def varied_texts(count, words, seed=1):
    """`words` are plain words of the vocabulary, so that most of a text is known to it."""
    rng = random.Random(seed)
    return _CASES + [_text(rng, words) for _ in range(count - len(_CASES))]
