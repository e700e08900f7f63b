"""word2vec's binary format against bytes put together here, in blocks of any size; what is wrong is told to the letter."""

import gzip

import numpy as np
import pytest
from refusing import refused

from seqkit.embeddings.vectors.formats import _rows, word2vec_binary
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

WORDS = ["a", "é", "longer" * 3, "日本"]
ROWS = np.random.default_rng(0).normal(size=(4, 3)).astype("<f4")


def word2vec(words=WORDS, rows=ROWS, end=b"\n", said=None):
    head = b"%d %d\n" % ((len(words), rows.shape[1]) if said is None else said)
    return head + b"".join(w.encode() + b" " + r.tobytes() + end for w, r in zip(words, rows, strict=True))


@pytest.mark.parametrize("block", [1, 13, 40, 1000])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_rows_are_read_as_written_in_blocks_of_any_size(tmp_path, monkeypatch, block, end):
    monkeypatch.setattr(word2vec_binary, "BLOCK", block)
    for pack in (bytes, gzip.compress):
        for limit in (None, 1, 3, 4, 9):
            (tmp_path / "v").write_bytes(pack(word2vec(end=end)))
            found = Vectors.load(tmp_path / "v", "word2vec-binary", limit=limit)
            assert found.vocab.tokens == WORDS[:limit]
            np.testing.assert_array_equal(found.matrix, ROWS[:limit])
            assert not found.vocab.counts.any()


def test_rows_of_a_plain_file_are_not_copied_together(tmp_path, monkeypatch):
    (tmp_path / "v").write_bytes(word2vec())
    monkeypatch.setattr(_rows.np, "concatenate", None)
    np.testing.assert_array_equal(Vectors.load(tmp_path / "v").matrix, ROWS)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("block", [1, 1000])
def test_bytes_after_the_last_row_are_told_or_left_out_if_asked(tmp_path, monkeypatch, pack, block):
    monkeypatch.setattr(word2vec_binary, "BLOCK", block)
    told = "more bytes follow the 4 rows of the header. Pass lenient=True to leave them out."
    for more in (b"x", b"X", b" ", b"\n\nx", b"x" * 70_000):
        content = pack(word2vec() + more)
        assert refused(tmp_path / "v", content, "word2vec-binary") == told
        assert Vectors.load(tmp_path / "v", "word2vec-binary", lenient=True).vocab.tokens == WORDS
        assert Vectors.load(tmp_path / "v", "word2vec-binary", limit=4).vocab.tokens == WORDS
    assert refused(tmp_path / "v", pack(word2vec(end=b"") + b"x"), "word2vec-binary") == told
    (tmp_path / "v").write_bytes(pack(word2vec() + b"\n\n"))
    assert len(Vectors.load(tmp_path / "v", "word2vec-binary")) == 4


def test_header_that_a_file_cannot_hold_is_refused_before_memory_is_taken(tmp_path, monkeypatch):
    def told(rows, dim, size):
        return (
            f"the header says {rows:,} rows of {dim:,} numbers, which {size:,} bytes cannot hold. The file is cut "
            "short or its header is wrong; get it again."
        )

    path, rows = tmp_path / "v", np.ones((100, 1), "<f4")
    whole = word2vec(list(map(chr, range(33, 133))), rows, b"")  # 100 rows of 6 bytes, one of 7, no line ends
    path.write_bytes(whole)
    assert len(Vectors.load(path, "word2vec-binary")) == 100
    assert refused(path, b"2000 1\n" + b"x" * 11992, "word2vec-binary") == told(2000, 1, 11999)
    cut = "the header says 2,000 rows, the file ends in row 1. It is cut short."
    assert refused(path, b"2000 1\n" + b"x" * 11993, "word2vec-binary") == cut
    assert refused(path, b"1000 3\n" + b"x" * 13_000, "word2vec-binary") == told(1000, 3, 13_007)
    monkeypatch.setattr(np, "empty", None)
    assert refused(path, b"9000000000 1000\nab", "word2vec-binary") == told(9_000_000_000, 1000, 18)
    monkeypatch.undo()
    cut = word2vec()[:-6]
    assert refused(path, cut, "word2vec-binary").startswith(
        "the header says 4 rows, the file ends in row 4. It"
    )
    told_of_it = "the header says 4 rows, the file ends in row 4. It is cut short."
    assert refused(path, gzip.compress(cut), "word2vec-binary") == told_of_it
    far = b"3000 1\n" + b"a " + bytes(4)
    assert refused(path, gzip.compress(far), "word2vec-binary") == (
        "the header says 3,000 rows, the file ends in row 2. It is cut short."
    )
    first = b"x" * 70 + b"\n"
    assert refused(path, first, "word2vec-binary") == (
        f"line 1 is {first[:60]!r}, expected a header of two numbers."
    )


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_word_without_end_is_told(tmp_path, pack):
    most, row = 1 << 16, ROWS[:1, :1].tobytes()
    told = "row 2: no word of at most 65,536 bytes. Is it word2vec binary?"
    head = b"2 1\na " + row
    assert refused(tmp_path / "v", pack(head + b"x" * most), "word2vec-binary") == told
    assert refused(tmp_path / "v", pack(head + b"x" * most + b" " + row), "word2vec-binary") == told
    assert "row 2. It is cut short" in refused(
        tmp_path / "v", pack(head + b"x" * (most - 1)), "word2vec-binary"
    )
    (tmp_path / "v").write_bytes(pack(head + b"x" * (most - 1) + b" " + row))
    assert [len(word) for word in Vectors.load(tmp_path / "v").vocab.tokens] == [1, most - 1]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("dim", [1, 20_000])
def test_first_row_without_a_word_is_told(tmp_path, pack, dim):
    content = b"1 %d\n " % dim + bytes(4 * dim) + b"\n\n"
    told = "row 1: no word. Is the file of this format?"
    assert refused(tmp_path / "v", pack(content), "word2vec-binary") == told


def test_no_rows_and_large_rows_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(word2vec_binary, "BLOCK", 7)
    for pack in (bytes, gzip.compress):
        (tmp_path / "v").write_bytes(pack(b"0 7\n"))
        assert Vectors.load(tmp_path / "v", "word2vec-binary").matrix.shape == (0, 7)
        rows = np.arange(20_000, dtype="<f4").reshape(2, 10_000)
        (tmp_path / "v").write_bytes(pack(word2vec(["x", "y"], rows)))
        np.testing.assert_array_equal(Vectors.load(tmp_path / "v", "word2vec-binary").matrix, rows)


@pytest.mark.parametrize(("order", "turned"), [("little", ROWS), ("big", ROWS.byteswap())])
def test_machine_of_the_other_byte_order_turns_the_bytes(monkeypatch, order, turned):
    monkeypatch.setattr(word2vec_binary.sys, "byteorder", order)
    out = np.empty((4, 3), np.float32)
    words, rows, place = word2vec_binary._rows(b"head" + word2vec()[4:], 4, out, None, 0)
    assert (words, place) == ([word.encode() for word in WORDS], len(word2vec()) - 1)
    np.testing.assert_array_equal(rows, turned)


def test_binary_is_written_to_the_byte(tmp_path):
    vectors = Vectors(Vocab(["a b", "é"], [1, 2]), ROWS[:2])
    vectors.save(tmp_path / "v", "word2vec-binary", space_as="_")
    assert (tmp_path / "v").read_bytes() == word2vec(["a_b", "é"], ROWS[:2])
