"""Files of analogy questions, and the share of them that vectors answer rightly.

Forms: Google's (": section" lines, then "a b c d" lines), without sections (MSR, as one file of four words a
line), and BATS, a folder of files of "word<TAB>answer/answer/...", whose pairs are asked about one another.

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

Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class Section:
    """A named list of questions (a, b, c, d).

    group: the folder of a BATS file. also: the other right answers for a c, where there are any.
    """

    name: str
    questions: list[Question]
    group: str = field(default="", repr=False)
    also: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    @property
    def syntactic(self) -> bool:
        """Whether the name begins with gram, as in the Google set, or the group is of BATS' morphology."""
        return self.name.startswith("gram") or "morphology" in self.group.lower()


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
    """Read questions in any of the forms above; those without sections are one, named by the file.

    Raises:  FormatError naming the line.
    """
    if path.is_dir():
        return _read_folder(path, lower)
    sections: list[Section] = []
    for number, line in enumerate(table.content(path).split("\n"), 1):
        words = (line.lower() if lower and not line.startswith(":") else line).split()
        if line.startswith(":"):
            sections.append(Section(line[1:].strip(), []))
        elif len(words) == 4:
            sections = sections or [Section(path.stem, [])]
            sections[-1].questions.append((words[0], words[1], words[2], words[3]))
        elif words:
            raise FormatError(
                f"{path}: line {number:,} has {len(words)} words, expected four, or a ': section' line."
            )
    if not any(section.questions for section in sections):
        raise FormatError(f"{path}: holds no question.")
    return sections


def _read_folder(folder: Path, lower: bool) -> list[Section]:
    """The files of BATS, each a section: every pair of it asked about every other."""
    sections = []
    for path in sorted(folder.rglob("*.txt")):
        pairs = []
        for number, line in enumerate(table.content(path).split("\n"), 1):
            fields = (line.lower() if lower else line).split()
            if len(fields) == 2 and (answers := [one for one in fields[1].split("/") if one]):
                pairs.append((fields[0], answers))
            elif fields:
                raise FormatError(
                    f"{path}: line {number:,} is {line[:60]!r}, expected a word and answers, / between."
                )
        asked = [(a, b[0], c, d[0]) for a, b in pairs for c, d in pairs if a != c]
        also = {c: tuple(d[1:]) for c, d in pairs if len(d) > 1}
        sections.append(Section(path.stem, asked, path.parent.name, also))
    if not any(section.questions for section in sections):
        raise FormatError(f"{folder}: holds no .txt file with two pairs of words or more.")
    return sections


def evaluate(
    vectors: Vectors,
    sections: Iterable[Section],
    *,
    method: str = "3cosadd",
    restrict: int | None = None,
    seed: int = 1,
) -> AnalogyScores:
    """Share of questions whose best answer is d, or another right one, by section and in all.

    A question with a word outside the first `restrict` words is missing: counted, not scored; of right
    answers one must be inside.
    """
    last = len(vectors) if restrict is None else min(restrict, len(vectors))
    rows = [(section, *_right(vectors, section, method, last)) for section in sections]
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


def _right(vectors: Vectors, section: Section, method: str, last: int) -> tuple[Array, int]:
    """Which questions with known words are answered rightly, and how many have others."""
    index = vectors.vocab.index
    known = [[index.get(word, last) for word in question[:3]] for question in section.questions]
    right_ones = [
        [row for word in (d, *section.also.get(c, ())) if (row := index.get(word, last)) < last]
        for *_, c, d in section.questions
    ]
    both = [(q, ds) for q, ds in zip(known, right_ones, strict=True) if max(q) < last and ds]
    inside = np.array([[*q, ds[0]] for q, ds in both], np.int64).reshape(-1, 4)
    found = _answers(vectors, inside, method, last).tolist()
    right = np.array([answer in ds for answer, (_, ds) in zip(found, both, strict=True)], bool)
    return right, len(known) - len(inside)


def _answers(vectors: Vectors, questions: Array, method: str, last: int) -> Array:
    if not len(questions):
        return np.zeros(0, np.int64)
    if method == "3cosavg":
        return solve_by_average(vectors.space, questions, last)
    return solve(vectors.space, questions[:, :3], method=method, restrict=last)[0][:, 0]
