"""Spans written as tags of single words: IOB1, BIO (IOB2) and BIOES, and the one decoder that reads them all.

iob1   I-X inside; B-X only where a span follows one of its own type at once (CoNLL-2003's files)
bio    B-X begins a span, I-X continues it
bioes  B-X begins, I-X continues, E-X ends a span of two words or more; S-X is one of one word

O is outside; X may be missing (B, I). Not handled: spans that overlap or have gaps.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from seqkit.core.errors import FormatError, OptionError
from seqkit.core.types import Array

SCHEMES = {"iob1": "BI", "bio": "BI", "bioes": "BIES"}
_TAG = re.compile(r"O|([BIES])(?:-(.+))?")


class Span(NamedTuple):
    """Words start … end - 1 are one `kind`."""

    kind: str
    start: int
    end: int


def spans(tags: Sequence[str]) -> list[Span]:
    """The spans of a sentence, as conlleval finds them.

    A word begins a span if its tag is B or S, if its type differs from that of the word before, or if the
    word before was outside or an end (E, S). So every sequence of tags has one reading.
    Raises:  FormatError (kind "tag", value: the tag) for text that is no tag.

    >>> spans(["I-PER", "I-PER", "B-PER", "O", "S-LOC"])
    [Span(kind='PER', start=0, end=2), Span(kind='PER', start=2, end=3), Span(kind='LOC', start=4, end=5)]
    """
    found: list[Span] = []
    before, kind, start = "O", "", 0
    for i, tag in enumerate([*tags, "O"]):
        prefix, this = _split(tag)
        begins = prefix != "O" and (prefix in "BS" or before in "OES" or this != kind)
        if before != "O" and (begins or prefix == "O"):
            found.append(Span(kind, start, i))
        if begins:
            start = i
        before, kind = prefix, this
    return found


def write(found: Iterable[Span], length: int, scheme: str) -> list[str]:
    """The tags of spans in a sentence of `length` words.

    >>> write([Span("PER", 0, 2), Span("PER", 2, 3)], 4, "iob1")
    ['I-PER', 'I-PER', 'B-PER', 'O']
    """
    _check(scheme)
    tags, last = ["O"] * length, Span("", -1, -1)
    for span in sorted(found, key=lambda one: one.start):
        ending = f"-{span.kind}" if span.kind else ""
        tags[span.start : span.end] = ["I" + ending] * (span.end - span.start)
        if scheme != "iob1" or (last.end == span.start and last.kind == span.kind):
            tags[span.start] = "B" + ending
        if scheme == "bioes":
            tags[span.end - 1] = ("S" if span.end - span.start == 1 else "E") + ending
        last = span
    return tags


def convert(tags: Sequence[str], scheme: str) -> list[str]:
    """The same spans in another scheme; ill-formed tags are read as `spans` says.

    >>> convert(["I-PER", "I-PER", "O"], "bioes")
    ['B-PER', 'E-PER', 'O']
    """
    return write(spans(tags), len(tags), scheme)


def detect(rows: Iterable[Sequence[str]]) -> str | None:
    """The scheme of sentences of tags; None if the tags are plain labels.

    BIOES has E or S. In IOB1 more spans that follow no span of their type begin with I than with B
    (CoNLL-2003 has two of the latter); else it is BIO.
    Raises:  FormatError (kind "tag", value: the tag) for a tag of no scheme among O and tags of spans.
    """
    seen: set[str] = set()
    openings = {"I": 0, "B": 0}
    for tags in rows:
        before, kind = "O", ""
        for tag in tags:
            seen.add(tag)
            matched = _TAG.fullmatch(tag)
            prefix, this = (matched[1] or "O", matched[2] or "") if matched else ("O", "")
            if prefix in openings and (before == "O" or this != kind):
                openings[prefix] += 1
            before, kind = prefix, this
    others = sorted(tag for tag in seen if not _TAG.fullmatch(tag))
    typed = sorted(tag for tag in seen - set(others) if "-" in tag)
    if others:
        if "O" in seen and typed:
            raise FormatError(
                f"tags: got {others[0]!r} among {typed[0]!r} and O, expected O, B-TYPE, I-TYPE, E-TYPE or "
                "S-TYPE. Choose the scheme plain to allow any label.",
                value=others[0],
                kind="tag",
            )
        return None
    if not seen - {"O"}:
        return None
    return (
        "bioes" if any(tag[0] in "ES" for tag in seen) else "iob1" if openings["I"] > openings["B"] else "bio"
    )


def allowed(labels: Sequence[str], scheme: str) -> tuple[Array, Array, Array]:
    """Which labels may begin a sentence (C,), follow one another (C, C), and end it (C,) in a scheme."""
    _check(scheme)
    parts = [_split(label) for label in labels]
    opening, closing = ("OBS", "OES") if scheme == "bioes" else ("OB", "OBI")

    def follows(before: tuple[str, str], after: tuple[str, str]) -> bool:
        if after[0] in opening:
            return before[0] in closing
        return before[0] in "BI" and before[1] == after[1]

    if scheme == "iob1":
        pairs = [[a[0] != "B" or (b[0] != "O" and a[1] == b[1]) for a in parts] for b in parts]
        return np.array([p != "B" for p, _ in parts]), np.array(pairs), np.ones(len(parts), bool)
    pairs = [[follows(b, a) for a in parts] for b in parts]
    return (
        np.array([p in opening for p, _ in parts]),
        np.array(pairs),
        np.array([p in closing for p, _ in parts]),
    )


def _split(tag: str) -> tuple[str, str]:
    matched = _TAG.fullmatch(tag)
    if matched is None:
        raise FormatError(
            f"tags: got {tag!r}, expected O, B-TYPE, I-TYPE, E-TYPE or S-TYPE. Are these plain labels?",
            value=tag,
            kind="tag",
        )
    return matched[1] or "O", matched[2] or ""


def _check(scheme: str) -> None:
    if scheme not in SCHEMES:
        raise OptionError(f"scheme: got {scheme!r}, expected one of {', '.join(SCHEMES)}.")
