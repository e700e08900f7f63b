"""text.corpus.corpus and text.corpus.corpus.build: no token lost, same result for any number of workers, cached, bounded, honest."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, OptionError, SeqkitError, ShapeError
from seqkit.core.files import stored
from seqkit.embeddings.training.trainer import SkipGram
from seqkit.text.corpus import build
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.normalize import Normalizer
from seqkit.text.readers.text import read
from seqkit.text.tokenizer import Tokenizer, tokenizer

LINES = ["the cat sat", "", "on the mat the end", "cat"]


def test_ids_and_starts_spell_the_text():
    corpus = Corpus.build(LINES)
    assert [corpus.sentence(i) for i in range(len(corpus))] == [line.split() for line in LINES if line]
    assert corpus.vocab.tokens == ["<unk>", "the", "cat", "sat", "on", "mat", "end"]
    assert corpus.vocab.counts.tolist() == [0, 3, 2, 1, 1, 1, 1]
    assert corpus.starts.tolist() == [0, 3, 8, 9]


def test_rare_words_become_unknown_and_are_counted():
    corpus = Corpus.build(LINES, min_count=2)
    assert corpus.vocab.tokens == ["<unk>", "the", "cat"]
    assert corpus.unknown_share == pytest.approx(4 / 9)
    assert corpus.num_tokens == 9
    assert Corpus.build(LINES, max_size=2).vocab.tokens == ["<unk>", "the"]


def test_end_of_sentence_stands_after_every_line_blank_ones_too():
    corpus = Corpus.build(LINES, add_eos=True)
    eos = corpus.vocab.specials["eos"]
    assert int((corpus.ids == eos).sum()) == 4
    assert corpus.vocab.counts[eos] == 4
    assert corpus.sentence(0) == ["the", "cat", "sat", "</s>"]


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "c", "dd", "é", "x_1"]), max_size=8), min_size=1, max_size=30
    )
)
def test_corpus_equals_a_plain_count(sentences):
    words = [word for sentence in sentences for word in sentence]
    if not words:
        with pytest.raises(FormatError, match="no token"):
            Corpus.build([" ".join(s) for s in sentences])
        return
    corpus = Corpus.build([" ".join(s) for s in sentences])
    assert corpus.vocab.words(corpus.ids) == words
    assert {w: corpus.vocab.counts[corpus.vocab.index[w]] for w in set(words)} == {
        w: words.count(w) for w in set(words)
    }
    order = sorted(dict.fromkeys(words), key=lambda w: -words.count(w))
    assert corpus.vocab.tokens[1:] == order
    again = Corpus.from_sentences(sentences)
    assert again.vocab == corpus.vocab
    assert again.fingerprint == corpus.fingerprint


def test_any_number_of_workers_and_hash_seeds_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "PARALLEL_FROM", 1000)
    monkeypatch.setattr(build, "GROUP", 500)
    random = np.random.default_rng(0)
    text = "\n".join(" ".join(f"w{n}" for n in np.minimum(random.zipf(1.3, 12), 5000)) for _ in range(300))
    (tmp_path / "t.txt").write_text(text)
    made = [
        Corpus.build(tmp_path / "t.txt", threads=threads, out=tmp_path / str(threads))
        for threads in (1, 2, 3)
    ]
    files = [sorted(p.read_bytes() for p in (tmp_path / str(threads)).iterdir()) for threads in (1, 2, 3)]
    assert files[0] == files[1] == files[2]
    assert made[0].num_tokens == 3600
    code = f"from seqkit.text.corpus.corpus import Corpus; print(Corpus.build({str(tmp_path / 't.txt')!r}).fingerprint)"
    for seed in ("0", "77"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == made[0].fingerprint


def test_endless_line_is_one_sentence_and_none_of_its_tokens_is_lost(tmp_path):
    (tmp_path / "t").write_text("word other " * 300_000)
    corpus = Corpus.build(tmp_path / "t", threads=2)
    assert (corpus.num_tokens, len(corpus)) == (600_000, 1)
    assert (corpus.ids[::2] == 1).all()
    assert (corpus.ids[1::2] == 2).all()


def test_million_word_line_among_short_ones(tmp_path):
    (tmp_path / "t").write_text("a b\n" + "x " * 1_000_000 + "\nc d")
    corpus = Corpus.build(tmp_path / "t")
    assert np.diff(corpus.starts).tolist() == [2, 1_000_000, 2]


def test_built_corpus_is_opened_again_only_for_the_same_text_and_settings(tmp_path, monkeypatch):
    path, out = tmp_path / "t", tmp_path / "c"
    path.write_text("a b c a")
    first = Corpus.build(path, out=out)
    built = []
    monkeypatch.setattr(
        "seqkit.text.corpus.corpus.build", lambda *a, **k: built.append(1) or build.build(*a, **k)
    )
    assert Corpus.build(path, out=out).fingerprint == first.fingerprint
    assert not built
    Corpus.build(path, out=out, min_count=2)
    path.write_text("a b c b")
    Corpus.build(path, out=out)
    assert len(built) == 2
    assert Corpus.load(out).vocab.counts.tolist() == [0, 2, 1, 1]


def test_saved_corpus_comes_back_memory_mapped_and_equal(tmp_path):
    corpus = Corpus.build(LINES, "word", normalizer=Normalizer(lower=True), add_eos=True)
    corpus.save(tmp_path / "c")
    again = Corpus.load(tmp_path / "c")
    assert again.vocab == corpus.vocab
    np.testing.assert_array_equal(again.ids, corpus.ids)
    assert again.fingerprint == corpus.fingerprint
    assert again.meta["normalizer"]["lower"] is True
    with pytest.raises(FormatError, match="nothing: no such file or folder"):
        Corpus.load(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("", {}, "no token in 0 characters"),
        (" \n\n ", {}, "no token in"),
        (
            "one",
            {"min_count": 5},
            "none of the 1 tokens was read 5 times or more, the most common one 1 times",
        ),
        ("a b", {"min_count": 2, "specials": ()}, "none of the 2 tokens"),
        (
            "a a b",
            {"min_count": 2, "specials": ()},
            "rare tokens are not in the vocabulary and there is no <unk>",
        ),
        ("a \0 b", {}, "a NUL byte"),
    ],
)
def test_bad_text_gets_one_sentence_and_leaves_nothing(tmp_path, text, settings, message):
    (tmp_path / "t").write_text(text)
    with pytest.raises(FormatError, match=message):
        Corpus.build(tmp_path / "t", out=tmp_path / "c", **settings)
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_worker_that_fails_says_why_in_one_sentence_and_leaves_nothing(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(build, "PARALLEL_FROM", 10)
    monkeypatch.setattr(
        "seqkit.text.tokenizers.whitespace.Whitespace.settings", lambda self: {"name": "nope"}
    )
    (tmp_path / "t").write_text("a b c d e f g h i j")
    with pytest.raises(SeqkitError, match="unknown tokenizer 'nope'"):
        Corpus.build(tmp_path / "t", threads=2, out=tmp_path / "c")
    assert [path.name for path in tmp_path.iterdir()] == ["t"]
    assert capfd.readouterr() == ("", "")


def test_sentences_by_punkt(data):
    data("nltk_data/tokenizers/punkt_tab/english/abbrev_types.txt")
    corpus = Corpus.build(["Mr. Smith is here. He waits.", "Yes."], "word", sentences="punkt")
    assert [" ".join(corpus.sentence(i)) for i in range(3)] == ["Mr. Smith is here .", "He waits .", "Yes ."]


def test_normalising_is_off_by_default_and_each_option_does_its_own():
    text = "Crème ２ 42 ﬁn"
    assert Normalizer()(text) == text
    assert Normalizer(lower=True)(text) == text.lower()
    assert Normalizer(accents="fold")("Crème ὕ") == "Creme υ"
    assert Normalizer(digits="zero")("a1b22") == "a0b00"
    assert Normalizer(digits="spell")("x 42") == "x four two"
    assert Normalizer(unicode="nfkc")(text) == "Crème 2 42 fin"


def test_trained_subword_tokenizer_numbers_the_corpus(tmp_path):
    from seqkit.text.tokenizers.subword import Subword

    made = Subword.train(["low lower lowest new newer"] * 20, vocab_size=300)
    made.save(tmp_path / "tok")
    opened = Tokenizer.load(tmp_path / "tok")
    corpus = Corpus.build(["lower new", "newest"], opened)
    assert opened.decode(corpus.ids[: corpus.starts[1]]) == "lower new"
    assert corpus.vocab.tokens == made.vocab.tokens
    assert corpus.vocab.counts.sum() == corpus.num_tokens


def test_golden_counts_of_real_texts(data):
    corpus = Corpus.build(data("corpora/text8-prefix.txt.gz"))
    assert (corpus.num_tokens, len(corpus.vocab) - 1) == (1_171_946, 57_993)
    assert int((corpus.vocab.counts[1:] >= 5).sum()) == 15_440
    ptb = Corpus.build(read(data("lm/ptb/ptb.valid.txt.gz")), add_eos=True)
    assert ptb.num_tokens == 73_760


def test_pieces_of_a_large_text_are_cut_between_lines(tmp_path, monkeypatch):
    monkeypatch.setattr("seqkit.text.readers.text.PIECE", 20_000)
    monkeypatch.setattr(build, "GROUP", 10_000)
    line = "We left the U.S. today."
    (tmp_path / "text").write_text(f"{line}\n" * 3000)  # more than one piece
    corpus = Corpus.build(tmp_path / "text", "word", threads=1)
    assert set(corpus.vocab.tokens) == {"<unk>", "We", "left", "the", "U.S.", "today", "."}
    assert (np.diff(corpus.starts) == 6).all()


def test_bounded_counting_keeps_every_word_above_epsilon_with_exact_counts(tmp_path):
    random = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in random.zipf(1.2, 50_000) % 20_000])
    (tmp_path / "text").write_text("\n".join(" ".join(row) for row in words.reshape(-1, 50)))
    whole = Corpus.build(tmp_path / "text")
    bounded = Corpus.build(tmp_path / "text", epsilon=1e-3, threads=2)
    exact = dict(zip(whole.vocab.tokens, whole.vocab.counts.tolist(), strict=True))
    found = dict(zip(bounded.vocab.tokens, bounded.vocab.counts.tolist(), strict=True))
    assert {word for word, count in exact.items() if count > 50} <= found.keys()
    assert all(found[word] == exact[word] for word in found if word != "<unk>")
    assert found["<unk>"] == bounded.num_tokens - sum(n for word, n in found.items() if word != "<unk>")
    assert len(found) < len(exact) / 4
    assert bounded.num_tokens == whole.num_tokens


def test_subword_tokenizer_is_learnt_from_the_text_itself(tmp_path):
    (tmp_path / "text").write_text("low lower lowest new newer newest\n" * 50)
    corpus = Corpus.build(tmp_path / "text", "subword:unigram", max_size=40, out=tmp_path / "corpus")
    assert 10 < len(corpus.vocab) <= 40
    assert corpus.unknown_share == 0
    assert corpus.meta["tokenizer"]["name"] == "subword"


@pytest.mark.parametrize("settings", [{"epsilon": 0.1}, {"tokens": "subword:bpe"}])
def test_source_that_can_be_read_only_once_is_refused_where_two_readings_are_needed(settings):
    with pytest.raises(
        OptionError, match="this text can be read only once, and these settings read it twice"
    ):
        Corpus.build(iter(["a b c"]), **settings)


def test_progress_ends_at_the_whole_text(tmp_path):
    seen = []
    corpus = Corpus.build(["a b c\n"] * 300_000, report=seen.append)
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert seen[-1] == corpus.meta["characters"] == 1_800_000


def test_word_tokenizer_cuts_punctuation():
    assert tokenizer("word").tokens("Hello, world!") == ["Hello", ",", "world", "!"]


@pytest.mark.parametrize("wrong", [2_000_000_000, 3, -1])
def test_id_beyond_the_vocabulary_is_refused_before_it_is_used(tmp_path, wrong):
    Corpus.from_sentences([["a", "b"], ["a"]]).save(tmp_path / "c")
    arrays, meta = files.load(tmp_path / "c", "corpus")
    ids = arrays["ids"].copy()
    ids[2] = wrong
    files.save(tmp_path / "c", "corpus", arrays | {"ids": ids}, meta)
    corpus = Corpus.load(tmp_path / "c")
    assert (corpus.num_tokens, len(corpus)) == (3, 2)
    with pytest.raises(
        ModelFileError, match=f"ids: got {wrong:,} at place 2, expected 0 to 2. The corpus is dam"
    ):
        SkipGram(dim=4, min_count=1, epochs=1).fit(corpus)
    with pytest.raises(ShapeError, match=f"ids: got {wrong:,} at place 2, expected 0 to 2"):
        Corpus(ids, corpus.starts, corpus.vocab)


def test_flipped_bit_in_a_large_corpus_is_found_when_its_block_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "VERIFY_BELOW", 1 << 12)
    monkeypatch.setattr(files, "READ_AT_ONCE", 1 << 10)
    monkeypatch.setattr(stored, "BLOCK", 1 << 10)
    Corpus.from_sentences([["a", "b", "c"] * 1000]).save(tmp_path / "c")
    (path,) = (tmp_path / "c").glob("arrays-*")
    assert Corpus.load(tmp_path / "c").ids[5] == 3
    whole = bytearray(path.read_bytes())
    whole[-6000] ^= 1
    path.write_bytes(whole)
    corpus = Corpus.load(tmp_path / "c")
    with pytest.raises(ModelFileError, match="do not match their checksum, so the file is damaged"):
        _ = corpus.ids
