"""Files of analogy questions, and the share of them that vectors answer rightly.

Not handled: the formulas (vectors.analogy).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.score import Score
from seqkit.core.types import Array
from seqkit.embeddings.vectors.analogy import solve, solve_by_average
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.evaluate.metric import measured
from seqkit.evaluate.metrics.accuracy import Accuracy
from seqkit.text.readers import table


@dataclass(frozen=True)
class Section:
    """A named list of questions (a, b, c, d)."""

    name: str
    questions: list[tuple[str, str, str, str]]

    @property
    def syntactic(self) -> bool:
        """Whether the name begins with gram, as in the Google set."""
        return self.name.startswith("gram")


@dataclass(frozen=True)
class AnalogyScores:
    """Scores by section, for all semantic and all syntactic sections, and in total."""

    sections: list[Score]
    semantic: Score
    syntactic: Score
    total: Score


@dataclass(frozen=True)
class AnalogyAccuracy:
    """The share of the questions with known words that vectors answer: what trials of word vectors are
    compared by.

    device: where; the CPU if not given, since each call has new vectors that would be copied to a GPU first.
    """

    sections: Sequence[Section]
    device: str = field(default="cpu", repr=False)  # repr is what a search is signed by

    def __call__(self, vectors: Vectors) -> float:
        """From 0 to 1."""
        return evaluate(vectors.on(self.device), self.sections).total.value


def read_questions(path: Path, *, lower: bool = True) -> list[Section]:
    """Read a file of ": section" lines and "a b c d" lines (the Google form).

    Raises:  FormatError naming the line.
    """
    sections: list[Section] = []
    for number, line in enumerate(table.content(path).split("\n"), 1):
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
) -> AnalogyScores:
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
        "backend": vectors.space.backend,
        "seed": seed,
    }

    def score(name: str, chosen: list[tuple[Section, Array, int]]) -> Score:
        stats = Accuracy().stats(np.concatenate([np.zeros(0, bool), *(right for _, right, _ in chosen)]))
        return measured(name, Accuracy(), stats, sum(m for *_, m in chosen), settings, seed=seed)

    return AnalogyScores(
        [score(row[0].name, [row]) for row in rows],
        score("semantic", [row for row in rows if not row[0].syntactic]),
        score("syntactic", [row for row in rows if row[0].syntactic]),
        score("total", rows),
    )


def _answers(vectors: Vectors, questions: Array, method: str, last: int) -> Array:
    if not len(questions):
        return np.zeros(0, np.int64)
    if method == "3cosavg":
        return solve_by_average(vectors.space, questions, last)
    return solve(vectors.space, questions[:, :3], method=method, restrict=last)[0][:, 0]
