"""Queries, counts and removals on a GPU's shadow: no error, few waits, what the CPU says; without a GPU one sentence."""

import json
import re
import subprocess
import sys

import in_process
import numpy as np
import pytest
import torch
from torch import Tensor

import seqkit as sk
from seqkit.core import device
from seqkit.embeddings.vectors.analogy import METHODS
from seqkit.text.vocab import Vocab
from shadow.cuda import ShadowCuda

WORDS = [f"w{i}" for i in range(211)]
NEAREST = ("embed", "nearest", "v", "w3", "w9", "w0", "--top", 7)
ANALOGY = ("embed", "analogy", "v", "w1", "w2", "w3")
EVAL = ("embed", "eval", "v", "--analogies", "q.txt", "--similarity", "pairs.txt", "--restrict", 100)
ALIGN = ("embed", "align", "v", "turned", "--restrict", 150, "--out")
MAP = ("embed", "map", "v", "--neighbours-of", "w5", "--top", 20, "--method", "pca", "--out", "map.html")
COMMANDS = {
    "nearest": (*NEAREST, "--json"),
    "nearest as text": NEAREST,
    **{f"analogy {m}": (*ANALOGY, "--method", m, "--json") for m in METHODS if m != "3cosavg"},
    **{f"eval {m}": (*EVAL, "--method", m, "--json") for m in METHODS},
    **{f"align {m}": (*ALIGN, f"made-{m}", "--method", m, "--json") for m in ("csls", "cosine")},
    "map": (*MAP, "--json"),
    "quantise": ("embed", "quantise", "turned", "--out", "small", "--analogies", "q.txt", "--json"),
}
COUNT = ("embed", "count", "text.txt", "--min-count", 1, "--window", 4, "--quiet", "--json", "--memory")


