"""Text from AIS made safe to show: anyone can transmit any ship name."""

import unicodedata

# Zs (space) stays; Cc: control characters, Cf: invisible formatting such as the bidirectional overrides,
# Cs: lone surrogates, which no encoding can write, Zl and Zp: line and paragraph separators.
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def plain(text: object) -> str:
    """`text` as one line of visible characters; what is hidden or controls a terminal becomes a blank."""
    words = str(text)
    if words.isascii() and words.isprintable():
        return words
    return "".join(" " if unicodedata.category(char) in HIDDEN else char for char in words)
