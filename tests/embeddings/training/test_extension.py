"""Extending vectors by a text of partly new words: what stays, what is learnt, in which order, and what is refused."""

import numpy as np
import pytest
from shell import run

from seqkit.core.errors import FormatError, OptionError, VocabularyError
from seqkit.embeddings.training.extension import extended
from seqkit.embeddings.training.frequencies import keep_thresholds
from seqkit.embeddings.training.trainer import CONTEXTS, SkipGram
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab

OLD = [
    "the king rules the old town",
    "the queen rules the old town",
    "a cat sat on the mat",
    "a dog sat on the rug",
] * 30
NEW = [
    "the king and the emir rule the new land",
    "the queen and the sultana rule the new land",
    "a cat saw the emir once",
] * 30
LOSSES = ("negative-sampling", "hierarchical-softmax", "full-softmax")


def model(context="skipgram", **settings):
    given = {"dim": 8, "epochs": 2, "min_count": 3, "threads": 1, "subsample": 0.01, "deterministic": True}
    return CONTEXTS[context](**(given | settings))


@pytest.fixture(scope="module")
def old():
    return model().fit(Corpus.build(OLD))


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("loss", LOSSES)
def test_absent_words_keep_their_rows_known_ones_move_and_new_ones_are_learnt(old, context, loss):
    text = Corpus.build(NEW)
    vectors = model(context, loss=loss).fit(text, initial=old, extend=True)
    assert vectors.vocab.tokens[: len(old)] == old.vocab.tokens
    assert vectors.vocab.tokens[len(old) :] == [w for w in text.vocab.tokens[1:] if w not in old]
    absent = [w for w in old if w not in text.vocab]
    known = [w for w in old if w in text.vocab]
    assert {"rules", "mat", "dog"} <= set(absent) and {"the", "king", "cat"} <= set(known)
    assert vectors[absent].tobytes() == old[absent].tobytes()
    assert (vectors[known] != old[known]).any(1).all()
    start = model(context, loss=loss).objective(text, initial=old, extend=True).vectors()
    assert start[known].tobytes() == old[known].tobytes()
    fresh = [w for w in vectors if w not in old]
    assert (vectors[fresh] != start[fresh]).any(1).all()


def test_new_words_come_to_lie_near_old_words_of_their_company():
    """In the new text emir stands where king stood in the old one, so that it must end nearer to king than to cat."""
    settings = {"dim": 12, "epochs": 20, "window": 3, "min_count": 1, "subsample": 0.0, "lr": 0.05}
    first = model(**settings).fit(Corpus.build(["king rules wide land", "cat eats small mouse"] * 60))
    text = Corpus.build(["emir rules wide land", "cat eats small mouse"] * 60)
    vectors = model(**settings).fit(text, initial=first, extend=True, frozen=["rules", "wide", "land"])
    assert vectors.similarity("emir", "king") > vectors.similarity("emir", "mouse") + 0.2
    apart = model(**settings, seed=9).fit(text)
    assert "king" not in apart


def test_counts_are_added_and_words_are_thinned_out_by_the_new_text_alone(old):
    text = Corpus.build(NEW)
    objective = model().objective(text, initial=old, extend=True)
    vocab = objective.vectors().vocab
    for word in ("the", "rules", "emir"):
        before = old.vocab.counts[old.vocab.id(word)] if word in old else 0
        now = text.vocab.counts[text.vocab.id(word)] if word in text.vocab else 0
        assert vocab.counts[vocab.id(word)] == before + now
    alone = np.where(text.vocab.counts >= 3, text.vocab.counts, 0)
    alone[0] = 0
    assert (objective.windows.keep[: len(text.vocab)] == keep_thresholds(alone, 0.01)).all()
    assert (objective.windows.keep[len(text.vocab) :] == 0).all()


def test_rare_new_words_are_left_out_and_rare_old_ones_are_not(old):
    text = Corpus.build([*NEW, "mat unheard mat"])
    vectors = model().fit(text, initial=old, extend=True)
    assert "unheard" not in vectors
    assert (vectors["mat"] != old["mat"]).any()  # twice in the text, below min_count


@pytest.mark.parametrize("loss", LOSSES)
def test_same_seed_same_bytes_on_any_threads_and_after_a_resume(old, loss, tmp_path):
    text = Corpus.build(NEW)
    one = model(loss=loss).fit(text, initial=old, extend=True, checkpoint=tmp_path)
    two = model(loss=loss, threads=2).fit(text, initial=old, extend=True)
    again = model(loss=loss).fit(text, initial=old, extend=True, checkpoint=tmp_path, resume=True)
    assert one.matrix.tobytes() == two.matrix.tobytes() == again.matrix.tobytes()
    assert (
        one.matrix.tobytes() != model(loss=loss, seed=2).fit(text, initial=old, extend=True).matrix.tobytes()
    )
    with pytest.raises(OptionError, match="resume: got extended"):
        model(loss=loss).fit(text, initial=old, checkpoint=tmp_path, resume=True)


