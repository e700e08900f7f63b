"""Subword vectors: fastText's hash and n-grams, its .bin read strictly, unseen words."""

import gzip
import itertools
import struct

import numpy as np
import pytest
from shell import run

import seqkit as sk
from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError
from seqkit.embeddings.vectors.ngrams import buckets_of, fnv1a, ngrams, word_buckets
from seqkit.embeddings.vectors.subword import SubwordVectors
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


def plain_hash(data):
    """fastText's loop with C's types: h ^= uint32_t(int8_t(c)); h *= 16777619, both in 32 bits."""
    h = 2166136261
    for byte in data:
        (signed,) = struct.unpack("b", bytes([byte]))
        h ^= signed % 2**32
        h = h * 16777619 % 2**32
    return h


def plain_ngrams(word, minn, maxn):
    """Dictionary::computeSubwords, byte by byte, over UTF-8."""
    text, found = f"<{word}>".encode(), []
    for i in range(len(text)):
        if text[i] & 0xC0 == 0x80:
            continue
        gram, j, n = b"", i, 1
        while j < len(text) and n <= maxn:
            gram += text[j : j + 1]
            j += 1
            while j < len(text) and text[j] & 0xC0 == 0x80:
                gram += text[j : j + 1]
                j += 1
            if n >= minn and not (n == 1 and (i == 0 or j == len(text))):
                found.append(gram)
            n += 1
    return found


WORDS = ["</s>", "the", "über", "日本", "a"]


@pytest.mark.parametrize(
    ("min_n", "max_n"), [(3, 6), (1, 2), (2, 2), (0, 3), (5, 3), (0, 0), (1, 1), (2, 40)]
)
def test_buckets_of_many_words_are_those_of_each(min_n, max_n):
    random = np.random.default_rng(0)
    letters = list("ab<>é\0日\u07ff\u0800\uffff🙂\ud800")
    words = [
        "",
        "</s>",
        "a",
        *("".join(random.choice(letters, random.integers(0, 14))) for _ in range(500)),
        "</s>",
    ]
    found, ends = word_buckets(words, min_n, max_n, 1009)
    assert [found[a:b].tolist() for a, b in itertools.pairwise(ends)] == [
        buckets_of(w, min_n, max_n, 1009) for w in words
    ]
    if (min_n, max_n) == (3, 6):
        assert buckets_of("日é", 3, 6, 1009) == [
            plain_hash(gram) % 1009 for gram in plain_ngrams("日é", 3, 6)
        ]


def make_bin(
    words=WORDS,
    dim=3,
    bucket=7,
    minn=2,
    maxn=3,
    *,
    labels=(),
    magic=793712314,
    version=12,
    model=2,
    prune=-1,
    quantised=0,
    rows=None,
    sizes=None,
    extra=b"",
    seed=0,
):
    matrix = np.random.default_rng(seed).normal(size=(len(words) + bucket, dim)).astype("<f4")
    data = struct.pack("<2i", magic, version)
    data += struct.pack("<12id", dim, 5, 5, 1, 5, 1, 2, model, bucket, minn, maxn, 100, 1e-4)
    data += struct.pack("<3i2q", *(sizes or (len(words) + len(labels), len(words), len(labels))), 100, prune)
    for i, word in enumerate([*words, *labels]):
        data += (
            (word if isinstance(word, bytes) else word.encode())
            + b"\0"
            + struct.pack("<qb", 10 - i, i >= len(words))
        )
    data += struct.pack("<B2q", quantised, len(matrix) if rows is None else rows, dim) + matrix.tobytes()
    data += struct.pack("<B2q", 0, len(words), dim) + bytes(4 * len(words) * dim) + extra
    return data, matrix


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.bin"


