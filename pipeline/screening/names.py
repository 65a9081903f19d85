"""Names of ships, made comparable, and how alike two of them are.

Two names are compared without accents, blanks and punctuation, Cyrillic spelled out in Latin. Their numbers
must be the same (ARK II is not ARK III). The likeness is `rapidfuzz.fuzz.ratio` as a share: 1 less insertions
and deletions that turn one into the other, against both lengths (https://rapidfuzz.github.io/RapidFuzz/).
"""

import re
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from rapidfuzz import fuzz, process

from pipeline.destinations import latin

WORD = re.compile(r"[A-Z]+|\d+")
# What crews and lists put before a name: motor vessel, motor tanker, steam ship, fishing vessel.
PREFIXES = {"MV", "MT", "MS", "SS", "FV"}
ROMAN = {"II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6", "VII": "7", "VIII": "8", "IX": "9", "X": "10"}
FEWEST_LETTERS = 3
# So many names of a list are held against all of one length at once; bounds the memory, changes no result.
CHUNK = 256


def comparable(name: str) -> str:
    """A name as it is compared: Latin capitals and digits; empty where that leaves too little to go by."""
    words = WORD.findall(latin(name))
    if len(words) > 2 and words[0] + words[1] in PREFIXES and len(words[0]) == 1:
        words = words[2:]
    elif len(words) > 1 and words[0] in PREFIXES:
        words = words[1:]
    # A single V or X in front is a letter, at the end a number.
    words = [
        ROMAN.get(word, word) if place and (len(word) > 1 or place == len(words) - 1) else word
        for place, word in enumerate(words)
    ]
    joined = "".join(words)
    return joined if sum(map(str.isalpha, joined)) >= FEWEST_LETTERS else ""


def numbers_in(name: str) -> str:
    """The numbers of a comparable name, in order."""
    return ",".join(re.findall(r"\d+", name))


def alike(
    listed: Iterable[str], sent: Iterable[str], *, least: float, fuzzy_letters: int, threads: int = 0
) -> list[tuple[str, str, float]]:
    """Pairs of comparable names, one from each side, at least so alike (0 to 1); sorted.

    Names with fewer letters than `fuzzy_letters` must be equal. Every pair is compared
    that could reach `least`; names with other numbers, or of lengths too far apart, cannot.
    """
    ours, theirs = set(sent) - {""}, set(listed) - {""}
    pairs = [(name, name, 1.0) for name in ours & theirs]
    long_ours = _by_shape(name for name in ours if sum(map(str.isalpha, name)) >= fuzzy_letters)
    long_theirs = _by_shape(name for name in theirs if sum(map(str.isalpha, name)) >= fuzzy_letters)
    cutoff = 100 * least
    for (numbers, length), names in sorted(long_theirs.items()):
        choices = [
            name
            for (other_numbers, other_length), others in long_ours.items()
            if other_numbers == numbers
            and abs(length - other_length) <= (1 - least) * (length + other_length)
            for name in others
        ]
        for start in range(0, len(names) if choices else 0, CHUNK):
            chunk = names[start : start + CHUNK]
            scores = process.cdist(
                chunk,
                choices,
                scorer=fuzz.ratio,
                score_cutoff=cutoff,
                dtype=np.float32,
                workers=threads or -1,
            )
            pairs += [
                (chunk[i], choices[j], round(fuzz.ratio(chunk[i], choices[j]) / 100, 4))
                for i, j in zip(*np.nonzero(scores), strict=True)
                if chunk[i] != choices[j]
            ]
    return sorted(pairs)


def _by_shape(names: Iterable[str]) -> dict[tuple[str, int], list[str]]:
    """Names by their numbers and length, each list sorted."""
    shapes: dict[tuple[str, int], list[str]] = defaultdict(list)
    for name in sorted(names):
        shapes[numbers_in(name), len(name)].append(name)
    return shapes
