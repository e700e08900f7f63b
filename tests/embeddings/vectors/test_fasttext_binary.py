"""fastText's binary format against bytes put together here; what is wrong is told with its byte, to the letter."""

import gzip
import mmap
import re
import struct

import numpy as np
import pytest
from refusing import refused

from seqkit.core.errors import FormatError
from seqkit.embeddings.vectors.formats import _fasttext, fasttext_binary
from seqkit.embeddings.vectors.subword import SubwordVectors
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


def fasttext(words, table, *, buckets=0, n=(0, 0), counts=None, dim=2):
    data = struct.pack("<2i12id", 793712314, 12, dim, 5, 5, 1, 5, 1, 2, 2, buckets, *n, 100, 1e-4)
    counts = counts or [0] * len(words)
    data += struct.pack("<3i2q", len(words), len(words), 0, sum(counts), -1)
    for word, count in zip(words, counts, strict=True):
        data += word.encode() + b"\0" + struct.pack("<qb", count, 0)
    data += struct.pack("<?2q", False, *table.shape) + table.tobytes()
    return data + struct.pack("<?2q", False, len(words), dim) + bytes(4 * dim * len(words))


@pytest.mark.parametrize("block", [1, 2, 4096])
@pytest.mark.parametrize("buckets", [0, 1, 63, 200])
def test_fasttexts_file_is_written_and_read_to_the_byte(tmp_path, monkeypatch, block, buckets):
    monkeypatch.setattr(fasttext_binary, "BLOCK", block)
    words, counts, n = ["a_b", "é", "x"], [3, 2, 2**60 + 1], (2, 3) if buckets else (0, 0)
    table = np.random.default_rng(1).normal(size=(3 + buckets, 2)).astype("<f4")
    if buckets:
        made = SubwordVectors(Vocab(words, counts), table, min_n=2, max_n=3, buckets=buckets)
        made.save(tmp_path / "v.bin", "fasttext-binary")
    else:
        made = Vectors(Vocab(["a b", "é", "x"], counts), table)
        made.save(tmp_path / "v.bin", "fasttext-binary", space_as="_")
    assert (tmp_path / "v.bin").read_bytes() == fasttext(words, table, buckets=buckets, n=n, counts=counts)
    for limit in (None, 1, 2, 3, 9):
        found = Vectors.load(tmp_path / "v.bin", limit=limit)
        assert (found.vocab.tokens, found.vocab.counts.tolist()) == (words[:limit], counts[:limit])
        np.testing.assert_array_equal(found.matrix, made.matrix[:limit])
        whole = limit in (None, 3, 9) and buckets
        assert isinstance(found, SubwordVectors) == bool(whole)


def test_fasttexts_rows_that_are_left_out_take_their_counts_and_n_grams_along(tmp_path):
    table = np.ones((4 + 5, 2), "<f4")
    table[1] = np.nan
    path = tmp_path / "v.bin"
    path.write_bytes(fasttext(["a", "b", "c", "d"], table, buckets=5, n=(2, 3), counts=[9, 8, 7, 6]))
    with pytest.warns(UserWarning, match="1 rows with nan or inf left out"):
        found = Vectors.load(path, drop_nonfinite=True)
    assert (found.vocab.tokens, found.vocab.counts.tolist()) == (["a", "c", "d"], [9, 7, 6])
    assert not isinstance(found, SubwordVectors)
    with pytest.raises(FormatError, match=f"^{re.escape(str(path))}: word 2: the vector of 'b' holds nan"):
        Vectors.load(path)


HEADER = struct.calcsize("<2i12id")


def changed(content, at, form, *values):
    return content[:at] + struct.pack(form, *values) + content[at + struct.calcsize(form) :]


