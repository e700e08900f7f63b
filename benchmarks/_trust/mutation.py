"""Changed files: bytes flipped, lost, doubled, spliced with another file's, and words that readers trip over.

The same seed, reader and number give the same bytes. Not handled: what a reader makes of them (fuzz).
"""

import random
import re
from collections.abc import Callable, Sequence

NUMBERS = (
    *(
        "0",
        "-1",
        "1",
        "00",
        "1e400",
        "-1e-400",
        "1e308",
        "nan",
        "inf",
        "-inf",
        "0x10",
        "1_000",
        "1,5",
        "٣",
        "½",
    ),
    *(
        "2147483648",
        "4294967295",
        "9223372036854775808",
        "9" * 30,
        "9" * 5000,
        "0." + "1" * 400,
        ".",
        "-",
        "+1",
    ),
)
WORDS = (
    *(
        "\0",
        "\ufeff",
        "\u2028",
        "\u2029",
        "\x85",
        "\x1c",
        "\x1b[2J",
        "\u202e",
        "\xa0",
        "\r",
        "\n",
        "\r\n",
        "\t",
        " ",
    ),
    *(
        "\n\n",
        "\n\n\n",
        "\t\t",
        '"',
        "'",
        ",",
        ";",
        ":",
        "\\",
        "#",
        "=",
        "{",
        "}",
        "[",
        "]",
        "{}",
        "[]",
        '""',
        "null",
    ),
    *(
        "true",
        "[" * 100_000,
        "{" + '"a":' * 5000,
        '"\\ud800"',
        "__label__",
        "-DOCSTART-",
        "//",
        "../x",
        "\U0001f40d",
    ),
    *(
        "e\u0301" * 9,
        "x" * 140_000,
        "a " * 4000,
        "<unk>",
        "</s>",
        "$",
        "%s",
        "{0}",
        "NaN",
        "Infinity",
        "1-2",
        "1.1",
    ),
)
RAW = (
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xf5\x80\x80\x80",
    b"\x80",
    b"\xc3",
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"BZh9",
)
WIDE = tuple(
    value.to_bytes(size, "little", signed=True)
    for size in (4, 8)
    for value in (
        -1,
        0,
        1,
        255,
        1 << 16,
        (1 << 31) - 1,
        -(1 << 31),
        *((1 << 62, -(1 << 63)) if size == 8 else ()),
    )
)
_TOKEN = re.compile(rb"-?\d[\d.eE+-]*|\w+|[^\w\s]|\s+")
Change = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def mutated(seeds: Sequence[bytes], draw: random.Random) -> bytes:
    """One of the files after one to eight changes."""
    raw = draw.choice(seeds)
    for _ in range(min(8, 1 + int(draw.expovariate(0.7)))):
        raw = draw.choice(CHANGES)(raw, draw, seeds)
    return raw


def _span(raw: bytes, draw: random.Random) -> tuple[int, int]:
    """A place and one after it, mostly near."""
    start = draw.randrange(len(raw) + 1)
    return start, min(len(raw), start + int(draw.expovariate(1 / 12)) + 1)


def _flip(raw: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    if not raw:
        return raw
    at = draw.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << draw.randrange(8))]) + raw[at + 1 :]


def _byte(raw: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(raw) + 1)
    return raw[:at] + bytes([draw.randrange(256)]) + raw[at + draw.randrange(2) :]


def _cut(raw: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    return raw[: draw.randrange(len(raw) + 1)]


def _lose(raw: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(raw, draw)
    return raw[:start] + raw[end:]


def _double(raw: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(raw, draw)
    return raw[:end] + raw[start:end] * draw.choice((1, 1, 1, 2, 100)) + raw[end:]


def _splice(raw: bytes, draw: random.Random, seeds: Sequence[bytes]) -> bytes:
    other = draw.choice(seeds)
    start, end = _span(other, draw)
    at = draw.randrange(len(raw) + 1)
    return raw[:at] + (other[start:] if draw.random() < 0.3 else other[start:end] + raw[at:])


def _word(raw: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(raw, draw)
    new = draw.choice(RAW) if draw.random() < 0.2 else draw.choice(WORDS).encode()
    return raw[:start] + new + raw[start if draw.random() < 0.6 else end :]


def _number(raw: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """Another number, or integer of 4 or 8 bytes, in the place of some token."""
    if draw.random() < 0.3:
        at, new = draw.randrange(len(raw) + 1), draw.choice(WIDE)
        return raw[:at] + new + raw[at + len(new) :]
    return _replaced(raw, draw, draw.choice(NUMBERS).encode())


def _move(raw: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    """A token in the place of another."""
    found = _TOKEN.findall(raw[:4096])
    return _replaced(raw, draw, draw.choice(found)) if found else raw


def _replaced(raw: bytes, draw: random.Random, new: bytes) -> bytes:
    start = draw.randrange(max(1, len(raw)))
    found = _TOKEN.search(raw, max(0, start - 3))
    return raw[: found.start()] + new + raw[found.end() :] if found else raw + new


CHANGES: tuple[Change, ...] = (_flip, _byte, _cut, _lose, _double, _splice, _word, _number, _move, _move)


def minimised(raw: bytes, fails: Callable[[bytes], bool], tries: int = 400) -> bytes:
    """A shorter file that still fails: pieces are left out, halves first, as long as it does."""
    size = len(raw) // 2
    while size and tries > 0:
        at = 0
        while at < len(raw) and tries > 0:
            shorter, tries = raw[:at] + raw[at + size :], tries - 1
            if fails(shorter):
                raw = shorter
            else:
                at += size
        size //= 2
    return raw
