"""Files as other programs write them: words with spaces and numbers, tabs, runs of spaces, nan, words twice."""

import numpy as np
import pytest

from seqkit.core.errors import FormatError
from seqkit.embeddings.vectors.vectors import Vectors

ROWS = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]


def put(folder, words, join=" ", head=True, rows=ROWS):
    lines = [join.join([word, *map(str, row)]) for word, row in zip(words, rows, strict=False)]
    text = "\n".join([*([f"{len(lines)} 3"] if head else []), *lines, ""])
    (folder / "v.txt").write_text(text)
    return folder / "v.txt"


@pytest.mark.parametrize(
    "words", [["the", "windows 7", "iphone 6 s"], ["the", "3.5", "7"], ["a", "1 2 3 4", "b"]]
)
@pytest.mark.parametrize("join", [" ", "  ", "\t", " \t "])
def test_the_last_numbers_are_the_vector_and_the_rest_is_the_word(tmp_path, words, join):
    found = Vectors.load(put(tmp_path, words, join))
    assert found.vocab.tokens == words
    np.testing.assert_array_equal(found.matrix, np.array(ROWS, np.float32))


def test_a_header_that_lies_of_the_numbers_is_not_read_into_the_words(tmp_path):
    (tmp_path / "v.txt").write_text("3 2\n" + "".join(f"w{i} 1 2 3\n" for i in range(3)))
    with pytest.raises(FormatError, match="line 2 has 3 numbers, expected 2"):
        Vectors.load(tmp_path / "v.txt")


@pytest.mark.parametrize("odd", ["nan", "-inf", "Infinity", "1e99"])
@pytest.mark.parametrize("head", [True, False])
def test_rows_that_are_not_finite_are_left_out_if_asked(tmp_path, odd, head):
    path = put(tmp_path, ["a", "b", "c"], head=head, rows=[ROWS[0], [1.0, odd, 2.0], ROWS[2]])
    with pytest.raises(FormatError, match="drop_nonfinite=True"):
        Vectors.load(path)
    with pytest.warns(UserWarning, match="1 rows with nan or inf left out"):
        found = Vectors.load(path, drop_nonfinite=True)
    assert found.vocab.tokens == ["a", "c"]
    np.testing.assert_array_equal(found.matrix, np.array([ROWS[0], ROWS[2]], np.float32))


def test_decimal_commas_are_told(tmp_path):
    path = put(tmp_path, ["a", "b"], rows=[["1,5", "2,5", "3,5"]] * 2)
    with pytest.raises(
        FormatError, match="holds b'3,5' where a number is expected. Write its numbers with decimal"
    ):
        Vectors.load(path)


@pytest.mark.parametrize("join", [" ", "  ", "\t"])
def test_without_a_header_a_word_may_hold_spaces_and_not_end_in_a_number(tmp_path, join):
    words = ["the", "new york", "7 up"]
    assert Vectors.load(put(tmp_path, words, join, head=False)).vocab.tokens == words
    with pytest.raises(FormatError, match="line 2 holds b'windows' where a number is expected"):
        Vectors.load(put(tmp_path, ["the", "new windows 7", "a"], join, head=False))