def test_frozen_words_stay_though_the_text_has_them_or_lacks_them(old):
    vectors = model().fit(Corpus.build(NEW), initial=old, extend=True, frozen=["king", "rules", "the"])
    for word in ("king", "rules", "the"):
        assert vectors[word].tobytes() == old[word].tobytes()
    assert (vectors["cat"] != old["cat"]).any()
    everything = model().fit(Corpus.build(NEW), initial=old, extend=True, frozen=list(old))
    assert everything.matrix[: len(old)].tobytes() == old.matrix.tobytes()
    with pytest.raises(VocabularyError, match="'once' was seen less than 99 times"):
        model(min_count=99).fit(Corpus.build(NEW), initial=old, extend=True, frozen=["once"])


def test_special_tokens_of_old_vectors_stay_and_are_not_trained():
    """GloVe's files have a row <unk>; in a text it is what unknown words fall to, which is never learnt."""
    given = Vectors(Vocab(["<unk>", "king", "</s>"], [0, 0, 0]), np.full((3, 8), 0.5, np.float32))
    vectors = model().fit(
        Corpus.build(NEW, min_count=40, add_eos=True), initial=given, extend=True, frozen=["<unk>"]
    )
    assert vectors.vocab.tokens[:3] == given.vocab.tokens
    assert (vectors["<unk>"] == 0.5).all()
    assert (vectors["</s>"] != 0.5).any()
    assert "emir" in vectors and "once" not in vectors


@pytest.mark.parametrize(
    ("words", "dim", "error", "message"),
    [
        (["the", "king"], 5, OptionError, "got vectors of 5 numbers, expected dim, 8"),
        (["the", "king", "the"], 8, FormatError, "extend: 'the' stands twice among the 3 words"),
        (
            ["The", "King"],
            8,
            VocabularyError,
            r"extend: none of the 2 words of the vectors \(first: \['The'\]\) is in the text",
        ),
        (["<unk>"], 8, VocabularyError, "extend: none of the 1 words"),
        ([], 8, VocabularyError, "extend: none of the 0 words"),
    ],
)
def test_vectors_that_cannot_be_extended_are_refused(words, dim, error, message):
    given = Vectors(Vocab(words, [1] * len(words)), np.ones((len(words), dim), np.float32))
    with pytest.raises(error, match=message):
        model().fit(Corpus.build(NEW), initial=given, extend=True)


def test_extend_without_vectors_is_refused():
    with pytest.raises(OptionError, match="extend: got no vectors to extend. Give them as initial="):
        SkipGram().fit(Corpus.build(NEW), extend=True)


def test_a_text_of_old_words_alone_adds_none_and_its_vocabulary_stays_as_it_was(old):
    text = Corpus.build(OLD[:50])
    before = text.vocab.counts.copy()
    words = extended(text.vocab, old, 3)
    assert len(words.rows) == len(old)
    assert (text.vocab.counts == before).all()


def test_command_extends_and_says_how_many_words_are_new(tmp_path):
    (tmp_path / "old.txt").write_text("\n".join(OLD))
    (tmp_path / "new.txt").write_text("\n".join(NEW))
    args = ["--dim", 8, "--epochs", 1, "--threads", 1, "--deterministic", "--quiet"]
    run("embed", "train", tmp_path / "old.txt", *args, "--out", tmp_path / "a")
    more = ["--initial", tmp_path / "a", "--extend"]
    assert (
        "MiB of memory"
        in run("embed", "train", tmp_path / "new.txt", *args, *more, "--out", "x", "--dry-run").stdout
    )
    told = run("embed", "train", tmp_path / "new.txt", *args, *more, "--out", tmp_path / "b").stdout
    a, b = Vectors.load(tmp_path / "a"), Vectors.load(tmp_path / "b")
    assert f"{len(b)} words ({len(b) - len(a)} new)" in told
    assert b.vocab.tokens[: len(a)] == a.vocab.tokens
    assert (b["rules"] == a["rules"]).all()
    failed = run("embed", "train", tmp_path / "new.txt", *args, "--extend", "--out", tmp_path / "c", code=2)
    assert "extend: got no vectors to extend" in failed.stderr
    failed = run(
        "embed",
        "train",
        tmp_path / "new.txt",
        *args,
        "--loss",
        "glove",
        *more,
        "--out",
        tmp_path / "c",
        code=2,
    )
    assert "glove: got initial, extend, expected none" in failed.stderr
