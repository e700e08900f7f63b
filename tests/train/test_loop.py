"""`fit`: one schedule over all epochs, every unit once, and the same bytes after a stop at any step."""

import contextlib
import os
import signal
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from train.toy import Mean, Numbers, stop_after

from seqkit.core.errors import ModelFileError, OptionError, TrainingError
from seqkit.core.interrupt import polite_interrupts
from seqkit.core.score import Loss
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.loop import fit
from seqkit.train.progress import Higher
from seqkit.train.schedule import constant, linear, plateau
from seqkit.train.world import World


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
        fit(
            stopped,
            Numbers(),
            epochs=2,
            schedule=linear(0.3),
            checkpoint=checkpoint,
            validate=lambda: float(stopped.weight[0]),
        )
    history = fit(
        resumed,
        Numbers(),
        epochs=2,
        schedule=linear(0.3),
        checkpoint=checkpoint,
        resume=True,
        validate=lambda: float(resumed.weight[0]),
    )
    assert len(stopped.rates) == steps  # the step at hand was finished, none begun
    assert resumed.weight.tobytes() == whole.weight.tobytes()
    assert [(e.number, e.loss, e.units, e.validation) for e in history] == [
        (e.number, e.loss, e.units, e.validation) for e in expected
    ]


def interrupt_self():
    os.kill(os.getpid(), signal.SIGINT)


class Interrupting:
    """A log that asks to stop as soon as an epoch is logged."""

    def __init__(self, epoch):
        self.number = epoch

    def begin(self, history, done):
        pass

    def step(self, progress):
        pass

    def epoch(self, epoch, done):
        if epoch.number == self.number:
            interrupt_self()


@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("moment", ["validation", "save", "log"])
def test_wish_to_stop_between_epochs_or_after_the_last_is_not_forgotten(tmp_path, moment, epoch, monkeypatch):
    whole, stopped, resumed = Mean(), Mean(), Mean()
    expected = fit(whole, Numbers(), epochs=2, schedule=linear(0.3), validate=lambda: 1.0)
    calls = []

    def validate():
        calls.append(1)
        if moment == "validation" and len(calls) == epoch:
            interrupt_self()
        return 1.0

    if moment == "save":
        save, saved = Checkpoint.save, []

        def interrupted(self, arrays, place, signature):
            save(self, arrays, place, signature)
            saved.append(place.epoch)
            if len(saved) == epoch:
                interrupt_self()

        monkeypatch.setattr(Checkpoint, "save", interrupted)
    checkpoint, logs = Checkpoint(tmp_path / "run"), [Interrupting(epoch)] if moment == "log" else []
    with pytest.raises(KeyboardInterrupt):
        fit(
            stopped,
            Numbers(),
            epochs=2,
            schedule=linear(0.3),
            validate=validate,
            checkpoint=checkpoint,
            logs=logs,
        )
    monkeypatch.undo()
    assert len(stopped.rates) == 7 * epoch  # the epoch is over, no step of another was made
    calls.clear()
    history = fit(
        resumed,
        Numbers(),
        epochs=2,
        schedule=linear(0.3),
        validate=lambda: 1.0,
        checkpoint=checkpoint,
        resume=True,
    )
    assert resumed.weight.tobytes() == whole.weight.tobytes()
    assert [(e.number, e.loss, e.validation) for e in history] == [
        (e.number, e.loss, e.validation) for e in expected
    ]


def test_wish_to_stop_is_shared_by_blocks_within_blocks_and_kept_to_the_end():
    seen = []
    with pytest.raises(KeyboardInterrupt), polite_interrupts() as outer:
        with contextlib.suppress(KeyboardInterrupt), polite_interrupts() as inner:
            interrupt_self()
            seen += [inner(), outer()]
        seen.append(outer())
    assert seen == [True, True, True]
    with polite_interrupts() as anew:
        assert not anew()


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


def blow_up_after(learner, steps):
    def hook():
        if len(learner.rates) == steps:
            learner.weight[:] = 1e200

    learner.hook = hook


def test_loss_that_is_not_finite_stops_with_step_place_and_rate():
    learner = Mean()
    blow_up_after(learner, 1)
    wanted = (
        r"fit: the loss became inf at step 2 of epoch 1, after 3 units \(lr 0\.1, mean loss before 1\.667\)\. "
        r"Lower lr or set clip\. No checkpoint had been written\."
    )
    with np.errstate(over="ignore"), pytest.raises(TrainingError, match=wanted):
        fit(learner, Numbers(), epochs=1, schedule=constant(0.1), checkpoint=Checkpoint(Path("unused")))


