"""Association tests in word sets: which two lists of targets are compared, by which two of attributes.

Not handled: taking the tests (measuring.measures.weat, measuring.sentence_tests).
"""

from collections.abc import Sequence
from typing import NamedTuple

from seqkit.core.errors import OptionError, did_you_mean
from seqkit.debias.words.lookup import listed
from seqkit.debias.words.sets import WordSets

# lists that are compared by the words of two classes when word sets hold both
PAIRS = (
    ("career", "family"),
    ("science", "arts"),
    ("mathematics", "arts"),
    ("strength", "weakness"),
    ("intellect", "appearance"),
    ("pleasant", "unpleasant"),
    ("ability", "inability"),
    ("male_jobs", "female_jobs"),
)
# the ten tests of Caliskan, Bryson & Narayanan 2017 by the names of the published file of lists
PUBLISHED = (
    ("flowers", "insects", "pleasant_5", "unpleasant_5a"),
    ("instruments", "weapons", "pleasant_5", "unpleasant_5a"),
    ("european_american_names_5", "african_american_names_5", "pleasant_5", "unpleasant_5b"),
    ("european_american_names_7", "african_american_names_7", "pleasant_5", "unpleasant_5b"),
    ("european_american_names_7", "african_american_names_7", "pleasant_9", "unpleasant_9"),
    ("male_names", "female_names", "career", "family"),
    ("math", "arts", "male_terms", "female_terms"),
    ("science", "arts_2", "male_terms_2", "female_terms_2"),
    ("mental_disease", "physical_disease", "temporary", "permanent"),
    ("young_people_names", "old_people_names", "pleasant_9", "unpleasant_9"),
)


class Comparison(NamedTuple):
    """Two target and two attribute lists."""

    x: tuple[str, ...]
    y: tuple[str, ...]
    a: tuple[str, ...]
    b: tuple[str, ...]


def comparisons(words: WordSets, chosen: Sequence[str] = ()) -> dict[str, Comparison]:
    """The tests that the word sets hold, by label: "career/family", or "1:flowers/insects" if published.

    chosen: labels, their numbers, what follows these, or names of lists: "X/Y" to be compared by the two
    classes, "X/Y/A/B". All tests if none is chosen.
    Raises:  OptionError for a name that is no test and no lists; if there is no test, what is missing.
    """
    every = _every(words)
    if not chosen and not every:
        raise OptionError(
            f"{words.name}: no two lists to compare, such as career and family. Name a test by its lists: "
            f"X/Y, or X/Y/A/B without definitional words. Lists: {listed(tuple(words.lists), 12) or 'none'}."
        )
    found: dict[str, Comparison] = {}
    for name in chosen:
        own = {label: test for label, test in every.items() if name in (label, *label.split(":", 1))}
        found |= own or {name: _made(words, name, list(every))}
    return found if chosen else every


def _every(words: WordSets) -> dict[str, Comparison]:
    lists, found = words.lists, {}
    if len(words.columns) == 2:
        pairs = [pair for pair in PAIRS if all(name in lists for name in pair)]
        found = {f"{x}/{y}": Comparison(lists[x], lists[y], *words.columns) for x, y in pairs}
    for number, four in enumerate(PUBLISHED, 1):
        if all(name in lists for name in four):
            found[f"{number}:{four[0]}/{four[1]}"] = Comparison(*(lists[name] for name in four))
    names = [name for name in lists if ":" in name]  # of a file of tests: four lists each
    for first in range(0, len(names) - 3, 4):
        x, y, a, b = names[first : first + 4]
        found[f"{x}/{y.partition(':')[2]}"] = Comparison(lists[x], lists[y], lists[a], lists[b])
    return found


def _made(words: WordSets, name: str, known: list[str]) -> Comparison:
    """The test of the lists that `name` says."""
    parts = name.split("/")
    if len(parts) not in (2, 4) or not all(part in words.lists for part in parts):
        raise OptionError(
            f"{words.name}: no test {name!r}; known: {', '.join(known) or 'none'}, or lists as X/Y or "
            f"X/Y/A/B, of {listed(tuple(words.lists), 12)}.{did_you_mean(name, known)}"
        )
    if len(parts) == 2 and len(words.columns) != 2:
        raise OptionError(
            f"{words.name}: {name!r} are two lists, to be compared by two classes, got {len(words.columns)} "
            "classes. Choose two classes, or name four lists: X/Y/A/B."
        )
    x, y, *by = words.pick(*parts)
    return Comparison(x, y, *(by or words.columns))
