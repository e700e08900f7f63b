"""Cooccurrence: the same counts for any memory, threads and shards; files that are whole or refused."""

import itertools
import json

import numpy as np
import pytest

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, OptionError, ResourceError, VocabularyError
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.training.objectives.glove import GloVeObjective
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab


def make_corpus(tokens=3000, vocab=60, seed=0, sentence=37):
    random = np.random.default_rng(seed)
    ids = np.minimum(random.zipf(1.3, tokens) - 1, vocab - 1).astype(np.int32)
    starts = np.append(np.arange(0, tokens, sentence), tokens).astype(np.int64)
    words = ["<unk>"] + [f"w{i}" for i in range(1, vocab)]
    return Corpus(ids, starts, Vocab(words, np.bincount(ids, minlength=vocab), {"unk": 0}), {})


def brute_force(
    corpus, *, window=10, min_count=5, max_size=None, symmetric=True, weighting="inverse", distance="kept"
):
    """The C program's loops, on strings and in float64: left context only, mirrored; lines end windows."""
    counts = dict(zip(corpus.vocab.tokens, corpus.vocab.counts.tolist(), strict=True))
    order = sorted((w for w in counts if w != "<unk>"), key=lambda w: -counts[w])[:max_size]
    known = {w for w in order if counts[w] >= min_count}
    found = {}
    for i in range(len(corpus)):
        line = [w if w in known else None for w in corpus.sentence(i)]
        if distance == "kept":
            line = [w for w in line if w]
        for j, word in enumerate(line):
            for k in range(max(0, j - window), j):
                if word is None or line[k] is None:
                    continue
                x = 1 / (j - k) if weighting == "inverse" else 1.0
                for pair in [(line[k], word)] + [(word, line[k])] * symmetric:
                    found[pair] = found.get(pair, 0.0) + x
    return found


def as_dict(counts):
    words = counts.vocab.tokens
    return {(words[i], words[j]): x for i, j, x in zip(*(a.tolist() for a in counts.pairs()), strict=True)}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"window": 1},
        {"window": 25},
        {"symmetric": False},
        {"weighting": "flat"},
        {"distance": "text", "min_count": 30},
        {"min_count": 40},
        {"max_size": 7},
        {"max_size": 1, "symmetric": False, "window": 3},
    ],
    ids=str,
)
def test_counts_are_those_of_the_c_loops(settings):
    corpus = make_corpus()
    counts = Cooccurrence.count(corpus, threads=2, **settings)
    want = brute_force(corpus, **settings)
    assert as_dict(counts) == pytest.approx(want, rel=1e-6 if settings.get("window") == 25 else 1e-12)
    assert counts.num_pairs == len(want)
    assert all(counts[pair] == pytest.approx(x, rel=1e-6) for pair, x in list(want.items())[:50])


def test_words_left_out_shrink_distances_unless_asked_to_keep_them():
    corpus = Corpus.from_sentences([["a", "x", "b"], ["a", "y", "b"], ["a"]], min_count=2)
    assert Cooccurrence.count(corpus, min_count=2)["a", "b"] == 2.0
    assert Cooccurrence.count(corpus, min_count=2, distance="text")["a", "b"] == 1.0
    assert Cooccurrence.count(corpus, min_count=2)["a", "a"] == 0.0
    with pytest.raises(VocabularyError, match="'x' is not in the vocabulary"):
        Cooccurrence.count(corpus, min_count=2)["a", "x"]


def arrays(counts):
    return [np.asarray(a).tobytes() for a in (counts.ends, counts.columns, counts.values)]


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("sentence", [1, 37, 3000])
def test_the_bytes_depend_neither_on_threads_nor_on_memory(tmp_path, symmetric, sentence):
    corpus = make_corpus(sentence=sentence)
    whole = Cooccurrence.count(corpus, threads=1, symmetric=symmetric)
    blocks = []
    for threads in (1, 2, 3):
        for memory in (9_000 * threads, 20_000 * threads, 1 << 30):
            out = tmp_path / f"{threads}-{memory}"
            told = Cooccurrence.forecast(corpus, threads=threads, memory=memory, symmetric=symmetric, out=out)
            assert told.memory <= memory
            blocks.append(told.blocks)
            counts = Cooccurrence.count(corpus, threads=threads, memory=memory, symmetric=symmetric, out=out)
            assert arrays(counts) == arrays(whole)
            assert counts.fingerprint == whole.fingerprint
    assert min(blocks) == 1
    assert max(blocks) > 5
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []  # nothing is left of the runs