@pytest.mark.parametrize(("text", "value"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_golden_hash_of_ascii_is_fnv_1a(text, value):
    """Published test vectors of FNV-1a, 32 bit."""
    assert fnv1a(text.encode()) == value


@pytest.mark.parametrize("text", ["über", "日本語", "é", "naïve", "\x7f\x80\xff", "🙂"])
def test_hash_takes_bytes_as_signed_chars(text):
    assert fnv1a(text.encode()) == plain_hash(text.encode())
    unsigned = 2166136261
    for byte in text.encode():
        unsigned = ((unsigned ^ byte) * 16777619) & 0xFFFFFFFF
    assert fnv1a(text.encode()) != unsigned  # which is the trap


@pytest.mark.parametrize("word", ["where", "a", "", "über", "日本", "e\u0301", "🙂🙂", "<>"])
@pytest.mark.parametrize(("minn", "maxn"), [(3, 6), (1, 2), (2, 2), (0, 3), (5, 3), (0, 0), (1, 1)])
def test_ngrams_are_those_of_fasttext_in_its_order(word, minn, maxn):
    assert [gram.encode() for gram in ngrams(word, minn, maxn)] == plain_ngrams(word, minn, maxn)


def test_a_file_is_read_and_words_known_and_unseen_are_means_of_their_rows(path):
    data, matrix = make_bin()
    path.write_bytes(data)
    model = SubwordVectors.load(path)
    assert (len(model), model.dim, model.buckets, model.min_n, model.max_n) == (5, 3, 7, 2, 3)
    assert model.vocab.counts.tolist() == [10, 9, 8, 7, 6]
    for word in ["the", "über", "日本", "a", "thesis", "unseen", "ü"]:
        rows = [WORDS.index(word)] if word in WORDS else []
        rows += [5 + plain_hash(gram) % 7 for gram in plain_ngrams(word, 2, 3)]
        total = np.zeros(3, np.float32)
        for row in rows:
            total += matrix[row]
        assert (model.of(word) == total * np.float32(1.0 / len(rows))).all(), word
    assert (model.of("</s>") == matrix[0]).all()  # it has no n-grams
    vectors = Vectors.load(path)
    assert vectors.vocab.tokens == WORDS
    assert (vectors["unseen"] == model.of("unseen")).all()
    assert (
        vectors.matrix.tobytes()
        == model.vectors().matrix.tobytes()
        == np.stack([model.of(word) for word in WORDS]).tobytes()
    )
    assert vectors.vocab.counts.tolist() == model.vocab.counts.tolist()
    assert len(Vectors.load(path, limit=2)) == len(model.vectors(2)) == 2


def test_compressed_files_labels_and_old_supervised_models_are_read(path):
    path.write_bytes(gzip.compress(make_bin()[0]))
    assert (SubwordVectors.load(path).of("the") == Vectors.load(path)["the"]).all()
    data, matrix = make_bin(labels=["__label__x", "__label__y"], version=11, model=3)
    path.write_bytes(data)
    model = SubwordVectors.load(path)
    assert (len(model), model.max_n) == (5, 0)
    assert (model.of("the") == matrix[1]).all()
    with pytest.raises(
        VocabularyError,
        match="'thee' is not in the vocabulary .* and has no n-gram of 2 to 0 characters. Did you mean 'the'",
    ):
        model.of("thee")


BAD = {
    "another magic": ({"magic": 1}, "begins with 1 and version 12, expected 793712314"),
    "another version": ({"version": 13}, "version 13"),
    "no numbers": ({"dim": 0}, "got dim 0, expected 1 to 1,000,000"),
    "negative minn": ({"minn": -1}, "got minn -1"),
    "n-grams without buckets": ({"bucket": 0}, "no bucket for them"),
    "sizes that do not add up": ({"sizes": (5, 4, 0)}, "5 entries, 4 words and 0 labels"),
    "sizes that do not fit": ({"sizes": (2**31 - 1, 2**31 - 1, 0)}, "a dictionary of 2,147,483,647 entries"),
    "negative sizes": ({"sizes": (-1, -1, 0)}, "-1 entries"),
    "labels among words": ({"sizes": (5, 3, 2)}, "entry 4 has count 7 and type 0"),
    "pruned": ({"prune": 3}, "is pruned"),
    "quantised": ({"quantised": 1}, r"is quantised \(.ftz\)"),
    "fewer rows": ({"rows": 11}, "an input matrix of 11 rows of 3, expected 12 rows of 3"),
    "rows beyond all memory": ({"rows": 2**62}, "rows of 3, expected 12"),
    "bytes left": ({"extra": b"x"}, "1 bytes follow the output matrix"),
    "no word": ({"words": [""]}, "the word '' is empty"),
    "invalid UTF-8": ({"words": [b"\xff\xfe"]}, "is not valid UTF-8"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_file_gets_one_sentence_with_its_place(case, path):
    settings, message = BAD[case]
    path.write_bytes(make_bin(**settings)[0])
    for load in (SubwordVectors.load, lambda p: Vectors.load(p, "fasttext-binary")):
        with pytest.raises(FormatError, match=message) as caught:
            load(path)
        assert str(path) in str(caught.value)


def test_of_words_that_stand_twice_the_first_is_kept_as_in_every_format(path):
    """Words cut inside a character, as published files have them, become one with errors="replace"."""
    data, matrix = make_bin(words=["und", b"f\xc3", b"f\xc4", "der"])
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r'not valid UTF-8. Correct the file, or pass errors="replace"'):
        SubwordVectors.load(path)
    with pytest.warns(UserWarning, match="1 duplicate words, the first kept"):
        found = SubwordVectors.load(path, errors="replace")
    assert found.vocab.tokens == ["und", "f\ufffd", "der"]
    assert found.vocab.counts.tolist() == [10, 9, 7]
    rows = np.concatenate([matrix[[0, 1, 3]], matrix[4:]])
    np.testing.assert_array_equal(found.table, rows)


def test_a_file_cut_anywhere_is_an_error_and_any_flipped_byte_a_named_one_or_other_numbers(path):
    whole, _ = make_bin()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError):
            SubwordVectors.load(path)
    for at in range(0, 200):
        for bit in (1, 128):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            try:
                SubwordVectors.load(path).of("unseen")
            except (FormatError, VocabularyError):
                continue


def test_rows_that_are_not_finite_are_told_when_used(path):
    data, matrix = make_bin()
    path.write_bytes(data.replace(matrix[5:].tobytes(), np.full((7, 3), np.nan, "<f4").tobytes()))
    model = SubwordVectors.load(path)
    assert np.isfinite(model.of("</s>")).all()
    with pytest.raises(FormatError, match="the vector of 'unseen' holds nan or inf"):
        model.of("unseen")
    with pytest.raises(FormatError, match="word 2: the vector of 'the' holds nan"):
        Vectors.load(path)
    with pytest.warns(UserWarning, match="4 rows with nan or inf left out"):
        vectors = Vectors.load(path, drop_nonfinite=True)
    assert (vectors.vocab.tokens, vectors.vocab.counts.tolist()) == (["</s>"], [10])


def test_sizes_are_checked():
    with pytest.raises(ShapeError, match="expected one row for each"):
        SubwordVectors(Vocab(["a"], [1]), np.zeros((2, 2), np.float32), min_n=1, max_n=2, buckets=2)
    with pytest.raises(ShapeError, match="no bucket"):
        SubwordVectors(Vocab(["a"], [1]), np.zeros((1, 2), np.float32), min_n=1, max_n=2, buckets=0)
    with pytest.raises(FormatError, match="no such file"):
        SubwordVectors.load("nothing.bin")
    with pytest.raises(OptionError, match="expected strict or replace"):
        SubwordVectors.load("nothing.bin", errors="ignore")


def test_gensim_reads_the_same_vectors(path):
    load = pytest.importorskip("gensim.models.fasttext").load_facebook_vectors
    path.write_bytes(make_bin()[0])
    theirs, ours = load(str(path)), SubwordVectors.load(path)
    for word in ["the", "über", "unseen", "日本語"]:
        np.testing.assert_allclose(theirs[word], ours.of(word), rtol=1e-5, atol=1e-6)


def make(words=("king", "kings", "queen", "queens", "the", "</s>"), dim=6, buckets=50, seed=0):
    table = np.random.default_rng(seed).normal(size=(len(words) + buckets, dim)).astype(np.float32)
    return SubwordVectors(
        Vocab(words, range(9, 9 - len(words), -1)), table, min_n=2, max_n=4, buckets=buckets
    )


@pytest.mark.parametrize(("format", "name"), [("native", "v"), ("fasttext-binary", "v.bin")])
def test_saved_and_opened_they_give_the_same_bytes_for_words_known_and_unseen(format, name, tmp_path):
    made = make()
    made.save(tmp_path / name, format)
    again = SubwordVectors.load(tmp_path / name)
    assert (again.min_n, again.max_n, again.buckets) == (2, 4, 50)
    assert again.table.tobytes() == made.table.tobytes()
    assert again.matrix.tobytes() == made.matrix.tobytes()
    assert again.of("kingdom").tobytes() == made.of("kingdom").tobytes()
    assert (again.vocab.tokens, again.vocab.counts.tolist()) == (
        made.vocab.tokens,
        made.vocab.counts.tolist(),
    )
    if format == "native":
        opened = Vectors.load(tmp_path / name)
        assert (opened["kingdom"] == made.of("kingdom")).all()
        made.save(tmp_path / "small", dtype="fp16")
        np.testing.assert_allclose(
            SubwordVectors.load(tmp_path / "small").of("kingdom"), made.of("kingdom"), atol=2e-3
        )


def test_as_text_they_are_the_known_words_and_a_folder_of_words_alone_is_refused(tmp_path):
    made = make()
    made.save(tmp_path / "v.vec", "fasttext")
    assert Vectors.load(tmp_path / "v.vec").matrix.tobytes() == made.matrix.tobytes()
    made.vectors().save(tmp_path / "v")
    with pytest.raises(
        FormatError, match=r"holds Vectors\(6 words, 6 numbers each\) without n-grams. Open it as Vectors"
    ):
        SubwordVectors.load(tmp_path / "v")


def test_questions_about_unseen_words_are_those_about_vectors_that_hold_them():
    made = make()
    plain = Vectors(
        Vocab([*made.vocab.tokens, "kingdom"], [0] * 7), np.vstack([made.matrix, made.of("kingdom")])
    )
    assert "kingdom" not in made
    assert made.similarity("kingdom", "king") == pytest.approx(plain.similarity("kingdom", "king"), abs=1e-6)
    for query in ("kingdom", "king"):
        want = [word for word, _ in plain.nearest([query], 6)[0] if word != "kingdom"][:4]
        assert [word for word, _ in made.nearest([query], 4)[0]] == want
    asked = {"positive": ["kingdom", "queens"], "negative": ["king"], "topn": 3}
    assert dict(made.most_similar(**asked)) == pytest.approx(dict(plain.most_similar(**asked)))
    assert made.analogy("king", "kingdom", "queen", topn=3) == plain.analogy(
        "king", "kingdom", "queen", topn=3
    )
    odd = ["king", "the", "kingdom", "kings"]
    assert made.doesnt_match(odd) == plain.doesnt_match(odd)
    assert made.analogy("king", "kings", "queen") == made.vectors().analogy("king", "kings", "queen")
    assert (made[["kingdom", "the"]] == plain[["kingdom", "the"]]).all()
    with pytest.raises(
        VocabularyError,
        match=r"'' is not in the vocabulary \(6 tokens\) and has no n-gram of 3 to 4 characters",
    ):
        SubwordVectors(made.vocab, made.table, min_n=3, max_n=4, buckets=50).nearest([""])


def test_training_gives_an_unseen_word_the_company_of_words_spelt_like_it():
    """Two topics whose words share a stem: an unseen ending of a stem must fall among its own."""
    random = np.random.default_rng(0)
    stems = {"blorf": 0, "zumpt": 1}
    endings = ["a", "ek", "il", "on", "us", "ing", "ed", "est"]
    topics = [[stem + ending for ending in endings] for stem in stems]
    text = [" ".join(random.choice(topics[n % 2], 12)) for n in range(600)]
    corpus = sk.Corpus.build(text)
    model = sk.SkipGram(
        dim=16, loss="subwords", buckets=1000, epochs=5, min_count=1, subsample=0.0, threads=1, window=3
    )
    vectors = model.fit(corpus)
    assert isinstance(vectors, SubwordVectors)
    for stem, topic in stems.items():
        near = [word for word, _ in vectors.nearest([f"{stem}oze"], 8)[0]]
        assert set(near) <= set(topics[topic])
    plain = vectors.nearest(["blorfek"], 7)[0]
    assert {word for word, _ in plain} <= set(topics[0])


def test_training_goes_on_from_a_table_of_the_same_shape_and_from_vectors_of_words():
    corpus = sk.Corpus.build(["a b c d e f g"] * 20)
    model = sk.SkipGram(dim=6, loss="subwords", buckets=20, epochs=1, min_count=1, threads=1)
    first = model.fit(corpus)
    start = model.objective(corpus, initial=first)
    assert start.vectors().table.tobytes() == first.table.tobytes()
    given = Vectors(Vocab(["b"], [1]), np.full((1, 6), 0.5, np.float32))
    assert (model.objective(corpus, initial=given).vectors().table[first.vocab.index["b"]] == 0.5).all()
    with pytest.raises(OptionError, match="initial: got buckets 20, expected 21"):
        model.set_params(buckets=21).fit(corpus, initial=first)
    with pytest.raises(OptionError, match="frozen: a word shares rows with words spelt like it"):
        model.fit(corpus, frozen=["a"])
    with pytest.raises(OptionError, match="max_n: got 2, expected at least min_n, 3"):
        sk.CBOW(loss="subwords", max_n=2)


def test_extended_they_keep_all_old_rows_and_the_text_moves_those_of_its_words_and_n_grams():
    model = sk.SkipGram(
        dim=6,
        loss="subwords",
        buckets=2000,
        epochs=2,
        min_count=1,
        threads=1,
        deterministic=True,
        subsample=0.0,
    )
    old = model.fit(sk.Corpus.build(["old king rules", "old queen rules"] * 20))
    text = sk.Corpus.build(["old emperor ruled", "new kings ruled"] * 20)
    start, more = (
        model.objective(text, initial=old, extend=True).vectors(),
        model.fit(text, initial=old, extend=True),
    )
    assert more.vocab.tokens == [
        *old.vocab.tokens,
        *(w for w in text.vocab.tokens if w not in old and w != "<unk>"),
    ]
    assert more.vocab.counts.tolist() == [
        60 if w == "old" else 20 if w != "ruled" and w != "rules" else 40 for w in more.vocab.tokens
    ]
    mine = np.r_[: len(old), len(more) : len(more) + 2000]  # where the old table's rows stand
    assert start.table[mine].tobytes() == old.table.tobytes()
    touched = {bucket for word in text.vocab.tokens[1:] for bucket in buckets_of(word, 3, 6, 2000)}
    moved = (more.table[mine] != old.table).any(1)
    assert {old.vocab.tokens[row] for row in np.flatnonzero(moved[: len(old)])} == {"old"}
    assert set(np.flatnonzero(moved[len(old) :])) == touched
    assert (more["king"] != old["king"]).any()  # shares <ki and kin with kings
    parts = more.parts("kings")
    assert parts[0] == more.vocab.index["kings"] >= len(old)
    np.testing.assert_allclose(
        start["kings"], (start.table[parts[0]] + (len(parts) - 1) * old.of("kings")) / len(parts), rtol=1e-4
    )
    again = sk.SkipGram(**model.get_params() | {"threads": 2}).fit(text, initial=old, extend=True)
    assert again.table.tobytes() == more.table.tobytes()


def test_vectors_without_n_grams_are_not_extended_with_subwords():
    text = sk.Corpus.build(["a b c"] * 20)
    given = Vectors(Vocab(["b", "z"], [1, 1]), np.ones((2, 6), np.float32))
    with pytest.raises(
        OptionError, match="extend: got vectors without n-grams, .* Give SubwordVectors, or leave extend out"
    ):
        sk.SkipGram(dim=6, loss="subwords", buckets=20, min_count=1).fit(text, initial=given, extend=True)


def test_command_trains_them_extends_them_and_asks_for_unseen_words(tmp_path):
    (tmp_path / "old.txt").write_text("the old king rules\nthe old queen rules\n" * 20)
    (tmp_path / "new.txt").write_text("the emperor ruled\nthe kings ruled\n" * 20)
    args = ["--subwords", "--dim", 6, "--buckets", 50, "--epochs", 1, "--threads", 1, "--quiet"]
    run("embed", "train", "old.txt", *args, "--out", "a", cwd=tmp_path)
    told = run(
        "embed", "train", "new.txt", *args, "--initial", "a", "--extend", "--out", "b", cwd=tmp_path
    ).stdout
    assert "8 words (3 new)" in told
    assert len(run("embed", "nearest", "b", "kingdoms", "--top", 3, "--json", cwd=tmp_path).stdout) > 9
    failed = run(
        "embed",
        "train",
        "new.txt",
        *args,
        "--buckets",
        51,
        "--initial",
        "a",
        "--out",
        "c",
        cwd=tmp_path,
        code=2,
    )
    assert "initial: got buckets 50, expected 51" in failed.stderr


def test_gensim_reads_trained_vectors(tmp_path):
    load = pytest.importorskip("gensim.models.fasttext").load_facebook_vectors
    vectors = sk.CBOW(dim=8, loss="subwords", buckets=99, epochs=1, min_count=1).fit(
        sk.Corpus.build(["où est 日本 le chat"] * 30)
    )
    vectors.save(tmp_path / "v.bin", "fasttext-binary")
    theirs = load(str(tmp_path / "v.bin"))
    for word in ["où", "est", "日本", "日本語", "chatte"]:
        np.testing.assert_allclose(theirs[word], vectors.of(word), rtol=1e-5, atol=1e-6)
