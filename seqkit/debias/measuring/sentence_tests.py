"""SEAT on word sets: words put into short neutral sentences, whose vectors a language model makes.

Not handled: making the vectors (the caller hands in `encode`), sentences whose grammar depends on the word.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

from seqkit.core.errors import OptionError, SeqkitError
from seqkit.core.types import Array
from seqkit.debias.measuring.assess import Assessment
from seqkit.debias.measuring.base import DEFAULT, BiasScore, Options
from seqkit.debias.measuring.geometry import unit
from seqkit.debias.measuring.measures.seat import seat
from seqkit.debias.measuring.word_lists import refuse_losses
from seqkit.debias.words.comparisons import comparisons
from seqkit.debias.words.lookup import listed
from seqkit.debias.words.sets import WordSets
from seqkit.text.vocab import Vocab

# written for seqkit: they do not speak of people, and any word fits
TEMPLATES = ("this is {}", "that is {}", "here is {}", "there is {}", "{} is here", "{} is there")
POOL = 1000  # words of the vocabulary that the null band draws from
Encode = Callable[[Sequence[str]], Annotated[Array, "N D"]]


def sentence_tests(
    encode: Encode,
    vocab: Vocab,
    reads: Callable[[str], bool],
    words: WordSets,
    *,
    pooling: str,
    templates: Sequence[str] = (),
    each: Literal["word", "sentence"] = "word",
    chosen: Sequence[str] = (),
    sided: Literal["two", "one"] = "two",
    options: Options = DEFAULT,
) -> Assessment:
    """SEAT of each association test that the word sets hold, or of those `chosen`, of which none may fail.

    encode: sentences to rows.   reads: whether a text has no unknown token.
    templates: with one {} each; else TEMPLATES, less those with a word that is not read.
    each: what is counted and exchanged in the permutations: a word, by the mean of its unit sentence vectors,
    or, as published, a sentence, which takes the sentences of one word for independent and so makes p too
    small.
    Raises:  OptionError for a bad template, word sets without a test, or if no test could be taken.
    """
    tests = {
        label: dict(zip((*label.split("/")[:2], "A", "B"), test, strict=True))
        for label, test in comparisons(words, chosen).items()
    }
    used, dropped = _usable(templates, reads)
    measured = {word for test in tests.values() for part in test.values() for word in part}
    pool = [w for w in vocab.tokens if w.isalpha() and w not in measured and w not in vocab.specials][:POOL]
    rows = partial(_rows, encode, used, each)
    others = rows(pool) if options.draws and pool else None
    scores, refused = [], {f"template {t!r}": "The model does not know all of its words." for t in dropped}
    for name, test in tests.items():
        known = {part: [word for word in given if reads(word)] for part, given in test.items()}
        lost = {part: [w for w in given if w not in known[part]] for part, given in test.items()}
        try:
            for part, gone in lost.items():
                refuse_losses("seat", part, gone, len(test[part]), options, vocab)
            found = seat(
                *map(rows, known.values()),
                pooling=pooling,
                pool=others,
                unequal="mean",
                sided=sided,
                options=options,
            )
        except SeqkitError as error:
            if chosen:
                raise
            refused[f"seat {name}"] = str(error)
            continue
        scores.append(_named(found, f"seat {name}", lost, {"templates": list(used), "each": each}))
    if not scores:
        reasons = [why for name, why in refused.items() if name.startswith("seat")]
        raise OptionError(f"seat: no test could be taken. {' '.join(reasons)}")
    return Assessment(scores, refused)


def _rows(
    encode: Encode, templates: Sequence[str], each: str, part: Sequence[str]
) -> Annotated[Array, "N D"]:
    """Unit vectors of the words of a list, or of their sentences."""
    sentences = [template.format(word) for word in part for template in templates]
    found = unit("seat", encode(sentences), sentences)
    return found.reshape(len(part), len(templates), -1).mean(1) if each == "word" else found


def _named(found: BiasScore, name: str, lost: dict[str, list[str]], settings: dict[str, object]) -> BiasScore:
    missing = sum(map(len, lost.values()))
    return replace(found, name=name, lost=lost, missing=missing, signature=found.signature | settings)


def _usable(templates: Sequence[str], reads: Callable[[str], bool]) -> tuple[list[str], list[str]]:
    """The templates whose words the model knows, and the others; no template that was given may be lost."""
    for template in templates:
        if (
            template.count("{}") != 1
            or "{" in template.replace("{}", "")
            or "}" in template.replace("{}", "")
        ):
            raise OptionError(
                f"seat: got template {template!r}, expected text with one {{}}, where the word goes."
            )
    plain = {template: template.replace("{}", " ").split() for template in templates or TEMPLATES}
    used = [template for template, own in plain.items() if not own or reads(" ".join(own))]
    dropped = [template for template in plain if template not in used]
    if not used or (templates and dropped):
        raise OptionError(
            f"seat: the templates {listed(dropped)} have words that the model does not know. Give others, "
            "in its words."
        )
    return used, dropped
