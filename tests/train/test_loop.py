"""`fit`: one schedule over all epochs, every unit once, and the same bytes after a stop at any step."""

import os
import signal

import numpy as np
import pytest

from seqkit.core.errors import ModelFileError, OptionError, TrainingError
from seqkit.core.score import Loss
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.loop import fit
from seqkit.train.schedule import constant, linear


class Numbers:
    """Seven batches of three numbers, one of them short."""

    size = 20

    def __init__(self, **settings):
        self.signature = {"numbers": 20, **settings}

    def epoch(self, number, skip=0):
        for low in range(3 * skip, self.size, 3):
            batch = np.arange(low, min(low + 3, self.size), dtype=np.float64) + 100 * number
            yield batch, len(batch)


class Mean:
    """Goes towards the mean of each batch; `seen` and `rates` remember what came."""

    def __init__(self):
        self.weight, self.seen, self.rates, self.hook = np.zeros(1), [], [], lambda: None

    def step(self, batch, lr):
        loss = Loss(float(((batch - self.weight) ** 2).sum()), len(batch))
        self.weight += lr * (batch - self.weight).mean()
        self.seen += batch.tolist()
        self.rates.append(lr)
        self.hook()
        return loss

    def state(self):
        return {"weight": self.weight}

    def restore(self, arrays):
        self.weight[:] = arrays["weight"]


def stop_after(learner, steps, number=signal.SIGINT):
    """Send this process a signal in the step after so many."""

    def hook():
        if len(learner.rates) == steps:
            os.kill(os.getpid(), number)

    learner.hook = hook


def test_every_unit_is_read_once_an_epoch_in_order():
    learner = Mean()
    history = fit(learner, Numbers(), epochs=2, schedule=constant(0.1))
    assert learner.seen == [*range(20), *range(100, 120)]
    assert [(epoch.number, epoch.units, epoch.loss.count) for epoch in history] == [(1, 20, 20), (2, 20, 20)]


def test_rate_falls_once_over_all_epochs_and_never_restarts():
    learner = Mean()
    fit(learner, Numbers(), epochs=2, schedule=linear(1.0, 0.0))
    done = np.array([3 * i for i in range(7)] + [20 + 3 * i for i in range(7)])
    np.testing.assert_allclose(learner.rates, 1 - done / 40, atol=1e-12)


def test_history_adds_sums_not_means():
    learner, brute, weight = Mean(), 0.0, 0.0
    for batch, _ in Numbers().epoch(0):
        brute += ((batch - weight) ** 2).sum()
        weight += 0.1 * (batch - weight).mean()
    (epoch,) = fit(learner, Numbers(), epochs=1, schedule=constant(0.1))
    assert epoch.loss.mean == pytest.approx(brute / 20, abs=1e-12)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("steps", range(1, 15))
def test_stopped_at_any_step_and_resumed_ends_in_the_same_bytes(tmp_path, steps, number):
    whole = Mean()
    expected = fit(whole, Numbers(), epochs=2, schedule=linear(0.3), validate=lambda: float(whole.weight[0]))
    checkpoint, stopped, resumed = Checkpoint(tmp_path / "run"), Mean(), Mean()
    stop_after(stopped, steps, number)
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, Numbers(), epochs=2, schedule=linear(0.3), checkpoint=checkpoint, validate=lambda: float(stopped.weight[0]))
    history = fit(
        resumed, Numbers(), epochs=2, schedule=linear(0.3), checkpoint=checkpoint, resume=True,
        validate=lambda: float(resumed.weight[0]),
    )  # fmt: skip
    assert len(stopped.rates) == steps  # the step at hand was finished, none begun
    assert resumed.weight.tobytes() == whole.weight.tobytes()
    assert [(e.number, e.loss, e.units, e.validation) for e in history] == [
        (e.number, e.loss, e.units, e.validation) for e in expected
    ]


