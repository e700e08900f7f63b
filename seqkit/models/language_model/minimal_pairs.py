"""Which of two sentences is likelier: pairs from a file, and how often a scorer is right."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seqkit.core.errors import FormatError, OptionError
from seqkit.core.score import Score
from seqkit.evaluate.bootstrap import interval, mean_of
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.ngram_lm import NGram
from seqkit.text.readers import table
from seqkit.text.tokenizer import tokenizer

COLUMNS = (("correct", "wrong"), ("right", "wrong"), ("sentence_good", "sentence_bad"), ("good", "bad"))


@dataclass(frozen=True)
class Pair:
    """Two sentences, the first of which should be likelier; `group`: what the pair tests."""

    good: str
    bad: str
    group: str = ""


@dataclass(frozen=True)
class Comparison:
    """One pair, log p of both sentences in nats, and how many of their tokens are unknown."""

    pair: Pair
    good: float
    bad: float
    unknown: int

    @property
    def right(self) -> bool:
        """Whether the good sentence is likelier; a tie is not."""
        return self.good > self.bad


def read_pairs(
    path: Path, *, good: str | None = None, bad: str | None = None, group: str | None = None
) -> list[Pair]:
    """Pairs from TSV or CSV with a header, JSON lines or Parquet; plain or compressed.

    good, bad: names of the columns; if not given correct/wrong, right/wrong, sentence_good/sentence_bad or
    good/bad.
    Raises:  FormatError naming file, line and what is missing; OptionError for a column that is not there.
    """
    kind = table.kind_of(path.name) or "tsv"
    content = "" if kind == "parquet" else table.content(path)
    lines = table.lines([content])
    if kind == "parquet":
        rows = list(table.parquet(path, []))
    elif content.lstrip().startswith("{"):
        rows = list(table.objects(lines, str(path)))
    else:
        found = table.records(lines, str(path), table.SEPARATORS.get(kind, "\t"), quotes=kind == "csv")
        _, head = next(found, (1, []))
        rows = list(table.named(found, str(path), head))
    if not rows:
        raise FormatError(
            f"{path}: got no pair of sentences, expected TSV or CSV with a header, JSON lines or Parquet."
        )
    columns = _columns(path, list(rows[0].cells), good, bad)
    pairs = []
    for row in rows:
        first, second = (row.text(name) for name in columns)
        if not (first.strip() and second.strip()):
            raise FormatError(f"{row.where} has no text in {' or '.join(map(repr, columns))}.")
        pairs.append(Pair(first, second, str(row.cells.get(group, "")) if group else ""))
    return pairs


def compare(
    score: Callable[[Sequence[str]], Sequence[tuple[float, int]]], pairs: Sequence[Pair]
) -> list[Comparison]:
    """Compare pairs by a scorer that gives (log p, unknown tokens) of each sentence."""
    both = score([pair.good for pair in pairs] + [pair.bad for pair in pairs])
    goods, bads = both[: len(pairs)], both[len(pairs) :]
    return [
        Comparison(pair, good[0], bad[0], good[1] + bad[1])
        for pair, good, bad in zip(pairs, goods, bads, strict=True)
    ]


def accuracy(name: str, comparisons: Sequence[Comparison], *, skip_unknown: bool = False) -> Score:
    """The share of pairs whose good sentence is likelier, with a 95 % bootstrap interval.

    skip_unknown: leave pairs with an unknown token out and count them as missing.
    """
    kept = [c for c in comparisons if not (skip_unknown and c.unknown)]
    hits = np.array([float(c.right) for c in kept])
    ties = sum(c.good == c.bad for c in kept)
    unknown = sum(c.unknown > 0 for c in kept)
    value = float(hits.mean()) if len(hits) else math.nan
    signature = {"ties": ties, "with_unknown": unknown, "skip_unknown": skip_unknown}
    return Score(
        name, value, len(hits), len(comparisons) - len(kept), signature, interval(mean_of(hits), len(hits))
    )


def _columns(path: Path, names: list[str], good: str | None, bad: str | None) -> tuple[str, str]:
    for first, second in ((good or a, bad or b) for a, b in COLUMNS):
        if first in names and second in names:
            return first, second
    asked = f"{good or 'correct'!r} and {bad or 'wrong'!r}"
    raise OptionError(
        f"{path}: got columns {', '.join(names)}, expected {asked}. Name them with good and bad."
    )


def measure(
    model: LanguageModel,
    paths: Sequence[Path],
    *,
    good: str | None = None,
    bad: str | None = None,
    skip_unknown: bool = False,
    baseline: str | None = None,
    order: int = 3,
    split: bool = False,
    lower: bool = False,
    bare: bool = False,
) -> list[Score]:
    """Accuracy of `model` on each file of pairs; also of an n-gram model trained on the text `baseline`.

    The baseline cuts text as the model does. Pairs are skipped by the model's vocabulary, for both alike.
    split: cut the sentences with the word tokenizer first, for a model of tokenised text ("mat." is two words
    there). lower: lower-case them. bare: leave out tokens without a letter or digit, for a model of text
    without punctuation.
    """
    how = {"split": split, "lower": lower, "bare": bare}

    def own(texts: Sequence[str]) -> list[tuple[float, int]]:
        return [(s.log_prob, s.unknown) for s in model.score(texts)]

    scorers: dict[str, Callable[[Sequence[str]], Sequence[tuple[float, int]]]] = {"model": own}
    if baseline is not None:
        ngram = NGram(model.codec.corpus(baseline, threads=model.threads), order)
        scorers[f"{order}-gram"] = ngram.scores
    found = []
    for path in paths:
        pairs = [
            replace(pair, good=_prepared(pair.good, **how), bad=_prepared(pair.bad, **how))
            for pair in read_pairs(path, good=good, bad=bad)
        ]
        for name, scorer in scorers.items():
            score = accuracy(path.name, compare(scorer, pairs), skip_unknown=skip_unknown)
            has_unk = model.codec.vocab.unk is not None
            settings = {"model": name, **score.signature, "has_unk": has_unk, **how}
            found.append(replace(score, signature=settings))
    return found


def _prepared(text: str, *, split: bool, lower: bool, bare: bool) -> str:
    """A sentence as the model's text is written."""
    if split or bare:
        tokens = tokenizer("word").tokens(text) if split else text.split()
        text = " ".join(token for token in tokens if not bare or any(map(str.isalnum, token)))
    return text.lower() if lower else text
