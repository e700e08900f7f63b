"""train.checkpoint: what is saved comes back, and what is not of this run is refused with what differs."""

from pathlib import Path

import crafted
import numpy as np
import pytest

from seqkit.core.errors import ModelFileError, OptionError
from seqkit.core.score import Loss
from seqkit.train.checkpoint import Checkpoint, take_state
from seqkit.train.progress import Epoch, Place

ARRAYS = {"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "step": np.array([7])}
HISTORY = [Epoch(1, Loss(9.0, 3), 10, 1.5, 0.25), Epoch(2, Loss(4.0, 3), 12, 1.5)]
PLACE = Place(epoch=2, batches=5, units=30, seconds=4.5, loss=Loss(2.5, 4), history=HISTORY)
SIGNATURE = {"data": "abc", "lr": 0.1, "epochs": 3}


@pytest.fixture
def checkpoint(tmp_path):
    made = Checkpoint(tmp_path / "run")
    made.save(ARRAYS, PLACE, SIGNATURE)
    return made


def refused(kind, function, *arguments):
    with pytest.raises(kind) as told:
        function(*arguments)
    return str(told.value)


def edit(checkpoint, **place):
    """Give the checkpoint another place, with right checksums."""
    told = crafted.manifest(checkpoint.folder)
    told["meta"]["place"] |= place
    crafted.reseal(checkpoint.folder, told)


def test_state_comes_back(checkpoint):
    arrays, place = checkpoint.load(SIGNATURE)
    assert place == PLACE
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_checkpoint_is_there_once_it_is_saved_and_the_best_lies_within(checkpoint, tmp_path):
    assert checkpoint.exists()
    assert not checkpoint.best.exists()
    assert checkpoint.best == Checkpoint(tmp_path / "run" / "best", checkpoint.seconds)
    assert Checkpoint(Path("x"), 5.0).best.seconds == 5.0
    (tmp_path / "folder" / "manifest.json").mkdir(parents=True)
    assert not Checkpoint(tmp_path / "folder").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lr": 0.2}, "got lr 0.2, expected 0.1"),
        ({"data": "xyz"}, "got data 'xyz', expected 'abc'"),
        ({"dropout": 0.5}, "got dropout 0.5, expected None"),
        ({"lr": None}, "got lr None, expected 0.1"),
        ({"lr": 0.2, "epochs": 9}, "got epochs 9, expected 3"),  # the first by name
    ],
)
def test_another_setting_is_refused(checkpoint, change, told):
    assert refused(OptionError, checkpoint.load, SIGNATURE | change) == (
        f"resume: {told} as in {checkpoint.folder}. Use the old value, or train again without resuming."
    )


def test_setting_that_is_missing_is_another(checkpoint):
    less = {"data": "abc", "lr": 0.1}
    assert refused(OptionError, checkpoint.load, less).startswith("resume: got epochs None, expected 3 as in")


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"corpus": "123", "lr": 0.1}, {"data": "abc", "lr": 0.1}),
        ({"data": "abc", "lr": 0.1}, {"corpus": "123", "lr": 0.1}),
    ],
)
def test_checkpoint_of_0_1_0_is_held_against_the_settings_that_both_have(tmp_path, before, now):
    checkpoint = Checkpoint(tmp_path / "run")
    checkpoint.save(ARRAYS, PLACE, before)
    assert checkpoint.load(now)[1] == PLACE
    assert "got lr 0.2, expected 0.1" in refused(OptionError, checkpoint.load, now | {"lr": 0.2})


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ({"epoch": 1}, "got 30 units in 1 epochs and results of 2, expected those of each."),
        ({"epoch": 2000}, "got 30 units in 2,000 epochs and results of 2, expected those of each."),
        ({"units": 21}, "got 21 units in 2 epochs and results of 2, expected those of each."),
    ],
)
def test_place_that_cannot_be_is_refused(checkpoint, place, told):
    edit(checkpoint, **place)
    text = f"{checkpoint.folder}: {told} Train again without resuming."
    assert refused(ModelFileError, checkpoint.load, SIGNATURE) == text


def test_place_at_the_end_of_an_epoch_is_no_fault(checkpoint):
    edit(checkpoint, units=22)
    assert checkpoint.load(SIGNATURE)[1].units == 22


def test_history_that_is_none_is_refused_with_its_folder(checkpoint):
    history = crafted.manifest(checkpoint.folder)["meta"]["place"]["history"]
    edit(checkpoint, history=history[::-1])
    told = "history: got epochs [2, 1], expected 1 to 2. Train again without resuming."
    assert refused(ModelFileError, checkpoint.load, SIGNATURE) == f"{checkpoint.folder}: {told}"
    edit(checkpoint, epoch="2")
    told = refused(ModelFileError, checkpoint.load, SIGNATURE)
    assert told.startswith(f"{checkpoint.folder / 'manifest.json'}: meta: got '2' as place.epoch, expected")


def test_numbers_of_a_checkpoint_are_looked_at_when_it_is_opened(checkpoint, monkeypatch):
    monkeypatch.setattr("seqkit.core.files.VERIFY_BELOW", 1)
    monkeypatch.setattr("seqkit.core.files.READ_AT_ONCE", 1)
    checkpoint.save(ARRAYS, PLACE, SIGNATURE)
    (path,) = checkpoint.folder.glob("arrays-*")
    path.write_bytes(path.read_bytes()[:-1] + b"\x09")
    assert "the checksum does not match" in refused(ModelFileError, checkpoint.load, SIGNATURE)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"weight": ARRAYS["weight"]}, "step: got weight, expected weight, step."),
        ({**ARRAYS, "a": ARRAYS["step"]}, "a: got weight, step, a, expected weight, step."),
        ({}, "step: got none, expected weight, step."),
        (
            {**ARRAYS, "weight": ARRAYS["weight"].T},
            "weight: got shape (3, 2) of float32, expected (2, 3) of float32.",
        ),
        ({**ARRAYS, "step": np.array([7.0])}, "step: got shape (1,) of float64, expected (1) of int64."),
    ],
)
def test_arrays_of_another_run_are_refused_and_nothing_is_taken(given, told):
    own = {name: np.zeros_like(array) for name, array in ARRAYS.items()}
    text = f"checkpoint: {told} It is of another run; train without resuming."
    assert refused(ModelFileError, take_state, own, given) == text
    assert not any(array.any() for array in own.values())


def test_arrays_are_put_into_those_of_their_names():
    own = {name: np.zeros_like(array) for name, array in ARRAYS.items()}
    same = dict(own)
    take_state(own, dict(reversed(ARRAYS.items())))
    for name, array in ARRAYS.items():
        assert own[name] is same[name]
        np.testing.assert_array_equal(own[name], array)
