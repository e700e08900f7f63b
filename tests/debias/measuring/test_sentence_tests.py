"""SEAT on word sets: sentences made of words, what is counted, what is lost, which templates are used."""

import numpy as np
import pytest

from seqkit.core.errors import OptionError
from seqkit.debias.measuring.base import Options
from seqkit.debias.measuring.geometry import unit
from seqkit.debias.measuring.measures.seat import seat
from seqkit.debias.measuring.sentence_tests import TEMPLATES, sentence_tests
from seqkit.debias.words.sets import WordSets
from seqkit.text.vocab import Vocab

OPTIONS = Options(resamples=20, draws=20)
SETS = WordSets(
    "w",
    [("she", "he"), ("woman", "man")],
    classes=("a", "b"),
    lists={"career": ("job", "pay", "work", "firm", "gone"), "family": ("home", "child", "kin", "house")},
)
OTHERS = [f"n{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(40)]
TOKENS = [
    "this",
    "is",
    "here",
    "there",
    *(w for c in SETS.columns for w in c),
    *(w for p in SETS.lists.values() for w in p),
]
VOCAB = Vocab([word for word in TOKENS if word != "gone"] + OTHERS, [1] * (len(TOKENS) - 1 + len(OTHERS)))


def encode(sentences):
    """A vector of its own for each sentence."""
    return np.stack([np.random.default_rng([ord(c) for c in s]).normal(size=8) for s in sentences])


def reads(text):
    return all(word in VOCAB for word in text.split())


def run(**given):
    return sentence_tests(encode, VOCAB, reads, SETS, pooling="mean", options=OPTIONS, **given)


def rows(words, templates, each="word"):
    found = [unit("test", encode([t.format(word) for t in templates])) for word in words]
    return np.stack([x.mean(0) for x in found]) if each == "word" else np.concatenate(found)


@pytest.mark.parametrize("each", ["word", "sentence"])
def test_sentences_are_measured_as_by_hand_and_lost_words_named(each):
    templates = ["this is {}", "{} is here"]
    (score,) = run(templates=templates, each=each).scores
    x, y = SETS.lists["career"][:4], SETS.lists["family"]
    parts = [rows(part, templates, each) for part in (x, y, *SETS.columns)]
    by_hand = seat(*parts, pooling="mean", options=OPTIONS)
    assert score.value == by_hand.value
    assert score.extra == by_hand.extra
    assert score.count == (8 if each == "word" else 16)
    assert (score.name, score.missing, score.lost["career"]) == ("seat career/family", 1, ["gone"])
    assert {"pooling": "mean", "each": each, "templates": templates}.items() <= score.signature.items()
    assert score.band is not None


def test_a_test_is_chosen_by_name_and_p_is_one_sided_when_asked():
    two, one = (run(chosen=["career/family"], sided=sided).scores[0] for sided in ("two", "one"))
    assert (two.value, two.signature["sided"]) == (one.value, "two")
    assert one.signature["sided"] == "one"
    assert one.extra["p"] != two.extra["p"]
    with pytest.raises(OptionError, match="no test 'career/famly'.*Did you mean 'career/family'"):
        run(chosen=["career/famly"])


def test_shipped_templates_with_unknown_words_are_left_out_and_told():
    found = run()
    assert found.scores[0].signature["templates"] == [t for t in TEMPLATES if "that" not in t]
    assert list(found.refused) == ["template 'that is {}'"]


@pytest.mark.parametrize("template", ["no place", "{} and {}", "{0} is", "{{}} {}"])
def test_a_template_that_is_none_is_refused(template):
    with pytest.raises(OptionError, match="expected text with one {}"):
        run(templates=[template])


def test_what_cannot_be_measured_is_refused_with_the_reason():
    with pytest.raises(OptionError, match="templates 'she xyz {}' have words that the model does not know"):
        run(templates=["she xyz {}", "this is {}"])
    with pytest.raises(
        OptionError, match=r"no test could be taken\. seat: list career has lost 1 of 5 \('gone' unknown\)"
    ):
        sentence_tests(encode, VOCAB, reads, SETS, pooling="mean", options=Options(most_lost=0.1))
    with pytest.raises(OptionError, match="religion: no two lists to compare, such as career and family"):
        sentence_tests(encode, VOCAB, reads, WordSets.religion(), pooling="mean")