def test_loss_that_is_not_finite_names_the_checkpoint_before_it(tmp_path):
    learner, checkpoint = Mean(), Checkpoint(tmp_path / "run")
    blow_up_after(learner, 9)
    with (
        np.errstate(over="ignore"),
        pytest.raises(TrainingError, match=r"at step 3 of epoch 2.*The checkpoint in .*run is from"),
    ):
        fit(learner, Numbers(), epochs=2, schedule=constant(0.1), checkpoint=checkpoint)
    arrays, place = checkpoint.load(Numbers().signature | {"epochs": 2})
    assert place.epoch == 1
    assert np.isfinite(arrays["weight"]).all()


def test_error_of_the_learner_is_told_with_the_checkpoint(tmp_path):
    learner = Mean()

    def fail():
        if len(learner.rates) == 9:
            raise TrainingError("gradient: broken.")

    learner.hook = fail
    with pytest.raises(
        TrainingError, match=r"gradient: broken\. The checkpoint in .*run is from before it\."
    ):
        fit(learner, Numbers(), epochs=2, schedule=constant(0.1), checkpoint=Checkpoint(tmp_path / "run"))


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
    with pytest.raises(OptionError, match=r"resume: got lr 0\.2, expected 0\.1 as in .*run"):
        fit(Mean(), Numbers(lr=0.2), epochs=1, schedule=constant(0.2), checkpoint=checkpoint, resume=True)
    with pytest.raises(OptionError, match="resume: got epochs 2, expected 1 as in"):
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
    fit(
        learner,
        Numbers(),
        epochs=1,
        schedule=constant(0.1),
        checkpoint=Checkpoint(tmp_path / "none"),
        resume=True,
    )
    assert learner.seen == [*range(20)]


def distance(learner, target=150.0):
    """A validation value that falls and rises again: the weight goes from 10 to 110, 210, ... and past `target`."""
    return lambda: abs(float(learner.weight[0]) - target)


def test_values_of_the_validation_reach_the_schedule():
    learner = Mean()
    history = fit(learner, Numbers(), epochs=6, schedule=plateau(0.5, factor=0.1), validate=distance(learner))
    values = [epoch.validation for epoch in history]
    assert values[2] > values[1]  # or the test could not fail
    expected = [plateau(0.5, factor=0.1)(0.0, values[:epoch]) for epoch in range(6) for _ in range(7)]
    assert learner.rates == expected


def test_patience_ends_the_run_after_so_many_epochs_without_a_better_value():
    learner = Mean()
    history = fit(
        learner, Numbers(), epochs=9, schedule=constant(0.5), validate=distance(learner), patience=2
    )
    values = [epoch.validation for epoch in history]
    assert len(values) == 4
    assert min(values) == values[1]


def test_where_higher_is_better_the_highest_value_is_the_best(tmp_path):
    learner = Mean()
    near = distance(learner)
    history = fit(
        learner,
        Numbers(),
        epochs=9,
        schedule=constant(0.5),
        validate=Higher(lambda: 1 - near()),
        patience=2,
        keep_best=True,
    )
    values = [epoch.validation for epoch in history]
    assert len(values) == 4
    assert max(values) == values[1] == 1 - near()


def test_equal_value_is_no_improvement():
    assert (
        len(fit(Mean(), Numbers(), epochs=9, schedule=constant(0.5), validate=lambda: 1.0, patience=3)) == 4
    )


def test_resume_of_an_early_stopped_run_does_nothing_more(tmp_path):
    checkpoint, first, again = Checkpoint(tmp_path / "run"), Mean(), Mean()
    settings = {"epochs": 9, "schedule": constant(0.5), "patience": 2, "checkpoint": checkpoint}
    history = fit(first, Numbers(), validate=distance(first), **settings)
    assert fit(again, Numbers(), validate=distance(again), resume=True, **settings) == history
    assert again.seen == []


@pytest.mark.parametrize("on_disk", [False, True])
def test_keep_best_puts_the_state_of_the_best_epoch_back(tmp_path, on_disk):
    learner, weights = Mean(), []

    def validate():
        weights.append(float(learner.weight[0]))
        return abs(weights[-1] - 150)

    checkpoint = Checkpoint(tmp_path / "run") if on_disk else None
    fit(
        learner,
        Numbers(),
        epochs=5,
        schedule=constant(0.5),
        validate=validate,
        keep_best=True,
        checkpoint=checkpoint,
    )
    assert len({*weights}) == 5
    assert float(learner.weight[0]) == weights[1]
    if checkpoint:
        arrays, _ = checkpoint.load(Numbers().signature | {"epochs": 5, "keep_best": True})
        assert float(arrays["weight"][0]) == weights[4]  # the run itself can be read as it ended


@pytest.mark.parametrize("steps", [1, 7, 8, 14, 15, 20, 21, 22, 27])
def test_best_survives_a_stop_and_a_resume(tmp_path, steps):
    whole, stopped, resumed = Mean(), Mean(), Mean()
    settings = {"epochs": 9, "schedule": plateau(0.5), "patience": 2, "keep_best": True}
    expected = fit(whole, Numbers(), validate=distance(whole), **settings)
    settings |= {"checkpoint": Checkpoint(tmp_path / "run")}
    stop_after(stopped, steps)
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, Numbers(), validate=distance(stopped), **settings)
    history = fit(resumed, Numbers(), validate=distance(resumed), resume=True, **settings)
    assert resumed.weight.tobytes() == whole.weight.tobytes()
    assert [epoch.validation for epoch in history] == [epoch.validation for epoch in expected]