def test_handlers_are_put_back_and_a_second_signal_stops_at_once(tmp_path):
    before, learner = signal.getsignal(signal.SIGINT), Mean()

    def twice():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    learner.hook = twice
    with pytest.raises(KeyboardInterrupt):
        fit(learner, Numbers(), epochs=1, schedule=constant(0.1), checkpoint=Checkpoint(tmp_path / "run"))
    assert signal.getsignal(signal.SIGINT) is before
    assert not (tmp_path / "run").exists()  # within the step: nothing to save that is whole


def test_checkpoint_is_written_by_the_clock_too(tmp_path):
    checkpoint, learner = Checkpoint(tmp_path / "run", seconds=0.0), Mean()

    def fail():
        if len(learner.rates) == 5:
            raise RuntimeError("power cut")

    learner.hook = fail
    with pytest.raises(RuntimeError):
        fit(learner, Numbers(), epochs=1, schedule=constant(0.1), checkpoint=checkpoint)
    arrays, place = checkpoint.load(Numbers().signature | {"epochs": 1})
    assert (place.batches, place.units) == (4, 12)
    assert arrays["weight"].shape == (1,)


def test_loss_that_is_not_finite_stops_with_place_and_rate():
    learner = Mean()

    def blow_up():
        learner.weight[:] = 1e200

    learner.hook = blow_up
    with (
        np.errstate(over="ignore"),
        pytest.raises(TrainingError, match=r"loss became inf in epoch 1 after 3 units \(lr 0\.1, mean loss before 1\.6"),
    ):
        fit(learner, Numbers(), epochs=1, schedule=constant(0.1))


def test_epoch_without_a_prediction_is_an_error():
    class Idle(Mean):
        def step(self, batch, lr):
            return Loss(0.0, 0)

    with pytest.raises(TrainingError, match="epoch 1 read 20 units and made no prediction"):
        fit(Idle(), Numbers(), epochs=3, schedule=constant(0.1))


def test_progress_reports_every_step_and_reaches_the_end():
    seen = []
    fit(Mean(), Numbers(), epochs=2, schedule=constant(0.1), report=seen.append)
    assert [progress.done for progress in seen][-3:] == [35, 38, 40]
    assert (seen[-1].epoch, seen[-1].epochs, seen[-1].total, seen[-1].seconds_left) == (2, 2, 40, 0.0)


def test_resume_refuses_another_setting_and_names_it(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run")
    fit(Mean(), Numbers(lr=0.1), epochs=1, schedule=constant(0.1), checkpoint=checkpoint)
    with pytest.raises(OptionError, match=r"resume: lr was 0\.1 in .*run and is 0\.2 now"):
        fit(Mean(), Numbers(lr=0.2), epochs=1, schedule=constant(0.2), checkpoint=checkpoint, resume=True)
    with pytest.raises(OptionError, match="resume: epochs was 1 in .* and is 2 now"):
        fit(Mean(), Numbers(lr=0.1), epochs=2, schedule=constant(0.1), checkpoint=checkpoint, resume=True)


def test_resume_of_a_finished_run_does_nothing_more(tmp_path):
    checkpoint, learner = Checkpoint(tmp_path / "run"), Mean()
    fit(Mean(), Numbers(), epochs=2, schedule=constant(0.1), checkpoint=checkpoint)
    history = fit(learner, Numbers(), epochs=2, schedule=constant(0.1), checkpoint=checkpoint, resume=True)
    assert (len(history), learner.seen) == (2, [])


def test_damaged_checkpoint_is_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run")
    fit(Mean(), Numbers(), epochs=1, schedule=constant(0.1), checkpoint=checkpoint)
    (arrays,) = (tmp_path / "run").glob("arrays-*")
    damaged = bytearray(arrays.read_bytes())
    damaged[-1] ^= 1
    arrays.write_bytes(damaged)
    with pytest.raises(ModelFileError):
        fit(Mean(), Numbers(), epochs=1, schedule=constant(0.1), checkpoint=checkpoint, resume=True)


def test_resume_without_a_checkpoint_starts_at_the_beginning(tmp_path):
    learner = Mean()
    fit(learner, Numbers(), epochs=1, schedule=constant(0.1), checkpoint=Checkpoint(tmp_path / "none"), resume=True)
    assert learner.seen == [*range(20)]
