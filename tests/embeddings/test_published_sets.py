"""Test sets in the forms that they are published in: headers, marks, columns, several right answers."""

import numpy as np
import pytest

import seqkit as sk
from seqkit.core.errors import FormatError
from seqkit.embeddings.testsets.analogies import evaluate, read_questions
from seqkit.embeddings.testsets.similarity import read_pairs

WANTED = [("cup", "mug", 8.1), ("car", "bus", 5.2)]
PAIRS = {
    "plain.txt": "cup mug 8.1\ncar\tbus\t5.2\n",
    "marked.tab": "\ufeffcup\tmug\t8.1\r\ncar\tbus\t5.2\r\n",
    "SimLex-999.txt": "word1\tword2\tPOS\tSimLex999\tconc(w1)\ncup\tmug\tN\t8.1\t5.0\ncar\tbus\tN\t5.2\t4.0\n",
    "combined.tab": "Word 1\tWord 2\tHuman (mean)\ncup\tmug\t8.1\ncar\tbus\t5.2\n",
    "combined.csv": "Word 1,Word 2,Human (mean)\ncup,mug,8.1\ncar,bus,5.2\n",
    "raters.csv": "# rated in 2002\nWord 1,Word 2,mean,one,two\ncup,mug,8.1,9,7\ncar,bus,5.2,5,6\n",
}


@pytest.mark.parametrize("name", PAIRS)
def test_rated_pairs_are_read_as_they_are_published(tmp_path, name):
    (tmp_path / name).write_text(PAIRS[name])
    assert read_pairs(tmp_path / name) == WANTED


@pytest.mark.parametrize(
    ("text", "line"), [("a b 1\nc d x\n", 2), ("a b 1 2\nc d 1 2\n", 1), ("h i j\na b 1\nc d\n", 3)]
)
def test_a_line_that_is_no_rated_pair_is_named(tmp_path, text, line):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(FormatError, match=f"line {line} is .* expected two words and a number"):
        read_pairs(tmp_path / "a.txt")


def test_questions_without_sections_are_one(tmp_path):
    (tmp_path / "msr.txt").write_text("good better rough rougher\nbig bigger old older\n")
    (section,) = read_questions(tmp_path / "msr.txt")
    assert (section.name, len(section.questions)) == ("msr", 2)
    (tmp_path / "bad.txt").write_text("good better rough\n")
    with pytest.raises(FormatError, match="line 1 has 3 words, expected four"):
        read_questions(tmp_path / "bad.txt")


@pytest.fixture
def bats(tmp_path):
    for folder, name, text in [
        ("1_Inflectional_morphology", "I01 [noun - plural_reg].txt", "cat\tcats\ndog\tdogs\n"),
        ("4_Lexicographic_semantics", "L07 [synonyms].txt", "car\tauto/motor\nhome\thouse/flat/nowhere\n"),
    ]:
        (tmp_path / "BATS" / folder).mkdir(parents=True)
        (tmp_path / "BATS" / folder / name).write_text(text)
    return tmp_path / "BATS"


def test_bats_asks_every_pair_about_every_other_and_takes_any_right_answer(bats):
    morphology, synonyms = read_questions(bats)
    assert morphology.questions == [("cat", "cats", "dog", "dogs"), ("dog", "dogs", "cat", "cats")]
    assert (morphology.syntactic, synonyms.syntactic) == (True, False)
    # car is to auto as home is to flat: the second of the right answers is the nearest word
    words = ["cat", "cats", "dog", "dogs", "car", "auto", "home", "house", "flat"]
    matrix = np.zeros((9, 6), np.float32)
    for row, place in enumerate([(0,), (0, 1), (2,), (2, 1), (3,), (3, 4), (5,), (0, 2), (5, 4)]):
        matrix[row, list(place)] = 1
    vectors = sk.Vectors(sk.Vocab(words, [1] * 9), matrix)
    scores = evaluate(vectors, [morphology, synonyms])
    assert (scores.syntactic.value, scores.syntactic.count) == (1.0, 2)
    assert scores.sections[1].count == 2
    assert scores.semantic.value >= 0.5
    first = evaluate(vectors, [type(synonyms)(synonyms.name, synonyms.questions[:1], synonyms.group)])
    second = evaluate(vectors, [type(synonyms)("x", synonyms.questions[:1], "", synonyms.also)])
    assert (first.total.value, second.total.value) == (0.0, 1.0)


def test_a_broken_line_of_bats_is_named(bats):
    (bats / "x.txt").write_text("cat\n")
    with pytest.raises(FormatError, match="x.txt: line 1 is 'cat', expected a word and answers"):
        read_questions(bats)
