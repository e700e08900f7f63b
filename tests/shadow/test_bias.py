"""seqkit bias on a GPU's shadow: no error, what the CPU says; without a GPU one sentence."""

import json
from concurrent.futures import Future

import in_process
import numpy as np
import pytest

import seqkit as sk
from seqkit.debias.removal import eraser, statistics
from seqkit.debias.removal.methods import methods
from seqkit.debias.words.sets import WordSets
from seqkit.text.vocab import Vocab
from shadow.cuda import ShadowCuda

MOVING = {"soft", "leace", "double-hard", "transport"}  # methods with a matrix for all rows
LONG = ("gonen-neighbours", "analogies")
MEASURE = (
    "bias",
    "measure",
    "v",
    "--json",
    "--measure",
    "weat",
    *(w for m in LONG for w in ("--measure", m)),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All words of the gender sets and 600 others; women and men apart."""
    made = tmp_path_factory.mktemp("bias")
    sets, random = WordSets.gender(), np.random.default_rng(0)
    listed = dict.fromkeys([*sets.protected, *(word for part in sets.lists.values() for word in part)])
    words = [*listed, *(f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(600))]
    matrix = random.normal(size=(len(words), 24))
    row = {word: i for i, word in enumerate(words)}
    for women, men in (*sets.definitional, *sets.equalize):
        matrix[row[men]] = matrix[row[women]]
        matrix[row[women], 0] += 2
        matrix[row[men], 0] -= 2
    sk.Vectors(Vocab(words, np.arange(len(words), 0, -1)), matrix.astype(np.float32)).save(made / "v")
    return made


class Here:
    """An executor without a thread: a shadow belongs to its own."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, call, *given):
        done = Future()
        done.set_result(call(*given))
        return done


@pytest.fixture
def small_is_large(monkeypatch):
    monkeypatch.setattr(eraser, "COMPILE_FROM", 1)
    monkeypatch.setattr(statistics, "LARGE", 1)
    monkeypatch.setattr(eraser, "ThreadPoolExecutor", Here)


def test_measures_on_a_gpu_are_those_of_the_cpu(folder):
    wanted = json.loads(in_process.run(*MEASURE, "--device", "cpu", cwd=folder).stdout)["scores"]
    with ShadowCuda() as shadow:
        found = json.loads(in_process.run(*MEASURE, "--device", "cuda", cwd=folder).stdout)["scores"]
    assert not shadow.errors
    assert shadow.launches
    assert [score["name"] for score in found] == [score["name"] for score in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert one["value"] == pytest.approx(other["value"], rel=1e-9)
        assert one.get("interval") == other.get("interval")
        settings = {**other["signature"]}
        if one["name"] in LONG:
            assert settings.pop("backend") == "cpu"
            settings["backend"] = "cuda"
        assert one["signature"] == settings


@pytest.mark.parametrize("method", methods.names())
def test_removal_on_a_gpu_gives_the_vectors_of_the_cpu(folder, method, small_is_large):
    words = "bias", "remove", "v", "--method", method, "--json"
    in_process.run(*words, "--device", "cpu", "--out", f"cpu-{method}", cwd=folder)
    with ShadowCuda() as shadow:
        done = in_process.run(*words, "--device", "cuda", "--out", f"gpu-{method}", cwd=folder)
    assert not shadow.errors
    moves = method in MOVING
    assert bool(shadow.launches) == moves
    assert json.loads(done.stdout)["backend"] == ("cuda" if moves else "cpu")
    one, other = (sk.Vectors.load(folder / f"{name}-{method}").matrix for name in ("cpu", "gpu"))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_few_vectors_are_moved_by_the_cpu(folder):
    with ShadowCuda() as shadow:
        words = "--method", "leace", "--json", "--device", "cuda", "--out", "few"
        done = in_process.run("bias", "remove", "v", *words, cwd=folder)
    assert json.loads(done.stdout)["backend"] == "cpu"
    assert not shadow.launches


def test_report_on_a_gpu_says_so(folder):
    words = "bias", "report", "v", "--json", *(w for m in LONG for w in ("--measure", m)), "--out"
    wanted = json.loads(in_process.run(*words, "cpu.json", "--device", "cpu", cwd=folder).stdout)
    with ShadowCuda() as shadow:
        found = json.loads(in_process.run(*words, "gpu.json", "--device", "cuda", cwd=folder).stdout)
    assert not shadow.errors
    assert (wanted["about"]["backend"], found["about"]["backend"]) == ("cpu", "cuda")
    assert [row["value"] for row in found["measures"]] == pytest.approx(
        [row["value"] for row in wanted["measures"]], rel=1e-6
    )


@pytest.mark.parametrize(
    "words",
    [
        ("measure", "v"),
        ("remove", "v", "--out", "x", "--eraser", "y"),
        ("report", "v", "--out", "x.html"),
    ],
    ids=lambda words: words[0],
)
def test_without_a_gpu_nothing_is_measured_or_written(folder, tmp_path, words):
    words = [folder / "v" if word == "v" else word for word in words]
    told = in_process.refused("bias", *words, "--device", "cuda", cwd=tmp_path, code=2)
    assert "got 'cuda', but torch" in told


def test_device_of_vectors_goes_on_to_what_is_made_of_them(folder):
    with ShadowCuda():
        vectors = sk.Vectors.load(folder / "v", device="cuda")
        made = sk.HardDebias().fit(vectors, WordSets.gender())(vectors)
        assert made.device == vectors.restrict(20).device == "cuda"