def test_memory_or_disk_that_do_not_suffice_are_said_before_counting(tmp_path, monkeypatch):
    corpus = make_corpus()
    with pytest.raises(
        ResourceError, match=r"got memory of 1,000 bytes; 48 words on 1 threads take at least [\d,]+"
    ):
        Cooccurrence.count(corpus, threads=1, memory=1000, out=tmp_path / "c")
    with pytest.raises(
        ResourceError,
        match=r"about [\d,]+ pairs would take [\d,]+ bytes of memory, 40,000 are given. Give out=",
    ):
        Cooccurrence.count(corpus, threads=1, memory=40_000)
    monkeypatch.setattr(
        "seqkit.embeddings.cooccurrence.counting.shutil.disk_usage",
        lambda folder: type("Usage", (), {"free": 5000})(),
    )
    with pytest.raises(
        ResourceError, match=r"needs about [\d,]+ bytes of disk for [\d,]+ pairs, 5,000 are free"
    ):
        Cooccurrence.count(corpus, threads=1, out=tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_resource_error_and_leaves_nothing(tmp_path, monkeypatch):
    import errno

    def full(rows, *rest):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("seqkit.embeddings.cooccurrence.counting._reported", full)
    with pytest.raises(OSError, match="no space"):
        Cooccurrence.count(make_corpus(), threads=1, out=tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_forecast_of_pairs_is_near(tmp_path):
    corpus = make_corpus(tokens=60_000, vocab=4000)
    told, counts = (
        Cooccurrence.forecast(corpus, threads=1, min_count=1),
        Cooccurrence.count(corpus, threads=1, min_count=1),
    )
    assert told.pairs == pytest.approx(len(counts.columns), rel=0.1)


def test_shards_counted_with_one_vocabulary_add_up_to_the_whole(tmp_path):
    corpus = make_corpus(sentence=50)
    whole = Cooccurrence.count(corpus, threads=1)
    shards = []
    for i, (low, high) in enumerate([(0, 20), (20, 21), (21, 60)]):
        ids = corpus.ids[corpus.starts[low] : corpus.starts[high]]
        shard = Corpus(ids, corpus.starts[low : high + 1] - corpus.starts[low], corpus.vocab)
        Cooccurrence.count(shard, vocab=whole.vocab, threads=1).save(tmp_path / str(i))
        shards.append(Cooccurrence.load(tmp_path / str(i)))
    for threads in (1, 2):
        for out in (None, tmp_path / "sum"):
            merged = Cooccurrence.merge(shards, threads=threads, out=out)
            assert arrays(merged) == arrays(whole)
            assert merged.vocab == whole.vocab
            assert merged.meta["tokens"] == 3000
            assert merged.fingerprint == whole.fingerprint


@pytest.mark.parametrize(
    "settings", [{}, {"symmetric": False}, {"distance": "text", "min_count": 30}], ids=str
)
def test_parts_of_one_text_cut_anywhere_add_up_to_the_whole(settings):
    corpus = make_corpus(sentence=50)
    whole = Cooccurrence.count(corpus, threads=1, **settings)
    cuts = [0, 1, 1, 77, 100, 2999, 3000]
    parts = [
        Cooccurrence.count(corpus, part=span, threads=1, **settings) for span in itertools.pairwise(cuts)
    ]
    assert [part.meta["tokens"] for part in parts] == np.diff(cuts).tolist()
    merged = Cooccurrence.merge(parts)
    assert arrays(merged) == arrays(whole)
    assert (merged.vocab, merged.meta["tokens"]) == (whole.vocab, 3000)
    for bad in ((-1, 5), (5, 4), (0, 3001)):
        with pytest.raises(OptionError, match="got part .*, expected tokens from 0 to 3,000"):
            Cooccurrence.count(corpus, part=bad)


def test_shards_that_do_not_fit_together_are_refused():
    corpus = make_corpus()
    counts = Cooccurrence.count(corpus)
    with pytest.raises(OptionError, match="number 2 was counted with .*window=3"):
        Cooccurrence.merge([counts, Cooccurrence.count(corpus, window=3)])
    with pytest.raises(OptionError, match="number 2 has other words than the first"):
        Cooccurrence.merge([counts, Cooccurrence.count(make_corpus(seed=1, vocab=50))])
    with pytest.raises(OptionError, match="no counts were given"):
        Cooccurrence.merge([])


def test_saved_counts_open_as_they_were_and_counting_again_only_opens_them(tmp_path, monkeypatch):
    corpus = make_corpus()
    counts = Cooccurrence.count(corpus, window=4, out=tmp_path / "c")
    assert (
        arrays(Cooccurrence.load(tmp_path / "c", verify=True))
        == arrays(counts)
        == arrays(Cooccurrence.count(corpus, window=4))
    )
    assert not counts.columns.flags.writeable
    monkeypatch.setattr("seqkit.embeddings.cooccurrence.matrix.plan_for", None)
    assert arrays(Cooccurrence.count(corpus, window=4, out=tmp_path / "c")) == arrays(counts)
    with pytest.raises(TypeError):  # other settings: it would count
        Cooccurrence.count(corpus, window=5, out=tmp_path / "c")


def test_float32_counts_are_smaller_train_and_are_not_merged(tmp_path):
    counts = Cooccurrence.count(make_corpus())
    counts.save(tmp_path / "c", dtype="float32")
    small = Cooccurrence.load(tmp_path / "c")
    np.testing.assert_allclose(small.values, counts.values, rtol=1e-7)
    GloVeObjective(small, GloVeObjective.Options(dim=4))
    with pytest.raises(OptionError, match="got float32 counts, expected float64"):
        Cooccurrence.merge([small, small])


def damaged(folder, change):
    """Counts written by someone who can make valid checksums."""
    Cooccurrence.count(make_corpus(), out=folder)
    found, meta = files.load(folder, "cooccurrence")
    found = {name: array.copy() for name, array in found.items()}
    change(found, meta)
    files.save(folder, "cooccurrence", found, meta)
    return folder


def put(name, place, value):
    def change(found, meta):
        found[name][place] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("ends", 3, -5), "ends: got -5 after .* at place 3, expected no smaller one"),
        (put("ends", -1, 7), "ends: got 7 at the end, expected"),
        (put("ends", 0, 1), "ends: got 1 at place 0, expected 0"),
        (lambda found, meta: found.update(values=found["values"][:-1].copy()), "values: got shape"),
        (lambda found, meta: found.update(ends=found["ends"][:-1].copy()), "ends: got shape"),
        (
            lambda found, meta: found.update(columns=found["columns"].astype(np.int64)),
            "columns: got shape .* of int64, expected .* of int32",
        ),
        (lambda found, meta: found.pop("values"), "values: got no such array"),
        (lambda found, meta: meta.pop("options"), "got nothing as options, expected names with values"),
        (lambda found, meta: meta["options"].update(window=0), "window: .*0"),
        (lambda found, meta: meta["options"].update(window=True), "window: got True"),
        (lambda found, meta: meta["options"].update(new=1), "unknown setting 'new'"),
        (lambda found, meta: meta.update(options=[1]), r"got \[1\] as options, expected names with values"),
        (lambda found, meta: found.update(ends=found["ends"].reshape(1, -1)), "ends: got shape"),
        (lambda found, meta: found.update(ends=np.zeros(0, np.int64)), "ends: got shape"),
        (lambda found, meta: found.update(ends=found["ends"].astype(bool)), "of bool, expected"),
    ],
)
def test_hostile_shapes_are_refused_when_opened(tmp_path, change, message):
    with pytest.raises(ModelFileError, match=message):
        Cooccurrence.load(damaged(tmp_path / "c", change))