PLAIN = fasttext(["a", "é"], np.ones((2 + 4, 2), "<f4"), buckets=4, n=(1, 2), counts=[5, 6])
INPUT = HEADER + struct.calcsize("<3i2q") + 2 + 9 + 3 + 9  # where the mark of the input matrix stands
OUTPUT = INPUT + 17 + 6 * 2 * 4
FASTTEXT = {
    "empty": (b"", "is empty."),
    "short": (
        PLAIN[:7],
        "byte 0: magic number and version needs 8 bytes, 7 are left. The file is cut short.",
    ),
    "another magic": (
        changed(PLAIN, 0, "<i", -7),
        "begins with -7 and version 12, expected 793712314 and 11 or 12. Is it a fastText .bin?",
    ),
    "another version": (
        changed(PLAIN, 4, "<i", 10),
        "begins with 793712314 and version 10, expected 793712314 and 11 or 12. Is it a fastText .bin?",
    ),
    "short settings": (PLAIN[:20], "byte 8: settings needs 56 bytes, 12 are left. The file is cut short."),
    "short sizes": (
        PLAIN[: HEADER + 10],
        f"byte {HEADER}: sizes of the dictionary needs 28 bytes, 10 are left. The file is cut short.",
    ),
    "no dim": (changed(PLAIN, 8, "<i", 0), "got dim 0, expected 1 to 1,000,000. The file is damaged."),
    "much dim": (
        changed(PLAIN, 8, "<i", 1_000_001),
        "got dim 1,000,001, expected 1 to 1,000,000. The file is damaged.",
    ),
    "negative buckets": (
        changed(PLAIN, 8 + 4 * 8, "<i", -1),
        "got bucket -1, expected 0 to 2,147,483,647. The file is damaged.",
    ),
    "large minn": (
        changed(PLAIN, 8 + 4 * 9, "<i", 65_537),
        "got minn 65,537, expected 0 to 65,536. The file is damaged.",
    ),
    "large maxn": (
        changed(PLAIN, 8 + 4 * 10, "<i", 65_537),
        "got maxn 65,537, expected 0 to 65,536. The file is damaged.",
    ),
    "negative maxn": (
        changed(PLAIN, 8 + 4 * 10, "<i", -1),
        "got maxn -1, expected 0 to 65,536. The file is damaged.",
    ),
    "no buckets": (
        changed(PLAIN, 8 + 4 * 8, "<i", 0),
        "n-grams of up to 2 characters and no bucket for them. The file is damaged.",
    ),
    "more words than bytes": (
        changed(PLAIN, HEADER, "<3i", 9999, 9999, 0),
        f"byte {HEADER + 28}: a dictionary of 9,999 entries, 9,999 words and 0 labels, which "
        f"{len(PLAIN) - HEADER - 28} bytes do not hold. The file is cut short or damaged.",
    ),
    "negative words": (
        changed(PLAIN, HEADER, "<3i", 2, -1, 3),
        f"byte {HEADER + 28}: a dictionary of 2 entries, -1 words and 3 labels, which "
        f"{len(PLAIN) - HEADER - 28} bytes do not hold. The file is cut short or damaged.",
    ),
    "negative labels": (
        changed(PLAIN, HEADER, "<3i", 2, 3, -1),
        f"byte {HEADER + 28}: a dictionary of 2 entries, 3 words and -1 labels, which "
        f"{len(PLAIN) - HEADER - 28} bytes do not hold. The file is cut short or damaged.",
    ),
    "pruned": (
        changed(PLAIN, HEADER + 20, "<q", 0),
        "is pruned (quantised with a cut-off), which is not read. Export it as .vec, or use the .bin.",
    ),
    "negative count": (
        changed(PLAIN, HEADER + 30, "<q", -1),
        f"byte {HEADER + 28}: entry 1 has count -1 and type 0. The file is damaged.",
    ),
    "a label": (
        changed(PLAIN, HEADER + 30 + 8, "<b", 1),
        f"byte {HEADER + 28}: entry 1 has count 5 and type 1. The file is damaged.",
    ),
    "half a character": (
        PLAIN.replace("é".encode(), b"x\xff"),
        f"byte {HEADER + 28 + 11 + 1}: the word b'x\\xff' is not valid UTF-8. Correct the file, or pass "
        'errors="replace".',
    ),
    "half a character of a long word": (
        PLAIN.replace("é".encode(), b"\xff" * 50),
        f"byte {HEADER + 28 + 11}: the word {b'X' * 40!r} is not valid UTF-8. Correct the file, or pass "
        'errors="replace".'.replace("X" * 40, r"\xff" * 40),
    ),
    "quantised": (
        changed(PLAIN, INPUT, "<B", 1),
        f"byte {INPUT}: is quantised (.ftz), which is not read. Use the .bin or .vec.",
    ),
    "quantised output": (
        changed(PLAIN, OUTPUT, "<B", 1),
        f"byte {OUTPUT}: is quantised (.ftz), which is not read. Use the .bin or .vec.",
    ),
    "rows": (
        changed(PLAIN, INPUT + 1, "<q", 5000),
        f"byte {INPUT + 1}: an input matrix of 5,000 rows of 2, expected 6 rows of 2.",
    ),
    "numbers": (
        changed(PLAIN, INPUT + 9, "<q", 3),
        f"byte {INPUT + 1}: an input matrix of 6 rows of 3, expected 6 rows of 2.",
    ),
    "output of other numbers": (
        changed(PLAIN, OUTPUT + 9, "<q", 3),
        f"byte {OUTPUT + 1}: an output matrix of 2 rows of 3, expected any rows of 2.",
    ),
    "negative output": (
        changed(PLAIN, OUTPUT + 1, "<q", -1),
        f"byte {OUTPUT + 1}: an output matrix of -1 rows of 2, expected any rows of 2.",
    ),
    "large output": (
        changed(PLAIN, OUTPUT + 1, "<q", 1000),
        f"byte {OUTPUT + 17}: an output matrix of 1,000 rows of 2 needs 8,000 bytes, 16 are left. The file is cut "
        "short.",
    ),
    "no mark": (
        PLAIN[:INPUT],
        f"byte {INPUT}: the mark of a quantised matrix needs 1 bytes, 0 are left. The file is cut short.",
    ),
    "no size": (
        PLAIN[: INPUT + 2],
        f"byte {INPUT + 1}: the size of the input matrix needs 16 bytes, 1 are left. The file is cut short.",
    ),
    "no output size": (
        PLAIN[: OUTPUT + 2],
        f"byte {OUTPUT + 1}: the size of the output matrix needs 16 bytes, 1 are left. The file is cut short.",
    ),
    "more": (
        PLAIN + bytes(2000),
        "2,000 bytes follow the output matrix. Pass lenient=True to leave them out.",
    ),
    "word without end": (
        changed(PLAIN, HEADER, "<3i", 1, 1, 0)[: HEADER + 28] + b"x" * (1 << 16) + b"\0",
        f"byte {HEADER + 28}: word 1 does not end within 65,536 bytes.",
    ),
    "short entry": (
        changed(PLAIN, HEADER, "<3i", 1, 1, 0)[: HEADER + 28] + b"x" * 20 + b"\0",
        f"byte {HEADER + 28 + 21}: entry 1 of the dictionary needs 9 bytes, 0 are left. The file is cut short.",
    ),
    "no word": (
        PLAIN.replace("é".encode(), b""),
        f"byte {HEADER + 28 + 11}: the word '' is empty.",
    ),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("case", FASTTEXT)
def test_fasttexts_file_that_is_wrong_is_told_with_its_byte(tmp_path, case, pack):
    content, told = FASTTEXT[case]
    if content or pack is bytes:
        assert refused(tmp_path / "v", pack(content), "fasttext-binary") == told


def test_fasttexts_file_at_its_limits_is_read(tmp_path):
    path = tmp_path / "v"
    path.write_bytes(PLAIN)
    assert Vectors.load(path).vocab.tokens == ["a", "é"]
    path.write_bytes(PLAIN + b"x")
    assert len(Vectors.load(path, "fasttext-binary", lenient=True)) == 2
    path.write_bytes(PLAIN.replace("é".encode(), b"x\xff"))
    assert Vectors.load(path, "fasttext-binary", errors="replace").vocab.tokens == ["a", "x\ufffd"]
    for at, value in ((9, 65_536), (10, 65_536)):
        path.write_bytes(changed(PLAIN, 8 + 4 * at, "<i", value))
        vocab, table = _fasttext.read(path)
        assert (vocab.tokens, max(table.min_n, table.max_n)) == (["a", "é"], 65_536)
    for left, size in ((20, 2), (25, 2), (25, 3), (29, 3), (30, 3)):  # an entry takes 10 bytes or more
        short = changed(PLAIN, HEADER, "<3i", size, size, 0)[: HEADER + 28] + b"\0" * left
        assert ("do not hold" in refused(path, short, "fasttext-binary")) == (left < 10 * size)
    words = ["x" * (_fasttext.LONGEST - 1), "y"]
    path.write_bytes(fasttext(words, np.ones((2, 2), "<f4")))
    assert Vectors.load(path).vocab.tokens == words
    path.write_bytes(fasttext([], np.ones((0, 2), "<f4")))
    assert Vectors.load(path).matrix.shape == (0, 2)
    path.write_bytes(changed(changed(PLAIN, 4, "<i", 11), 8 + 4 * 7, "<i", 3))  # of an old supervised model
    assert _fasttext.read(path)[1].max_n == 0
    path.write_bytes(changed(PLAIN, 8 + 4 * 7, "<i", 3))
    assert _fasttext.read(path)[1].max_n == 2


def test_table_of_a_plain_file_is_memory_mapped_and_it_is_read_strictly(tmp_path):
    path = tmp_path / "v"
    for pack in (bytes, gzip.compress):
        path.write_bytes(pack(PLAIN))
        base = _fasttext.read(path)[1].table
        while isinstance(base, np.ndarray):
            base = base.base
        assert isinstance(getattr(base, "obj", base), mmap.mmap if pack is bytes else bytes)
    for content in (PLAIN + b"x", PLAIN.replace("é".encode(), b"x\xff")):
        path.write_bytes(content)
        with pytest.raises(FormatError):
            _fasttext.read(path)


def test_another_character_for_spaces_would_change_n_grams_and_is_refused(tmp_path):
    made = SubwordVectors(Vocab(["a b"], [1]), np.ones((3, 2), np.float32), min_n=2, max_n=3, buckets=2)
    with pytest.raises(FormatError) as told:
        made.save(tmp_path / "v.bin", "fasttext-binary", space_as="_")
    assert str(told.value) == "save: with '_' for spaces a word has other n-grams. Save vectors() of them."


def test_fasttexts_labels_are_no_words(tmp_path):
    entry = b"__label__x\0" + struct.pack("<qb", 4, 1) + b"__label__x\0" + struct.pack("<qb", 4, 1)
    content = changed(PLAIN, HEADER, "<3i", 4, 2, 2)
    (tmp_path / "v").write_bytes(content[:INPUT] + entry + content[INPUT:])
    assert Vectors.load(tmp_path / "v").vocab.tokens == ["a", "é"]