def vectors(rows, dim, seed):
    """Rows that are there several times, and three of zeros."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, dim)).astype(np.float32)
    matrix[rows // 2 :: 3] = matrix[: len(matrix[rows // 2 :: 3])]
    matrix[[0, 50, rows - 1]] = 0
    return sk.Vectors(Vocab(WORDS[:rows], np.arange(rows)[::-1].copy()), matrix)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("queries")
    source = vectors(211, 13, 1)
    source.save(made / "v")
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(13, 13)))[0]
    noise = np.random.default_rng(3).normal(size=source.matrix.shape) * 0.4
    sk.Vectors(source.vocab, (source.matrix @ turn + noise).astype(np.float32)).save(made / "turned")
    random = np.random.default_rng(4)
    lines = [" ".join(f"w{i}" for i in random.integers(0, 120, 4)) for _ in range(40)]
    (made / "q.txt").write_text("\n".join([": one", *lines[:20], ": gram two", *lines[20:]]))
    pairs = [f"w{a} w{b} {random.random():.3f}" for a, b in random.integers(0, 100, (30, 2))]
    (made / "pairs.txt").write_text("\n".join(pairs))
    text = [" ".join(f"w{i}" for i in random.zipf(1.3, 40) % 50) for _ in range(60)]
    (made / "text.txt").write_text("\n".join(text))
    return made


def numbers(text):
    """The text without what ran it and without numbers, and the numbers."""
    text = re.sub(r'"backend": "\w+"', "", text)
    number = r"-?\d+\.\d+(?:e-?\d+)?"
    return re.sub(number, "#", text), np.array([float(n) for n in re.findall(number, text)])


@pytest.mark.parametrize("name", COMMANDS)
def test_command_says_on_a_gpu_what_it_says_on_the_cpu(name, folder):
    words = COMMANDS[name]
    wanted = in_process.run(*words, "--device", "cpu", cwd=folder)
    with ShadowCuda() as shadow:
        found = in_process.run(*words, "--device", "cuda", *["--force"] * ("--out" in words), cwd=folder)
    assert not shadow.errors
    assert shadow.launches
    (text, values), (same, expected) = numbers(found.stdout), numbers(wanted.stdout)
    assert text == same
    np.testing.assert_allclose(values, expected, atol=2e-6)
    assert "cuda" in found.stdout + found.stderr
    assert "cuda" not in wanted.stdout + wanted.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_command_without_a_gpu_says_so_before_it_writes(name, folder, tmp_path):
    words = [folder / w if (folder / str(w)).exists() and w in ("v", "turned") else w for w in COMMANDS[name]]
    told = in_process.refused(*words, "--device", "cuda", cwd=tmp_path, code=2)
    assert "got 'cuda', but torch" in told


def test_rows_go_to_a_gpu_once_and_a_search_waits_for_little():
    source = vectors(211, 13, 5)
    with ShadowCuda() as shadow:
        found = source.on("cuda")
        found.nearest(["w3"], 5)
        first = shadow.uploads
        shadow.clear()
        found.nearest(["w4"], 5)
        found.analogy("w1", "w2", "w3")
        assert found.restrict(100).device == "cuda"
    assert not shadow.errors
    assert sum(shadow.waits.values()) == 6  # ids, scores and certainty of two searches
    assert first > shadow.uploads == 2  # the queries alone


def test_more_rows_are_copied_when_a_search_needs_them():
    source = vectors(211, 13, 5)
    with ShadowCuda():
        found = source.on("cuda")
        for restrict in (50, 211, 20):
            for method in ("3cosadd", "3cosmul", "euclidean"):
                wanted = source.on("cpu").analogy("w1", "w2", "w3", method=method, topn=5, restrict=restrict)
                got = found.analogy("w1", "w2", "w3", method=method, topn=5, restrict=restrict)
                assert [word for word, _ in got] == [word for word, _ in wanted]


def test_auto_takes_a_gpu_that_torch_sees(monkeypatch, tmp_path):
    monkeypatch.setattr(device, "DRIVERS", (str(tmp_path),))
    with ShadowCuda():
        assert device.gpu("auto").type == "cuda"
        assert device.gpu("cpu") is None
    assert device.gpu("auto") is None  # a driver, but no GPU that torch sees
    assert json.dumps(device.backend(None)) == '"cpu"'


@pytest.mark.parametrize("memory", ["500M", "14K"])
def test_counts_of_a_gpu_are_the_bytes_of_the_cpu(folder, memory):
    """14 K: some blocks of text."""
    in_process.run(*COUNT, memory, "--threads", 1, "--device", "cpu", "--out", f"cpu-{memory}", cwd=folder)
    with ShadowCuda() as shadow:
        done = in_process.run(
            *COUNT, memory, "--threads", 1, "--device", "cuda", "--out", f"gpu-{memory}", cwd=folder
        )
    assert not shadow.errors
    assert shadow.launches
    assert json.loads(done.stdout)["backend"] == "cuda"
    for file in (folder / f"cpu-{memory}").iterdir():
        assert file.read_bytes() == (folder / f"gpu-{memory}" / file.name).read_bytes()


def test_counting_without_a_gpu_or_on_one_by_dask_is_refused_first(folder, tmp_path):
    words = [folder / w if w == "text.txt" else w for w in COUNT]
    told = in_process.refused(*words, "1G", "--out", "x", "--device", "cuda", cwd=tmp_path, code=2)
    assert "got 'cuda', but torch" in told
    with ShadowCuda():
        told = in_process.refused(
            *words, "1G", "--out", "x", "--device", "cuda", "--dask", "local", cwd=tmp_path, code=2
        )
    assert "its workers count on CPUs" in told


def test_queries_on_a_cpu_do_not_import_torch(folder):
    code = """
import sys
import seqkit as sk
from seqkit.core import device
device.DRIVERS = ()
vectors = sk.Vectors.load("v")
vectors.nearest(["w1"], 3), vectors.analogy("w1", "w2", "w3")
sk.Cooccurrence.count(sk.Corpus.build(["a b c a b"] * 3, "whitespace"), min_count=1)
print("torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("words", [NEAREST, (*COUNT, "1G", "--out", "full")], ids=["nearest", "count"])
def test_a_gpu_that_is_full_is_one_sentence(folder, monkeypatch, words):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Tensor, "topk", full)
    monkeypatch.setattr(Tensor, "unique", full)
    with ShadowCuda():
        told = in_process.run(*words, "--device", "cuda", cwd=folder, code=6).stderr
    assert "the memory of the GPU ran out. Use --device cpu." in told
    assert not (folder / "full").exists()
