"""Analogies "a is to b as c is to d": four ways to solve them, and the test files that count how many come
out.

With û = u / |u|, over all words w but a, b and c:

    3cosadd    argmax  cos(w, b̂ - â + ĉ)                               Mikolov et al. 2013, arXiv:1309.4168
    3cosmul    argmax  s(w, b) s(w, c) / (s(w, a) + ε)                 Levy & Goldberg 2014
                       with s = (1 + cos) / 2, ε = 0.001
    3cosavg    argmax  cos(w, ĉ + mean of b̂' - â' over the section's other pairs)     Drozd et al. 2016
    euclidean  argmax  -|w - (b - a + c)|²,  vectors as they are       the course's form
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from seqkit.core import files
from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.core.score import Score
from seqkit.core.types import Array, Floats
from seqkit.embeddings.vectors.neighbours import QUERIES, nearest_rows
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.evaluate.metric import measured
from seqkit.evaluate.metrics.accuracy import Accuracy

METHODS = ("3cosadd", "3cosmul", "3cosavg", "euclidean")
EPSILON = 1e-3


@dataclass(frozen=True)
class Section:
    """A named list of questions (a, b, c, d), words in lower or their own case."""

    name: str
    questions: list[tuple[str, str, str, str]]

    @property
    def syntactic(self) -> bool:
        """Whether the name begins with gram, as in the Google set."""
        return self.name.startswith("gram")


@dataclass(frozen=True)
class Result:
    """Scores by section, for all semantic and all syntactic sections, and in total."""

    sections: list[Score]
    semantic: Score
    syntactic: Score
    total: Score


def solve(
    vectors: Vectors,
    questions: Annotated[Array, "N A"],
    *,
    method: str = "3cosadd",
    topn: int = 1,
    restrict: int | None = None,
) -> tuple[Annotated[Array, "N K"], Annotated[Floats, "N K"]]:
    """Rows and scores of the `topn` best answers to questions of row numbers (a, b, c), those three left out.

    Raises:  OptionError for an unknown method; 3cosavg needs sections and is for `evaluate`.
    """
    if method not in METHODS or method == "3cosavg":
        raise OptionError(
            f"unknown method {method!r}; known: 3cosadd, 3cosmul, euclidean.{did_you_mean(method, METHODS)}"
        )
    last = len(vectors) if restrict is None else restrict
    if method == "3cosmul":
        return _multiply(vectors, questions, topn, last)
    if method == "euclidean":
        targets = np.array([-1.0, 1.0, 1.0]) @ vectors.matrix[questions]
        return _search(vectors, targets, questions, topn, last, by="euclidean")
    targets = np.array([-1.0, 1.0, 1.0]) @ _unit(vectors, questions)
    return _search(vectors, targets, questions, topn, last)


def read_questions(path: Path, *, lower: bool = True) -> list[Section]:
    """Read a file of ": section" lines and "a b c d" lines (the Google form).

    Raises:  FormatError naming the line.
    """
    sections: list[Section] = []
    for number, line in enumerate(files.read_text(path).split("\n"), 1):
        words = (line.lower() if lower and not line.startswith(":") else line).split()
        if line.startswith(":"):
            sections.append(Section(line[1:].strip(), []))
        elif len(words) == 4 and sections:
            sections[-1].questions.append((words[0], words[1], words[2], words[3]))
        elif words:
            found = f"{len(words)} words" if sections else "a question before the first ': section' line"
            raise FormatError(
                f"{path}: line {number:,} has {found}, expected four words a line below ': section' lines."
            )
    if not any(section.questions for section in sections):
        raise FormatError(f"{path}: holds no question.")
    return sections


def evaluate(
    vectors: Vectors,
    sections: Iterable[Section],
    *,
    method: str = "3cosadd",
    restrict: int | None = None,
    seed: int = 1,
) -> Result:
    """Share of questions whose best answer is d, by section and in all.

    A question with a word outside the first `restrict` words is missing: counted, not scored.
    """
    rows: list[tuple[Section, Array, int]] = []
    last = len(vectors) if restrict is None else min(restrict, len(vectors))
    index = vectors.vocab.index
    for section in sections:
        known = [[index.get(word, last) for word in question] for question in section.questions]
        inside = np.array([q for q in known if max(q) < last], np.int64).reshape(-1, 4)
        right = _answers(vectors, inside, method, last) == inside[:, 3]
        rows.append((section, right, len(known) - len(inside)))
    settings = {
        "method": method,
        "restrict": last,
        "words": len(vectors),
        "question_words": "excluded",
        "seed": seed,
    }

    def score(name: str, chosen: list[tuple[Section, Array, int]]) -> Score:
        stats = Accuracy().stats(np.concatenate([np.zeros(0, bool), *(right for _, right, _ in chosen)]))
        return measured(name, Accuracy(), stats, sum(m for *_, m in chosen), settings, seed=seed)

    return Result(
        [score(row[0].name, [row]) for row in rows],
        score("semantic", [row for row in rows if not row[0].syntactic]),
        score("syntactic", [row for row in rows if row[0].syntactic]),
        score("total", rows),
    )


def _answers(vectors: Vectors, questions: Array, method: str, last: int) -> Array:
    if not len(questions):
        return np.zeros(0, np.int64)
    if method != "3cosavg":
        return solve(vectors, questions[:, :3], method=method, restrict=last)[0][:, 0]
    pairs = np.unique(np.concatenate([questions[:, :2], questions[:, 2:]]), axis=0)
    unit = _unit(vectors, pairs)
    offsets = unit[:, 1] - unit[:, 0]
    whole, number = offsets.sum(0), max(len(pairs) - 1, 1)
    place = {tuple(pair): i for i, pair in enumerate(pairs.tolist())}
    own = offsets[[place[tuple(pair)] for pair in questions[:, 2:].tolist()]]
    targets = _unit(vectors, questions[:, 2]) + (whole - own) / number
    return _search(vectors, targets, questions[:, :3], 1, last)[0][:, 0]


def _unit(vectors: Vectors, rows: Array) -> Array:
    lengths = vectors.norms[rows]
    return vectors.matrix[rows] / np.where(lengths > 0, lengths, 1)[..., None]


def _search(
    vectors: Vectors,
    targets: Array,
    excluded: Array,
    topn: int,
    last: int,
    by: Literal["cosine", "euclidean"] = "cosine",
) -> tuple[Array, Floats]:
    """The best rows for each target that are not among its excluded ones."""
    ids, scores = nearest_rows(
        targets, vectors.matrix[:last], vectors.norms[:last], topn + excluded.shape[1], by=by
    )
    return _drop(ids, scores, excluded, topn)


def _drop(ids: Array, scores: Floats, excluded: Array, topn: int) -> tuple[Array, Floats]:
    free = (ids[:, :, None] != excluded[:, None, :]).all(2)
    order = np.argsort(~free, axis=1, kind="stable")[:, :topn]
    ids, scores = np.where(free, ids, -1), np.where(free, scores, -np.inf)
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)


def _multiply(vectors: Vectors, questions: Array, topn: int, last: int) -> tuple[Array, Floats]:
    """3cosmul: every distinct question word's similarities once, then products of their rows."""
    words, place = np.unique(questions, return_inverse=True)
    place = place.reshape(questions.shape)
    similar = (1 + _unit(vectors, words) @ _unit(vectors, np.arange(last)).T) / 2
    k = min(topn + 3, last)
    ids, scores = np.empty((len(questions), k), np.int64), np.empty((len(questions), k), np.float32)
    for start in range(0, len(questions), QUERIES):
        few = slice(start, start + QUERIES)
        a, b, c = (similar[place[few, i]] for i in range(3))
        value = b * c / (a + np.float32(EPSILON))
        ids[few] = np.argsort(-value, axis=1, kind="stable")[:, :k] if last < 4096 else _largest(value, k)
        scores[few] = np.take_along_axis(value, ids[few], 1)
    return _drop(ids, scores, questions, topn)


def _largest(value: Array, k: int) -> Array:
    top = np.sort(np.argpartition(-value, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(-np.take_along_axis(value, top, 1), axis=1, kind="stable")
    return np.take_along_axis(top, order, 1)
