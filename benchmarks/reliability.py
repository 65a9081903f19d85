"""What scores say against what was true, as bins and as a drawing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template

Pairs = Sequence[tuple[float, bool]]
COLOURS = {"sts": "#3a86c8", "port_relay": "#d9772b", "chain": "#4f9d5b"}
SIDE, LEFT, TOP, GAP = 220, 52, 44, 56
# Text and lines by the reader's own scheme; curves in tones that read on both.
SVG = Template("""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $width $height" role="img"
 font-family="sans-serif" font-size="12">
<title>Reliability of scores on simulated worlds</title>
<style>
.ink { fill: #333 } .line { stroke: #999 } .even { stroke: #777 }
@media (prefers-color-scheme: dark) { .ink { fill: #ddd } .line { stroke: #888 } .even { stroke: #aaa } }
</style>
$panels
</svg>
""")


@dataclass(frozen=True)
class Bin:
    """Links whose scores lie in one fifth: how many, what they say, the share true with a 95 % interval."""

    n: int
    said: float
    true: float
    low: float
    high: float


def bins(pairs: Pairs, n_bins: int = 5) -> list[Bin]:
    """The fifths that hold links; intervals are Wilson's (1927)."""
    out = []
    for number in range(n_bins):
        inner = [pair for pair in pairs if min(n_bins - 1, int(pair[0] * n_bins)) == number]
        if not inner:
            continue
        n, share = len(inner), sum(y for _, y in inner) / len(inner)
        z = 1.96
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        out.append(
            Bin(n, sum(p for p, _ in inner) / n, share, max(0.0, middle - half), min(1.0, middle + half))
        )
    return out


def drawing(curves: Mapping[str, Pairs]) -> str:
    """An SVG with a panel for each pattern: what links of a fifth said, and the share that was true."""
    panels = [
        _panel(name, bins(pairs), LEFT + n * (SIDE + GAP)) for n, (name, pairs) in enumerate(curves.items())
    ]
    width = LEFT + len(panels) * (SIDE + GAP)
    return SVG.substitute(width=width, height=TOP + SIDE + 48, panels="\n".join(panels))


def _panel(name: str, fifths: Sequence[Bin], left: int) -> str:
    def at(x: float, y: float) -> str:
        return f"{left + x * SIDE:.1f} {TOP + (1 - y) * SIDE:.1f}"

    colour = COLOURS.get(name, "#888")
    n = sum(fifth.n for fifth in fifths)
    parts = [
        f'<text class="ink" x="{left}" y="{TOP - 14}">{name}, {n:,} links</text>',
        f'<path class="line" fill="none" d="M {at(0, 1)} L {at(0, 0)} L {at(1, 0)}"/>',
        f'<path class="even" stroke-dasharray="4 4" d="M {at(0, 0)} L {at(1, 1)}"/>',
        f'<text class="ink" x="{left}" y="{TOP + SIDE + 34}">score said (dashed: as true as said)</text>',
    ]
    for tick in (0.0, 0.5, 1.0):
        x, y = at(tick, 0).split()
        parts.append(
            f'<text class="ink" x="{x}" y="{float(y) + 16:.1f}" text-anchor="middle">{tick:g}</text>'
        )
        x, y = at(0, tick).split()
        x, y = f"{float(x) - 6:.1f}", f"{float(y) + 4:.1f}"
        parts.append(f'<text class="ink" x="{x}" y="{y}" text-anchor="end">{tick:g}</text>')
    x, y = at(0, 0.5).split()
    parts.append(
        f'<text class="ink" text-anchor="middle" transform="translate({float(x) - 34:.1f} {y}) rotate(-90)">'
        "share true</text>"
    )
    for fifth in fifths:
        parts.append(
            f'<path stroke="{colour}" d="M {at(fifth.said, fifth.low)} L {at(fifth.said, fifth.high)}"/>'
        )
        x, y = at(fifth.said, fifth.true).split()
        parts.append(f'<circle fill="{colour}" cx="{x}" cy="{y}" r="4"/>')
    if fifths:
        way = " L ".join(at(fifth.said, fifth.true) for fifth in fifths)
        parts.append(f'<path fill="none" stroke="{colour}" stroke-width="2" d="M {way}"/>')
    return "\n".join(parts)