@pytest.mark.parametrize("epoch", [1, 2])
def test_best_survives_a_kill_between_the_checkpoint_and_its_copy(tmp_path, monkeypatch, epoch):
    whole, killed, resumed = Mean(), Mean(), Mean()
    checkpoint = Checkpoint(tmp_path / "run")
    settings = {"epochs": 4, "schedule": constant(0.5), "keep_best": True, "checkpoint": checkpoint}
    fit(whole, Numbers(), validate=distance(whole), **(settings | {"checkpoint": None}))
    save = Checkpoint.save

    def kill(self, arrays, place, signature):
        if self.folder.name == "best" and place.epoch == epoch:
            raise RuntimeError("power cut")
        save(self, arrays, place, signature)

    monkeypatch.setattr(Checkpoint, "save", kill)
    with pytest.raises(RuntimeError):
        fit(killed, Numbers(), validate=distance(killed), **settings)
    monkeypatch.setattr(Checkpoint, "save", save)
    fit(resumed, Numbers(), validate=distance(resumed), resume=True, **settings)
    assert resumed.weight.tobytes() == whole.weight.tobytes()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patience": 0, "validate": lambda: 1.0}, r"fit: got patience 0, expected at least 1"),
        ({"patience": 2}, r"fit: got no validation values, but patience needs them"),
        ({"keep_best": True}, r"fit: got no validation values, but keep_best needs them"),
    ],
)
def test_early_stop_without_what_it_needs_is_refused(settings, message):
    with pytest.raises(OptionError, match=message):
        fit(Mean(), Numbers(), epochs=1, schedule=constant(0.1), **settings)


class Led(Mean):
    """A Mean that `fit` leads as an Engine; `told` remembers how."""

    def __init__(self):
        super().__init__()
        self.world, self.signature, self.told = World(), {"kind": "led"}, []

    def finish(self):
        self.told.append("finish")

    def settle(self):
        return Loss(0.0, 0)

    def observe(self, values):
        self.told.append(("observe", *values))

    @contextmanager
    def averaged(self):
        self.told.append("averaged")
        yield
        self.told.append("raw")


def test_engine_finishes_then_is_validated_with_averages_then_hears_all_values(tmp_path):
    learner, values = Led(), iter([3.0, 2.0])

    def validate():
        learner.told.append("validate")
        return next(values)

    checkpoint = Checkpoint(tmp_path / "run")
    fit(learner, Numbers(), epochs=2, schedule=constant(0.1), validate=validate, checkpoint=checkpoint)
    epoch = ["finish", "averaged", "validate", "raw"]
    assert learner.told == [*epoch, ("observe", 3.0), *epoch, ("observe", 3.0, 2.0)]
    with pytest.raises(OptionError, match="resume: got kind None, expected 'led' as in"):
        fit(
            Mean(),
            Numbers(),
            epochs=2,
            schedule=constant(0.1),
            validate=lambda: 1.0,
            checkpoint=checkpoint,
            resume=True,
        )


class Clock:
    """time.monotonic that a test moves."""

    now = 0.0

    def monotonic(self):
        return self.now


def test_run_of_some_minutes_ends_in_time_with_the_schedule_at_its_end(tmp_path, monkeypatch):
    clock, learner, checkpoint = Clock(), Mean(), Checkpoint(tmp_path / "run", seconds=1e9)
    monkeypatch.setattr("seqkit.train.loop.time", clock)

    def tick():
        clock.now += 6.0

    learner.hook = tick
    given = {"epochs": 9, "schedule": linear(1.0, 0.0), "validate": lambda: float(len(learner.rates))}
    history = fit(learner, Numbers(), **given, minutes=1.0, keep_best=True, checkpoint=checkpoint)
    assert len(learner.rates) == 10  # steps of six seconds
    np.testing.assert_allclose(learner.rates, 1 - np.arange(10) / 10)
    assert [(e.number, e.units, e.validation) for e in history] == [(1, 20, 7.0), (2, 9, 10.0)]
    again = fit(Mean(), Numbers(), **given, minutes=1.0, keep_best=True, checkpoint=checkpoint, resume=True)
    assert len(again) == 2  # the time is over


@pytest.mark.parametrize("minutes", [0, -1.0, float("nan")])
def test_run_of_no_minutes_is_refused(minutes):
    with pytest.raises(OptionError, match="minutes .*, expected more than 0"):
        fit(Mean(), Numbers(), epochs=1, schedule=constant(0.1), minutes=minutes)