def swap(found, meta):
    columns = found["columns"]
    columns[[1, 2]] = columns[[2, 1]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("columns", 5, 1 << 30), "columns: got .* expected"),
        (put("columns", 5, -1), "columns: got .* expected"),
        (swap, "columns: got .* after .* in one row at place 2, expected rising ones"),
        (put("values", 9, -1.0), "values: got -1.0 at place 9, expected finite numbers above 0"),
        (put("values", 9, 0.0), "values: got 0.0 at place 9, expected finite numbers above 0"),
    ],
)
def test_hostile_entries_are_refused_where_they_are_used(tmp_path, change, message):
    counts = Cooccurrence.load(damaged(tmp_path / "c", change))
    with pytest.raises(ModelFileError, match=message):
        GloVeObjective(counts, GloVeObjective.Options(dim=4))
    with pytest.raises(ModelFileError, match=message):
        Cooccurrence.merge([counts, counts])


def test_counts_that_are_no_whole_units_are_not_merged(tmp_path):
    counts = Cooccurrence.load(damaged(tmp_path / "c", put("values", 9, 1.0001)))
    with pytest.raises(ModelFileError, match="Count that shard again"):
        Cooccurrence.merge([counts, counts])


def test_a_folder_of_another_kind_or_a_flipped_bit_is_refused(tmp_path):
    make_corpus().save(tmp_path / "corpus")
    with pytest.raises(ModelFileError, match="holds corpus, expected cooccurrence"):
        Cooccurrence.load(tmp_path / "corpus")
    Cooccurrence.count(make_corpus(), out=tmp_path / "c")
    (path,) = (tmp_path / "c").glob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="checksum"):
        Cooccurrence.load(tmp_path / "c")


def test_bad_settings_are_named():
    corpus = make_corpus()
    with pytest.raises(FormatError, match="none of the 60 tokens was seen 5,000 times or more"):
        Cooccurrence.count(corpus, min_count=5000)
    with pytest.raises(OptionError, match="unknown setting 'windows'.*Did you mean 'window'"):
        Cooccurrence.count(corpus, windows=3)
    with pytest.raises(OptionError, match="window: .*0"):
        Cooccurrence.count(corpus, window=0)
    empty = Corpus(np.zeros(0, np.int32), np.zeros(1, np.int64), corpus.vocab)
    assert Cooccurrence.count(empty).num_pairs == 0
    assert json.loads(json.dumps(Cooccurrence.count(corpus).summary()[0]))["words"] > 10
