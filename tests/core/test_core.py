"""core: options, errors, score, family, rng, device."""

import copy
import math
import subprocess
import sys
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest

from seqkit.core import device, errors, options, rng
from seqkit.core.family import Family
from seqkit.core.score import Loss, Score


@dataclass(frozen=True)
class Options:
    size: int = options.option(3, low=1, high=9, help="size")
    rate: float = options.option(0.5, low=0, help="rate")
    kind: Literal["a", "b"] = options.option("a", help="kind")
    name: str | None = options.option(None, help="name")

    def __post_init__(self):
        options.check(self)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 0}, "Options.size: got 0, expected at least 1 and at most 9"),
        ({"size": 2.5}, "Options.size: got 2.5, expected int"),
        ({"size": True}, "Options.size: got True, expected int"),
        ({"rate": math.nan}, "Options.rate: got nan"),
        ({"rate": "x"}, "Options.rate: got 'x', expected float"),
        ({"kind": "c"}, "Options.kind: got 'c', expected one of 'a', 'b'"),
        ("size", "Options: got 'size', expected settings by name"),
        (None, "Options: got None, expected settings by name"),
        ({"siez": 1}, "unknown setting 'siez'; known: size, rate, kind, name. Did you mean 'size'"),
    ],
)
def test_bad_setting_is_named_with_what_is_allowed(values, message):
    with pytest.raises(errors.OptionError, match=message.replace(".", r"\.")):
        options.from_json(Options, values)


def test_settings_survive_json():
    made = Options(size=4, name="x")
    assert options.from_json(Options, options.to_json(made)) == made
    assert Options(rate=1).rate == 1


def test_exit_codes_are_the_documented_ones():
    codes = {cls.__name__: cls.exit_code for cls in errors.SeqkitError.__subclasses__()}
    assert codes == {
        "TrainingError": 1,
        "BackendError": 2,
        "OptionError": 2,
        "ShapeError": 2,
        "FormatError": 3,
        "ModelFileError": 4,
        "VocabularyError": 5,
        "ResourceError": 6,
    }


def test_loss_adds_sums_and_divides_only_to_print():
    total = Loss(3.0, 1) + Loss(1.0, 3)
    assert (total.mean, total.count) == (1.0, 4)
    assert total.bits == pytest.approx(1 / math.log(2))
    assert total.perplexity == pytest.approx(math.e)
    assert math.isnan(Loss(0.0, 0).mean)
    assert Loss(1e6, 1).perplexity == math.inf


def test_score_prints_count_missing_and_settings():
    score = Score("accuracy", 0.5, 10, 2, {"k": 3}, (0.4, 0.6))
    assert str(score) == "accuracy 0.5000 [0.4000, 0.6000] (n=10, missing=2; k=3)"
    assert Score("x", math.nan, 0).to_json()["value"] is None


def test_family_finds_files_and_suggests_names():
    family = Family("seqkit.embeddings.training.objectives", "loss")
    assert family.names() == [
        "full-softmax",
        "glove",
        "hierarchical-softmax",
        "negative-sampling",
        "subwords",
    ]
    with pytest.raises(errors.OptionError, match="unknown loss 'full-sotfmax'.*Did you mean 'full-softmax'"):
        family.load("full-sotfmax")


def test_rng_is_splitmix64():
    """First outputs of SplitMix64 seeded with 1234567, as published with its reference code."""
    golden = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    places = np.arange(1, 6, dtype=np.uint64)
    assert rng.bits(np.uint64(1234567), places).tolist() == golden


def test_rng_draws_do_not_depend_on_order_and_streams_differ():
    places = np.arange(1000, dtype=np.uint64)
    assert (rng.bits(rng.stream(1), places[::-1])[::-1] == rng.bits(rng.stream(1), places)).all()
    assert len({int(rng.stream(seed, a, b)) for seed in range(5) for a in range(5) for b in range(5)}) == 125


def test_uniform_fills_the_unit_interval_evenly():
    draws = rng.uniform(rng.stream(3), (200, 50))
    assert draws.dtype == np.float32
    assert (draws >= 0).all()
    assert (draws < 1).all()
    counts, _ = np.histogram(draws, 20, (0, 1))
    assert (abs(counts - 500) < 110).all()  # five standard deviations


def test_threads_and_devices_are_checked():
    assert device.threads(3) == 3
    assert device.threads() >= 1
    with pytest.raises(errors.OptionError, match="threads: got 0"):
        device.threads(0)
    assert device.device("cpu").type == "cpu"
    with pytest.raises(errors.OptionError, match="device: got 'tpu', expected one of auto, cpu, cuda"):
        device.device("tpu")


def test_auto_without_a_gpus_driver_does_not_load_torch():
    code = (
        "import sys; from seqkit.core import device; device.DRIVERS = ();"
        "print(device.device_name(), 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["cpu", "False"]


def test_did_you_mean_compares_few_words_of_a_large_vocabulary(monkeypatch):
    compared, real = [], errors.difflib.get_close_matches
    monkeypatch.setattr(
        errors.difflib,
        "get_close_matches",
        lambda name, known, **o: compared.append(len(known)) or real(name, known, **o),
    )
    known = [f"word{i}" for i in range(400_000)]
    assert "word1" in errors.did_you_mean("wrod1", known)
    assert compared == [1000]  # of about the same length


def test_error_is_moved_to_another_place_with_what_callers_ask_for():
    error = errors.FormatError("label 3: got 'x'.", reason="got 'x'.", row=2, value="x", kind="label")
    moved = error.at("a.tsv: line 9")
    assert (type(moved), str(moved)) == (errors.FormatError, "a.tsv: line 9: got 'x'.")
    assert (moved.row, moved.value, moved.kind) == (2, "x", "label")
    assert str(moved.at("b.tsv")) == "b.tsv: got 'x'."
    assert str(errors.ShapeError("a: got 1, expected 2.").at("b")) == "b: a: got 1, expected 2."


def test_error_is_copied_whole_as_between_processes():
    error = copy.copy(errors.FormatError("label 3: got 'x'.", reason="got 'x'.", row=2))
    assert (str(error), error.reason, error.row) == ("label 3: got 'x'.", "got 'x'.", 2)


def test_gpu_that_is_not_there_is_named_and_one_that_is_becomes_the_current_one(monkeypatch):
    import torch

    chosen = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    assert device.device("cuda:1") == chosen[0] == torch.device("cuda:1")
    with pytest.raises(errors.BackendError, match="got 'cuda:7', but there are 2 GPUs"):
        device.device("cuda:7")


def test_kernels_that_cannot_be_started_are_torchs_and_a_warning_says_so(monkeypatch):
    triton = pytest.importorskip("triton", reason="needs the extra gpu")

    class Driver:
        @property
        def active(self):
            raise RuntimeError("Failed to find C compiler")

    monkeypatch.setattr(triton.runtime, "driver", Driver())
    with pytest.warns(UserWarning, match="cannot be started .Failed to find C compiler"):
        assert not device.triton_starts.__wrapped__()
