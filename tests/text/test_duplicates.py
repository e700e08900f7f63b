"""Copies between parts: the same as comparing all pairs, whatever the threshold; fast on many texts."""

import bounded
import numpy as np
import pytest

from seqkit.core.errors import OptionError
from seqkit.text.duplicates import WORDS, duplicates, plain


def draw_texts(count, seed, *, words=30, low=0, high=12):
    draw = np.random.default_rng(seed)
    share = 1 / np.arange(1, words + 1)
    return [
        " ".join(f"w{x}" for x in draw.choice(words, size=draw.integers(low, high), p=share / share.sum()))
        for _ in range(count)
    ]


def shingles(text):
    words = plain(text).split()
    return {tuple(words[i : i + WORDS]) for i in range(max(len(words) - WORDS + 1, 1))}


def similarity(a, b):
    return len(shingles(a) & shingles(b)) / len(shingles(a) | shingles(b))


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8, 1.0])
def test_copies_are_those_found_by_comparing_all_pairs(threshold):
    train, test = draw_texts(120, 1), draw_texts(90, 2)
    test += [text + " w9" for text in train[:30]] + [text.upper() + " !" for text in train[30:40]]
    found = duplicates({"train": train, "test": test}, threshold=threshold)
    best = {
        row: max(similarity(text, other) for other in train if plain(other))
        for row, text in enumerate(test)
        if plain(text)
    }
    assert {c.row: c.similarity for c in found.copies} == pytest.approx(
        {r: s for r, s in best.items() if s >= threshold - 1e-12}
    )
    for copy in found.copies:
        assert similarity(test[copy.row], train[copy.of_row]) == pytest.approx(copy.similarity)
        assert copy.exact == any(plain(test[copy.row]) == plain(other) for other in train)
    assert found.rows("test", "train").tolist() == [c.row for c in found.copies]


def test_case_punctuation_and_unicode_form_do_not_count_but_letters_of_all_scripts_do():
    assert plain("Ｃafé,  CAFE\u0301!") == "café café"
    assert plain("नमस्ते, दुनिया") == "नमस्ते दुनिया"
    found = duplicates({"train": ["Good film!", "किताब"], "dev": ["good  FILM", "कताब", "?!"]})
    assert [(c.row, c.exact) for c in found.copies] == [(0, True)]
    assert found.table() == [{"part": "dev", "of": "train", "exact": 1, "near": 0, "rows": 3}]


def test_repeats_and_contradictions_within_a_part_are_counted():
    texts, labels = ["a b", "A b!", "c", "d"], ["x", "y", "x", "x"]
    found = duplicates({"train": texts}, labels={"train": labels})
    assert found.within == {"train": 1}
    assert found.contradictions == {"train": 2}
    assert duplicates({"train": [], "dev": []}).copies == []


def test_a_threshold_out_of_range_is_told():
    with pytest.raises(OptionError, match=r"got threshold 1.5, expected above 0 and at most 1"):
        duplicates({"train": ["a"]}, threshold=1.5)


MANY = """
from text.test_duplicates import draw_texts, duplicates
texts = draw_texts(100_000, 3, words=20_000, low=5, high=40)
print(len(duplicates({"train": texts[:90_000], "test": [*texts[90_000:], *texts[:500]]}).copies))
"""


@pytest.mark.slow
def test_a_hundred_thousand_texts_take_seconds_not_hours(tmp_path):
    """Ten thousand million pairs, if all were compared."""
    assert bounded.python(MANY, cwd=tmp_path, seconds=600) == "500\n"
