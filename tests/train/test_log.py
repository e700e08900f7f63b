"""A log tells every epoch once, whatever happened to the run, and harms no file that is not a log."""

import json
import os
import signal
import sys

import pytest
from train.toy import Mean, Numbers, stop_after

from seqkit.core.errors import FormatError, OptionError, ResourceError
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.log import JsonLines
from seqkit.train.loop import fit
from seqkit.train.schedule import constant, linear
from seqkit.train.tensorboard import TensorBoard


def lines(path, event):
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in found if line["event"] == event]


def run(learner, path, *, seconds=0.0, resume=False, **settings):
    return fit(
        learner,
        Numbers(),
        epochs=2,
        schedule=linear(0.3, 0.0),
        checkpoint=Checkpoint(path.parent / "run"),
        resume=resume,
        validate=lambda: 5.0,
        logs=[JsonLines(path, seconds)],
        **settings,
    )


def test_epoch_and_step_lines_say_what_fit_measured(tmp_path):
    learner = Mean()
    history = run(learner, tmp_path / "log.jsonl")
    steps, epochs = lines(tmp_path / "log.jsonl", "step"), lines(tmp_path / "log.jsonl", "epoch")
    assert [line["done"] for line in steps] == [*range(3, 20, 3), 20, *range(23, 40, 3), 40]
    assert [line["lr"] for line in steps] == learner.rates
    assert [line["loss"] for line in epochs] == [epoch.loss.mean for epoch in history]
    assert [(e["epoch"], e["done"], e["predictions"], e["validation"]) for e in epochs] == [
        (1, 20, 20, 5.0),
        (2, 40, 20, 5.0),
    ]


def test_steps_are_logged_no_more_often_than_asked(tmp_path):
    run(Mean(), tmp_path / "log.jsonl", seconds=1000.0)
    assert lines(tmp_path / "log.jsonl", "step") == []
    assert len(lines(tmp_path / "log.jsonl", "epoch")) == 2


@pytest.mark.parametrize("steps", [1, 6, 7, 8, 13])
def test_resumed_run_appends_and_repeats_nothing(tmp_path, steps):
    whole, log, stopped = tmp_path / "whole" / "log.jsonl", tmp_path / "log.jsonl", Mean()
    run(Mean(), whole)
    stop_after(stopped, steps)
    with pytest.raises(KeyboardInterrupt):
        run(stopped, log)
    run(Mean(), log, resume=True)
    times = {"seconds", "units_per_second"}
    strip = [
        [{k: v for k, v in json.loads(line).items() if k not in times} for line in p.read_text().splitlines()]
        for p in (log, whole)
    ]
    assert strip[0] == strip[1]


@pytest.mark.parametrize("died_at", ["save", "epoch"])
def test_epoch_stands_once_when_the_run_died_between_log_and_checkpoint(tmp_path, monkeypatch, died_at):
    log = tmp_path / "log.jsonl"

    def die(*args):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(*((Checkpoint, "save") if died_at == "save" else (JsonLines, "epoch")), die)
        with pytest.raises(RuntimeError):
            run(Mean(), log)
    run(Mean(), log, resume=True)
    assert [line["epoch"] for line in lines(log, "epoch")] == [1, 2]
    assert len(lines(log, "step")) == 14


def test_epoch_missing_from_the_log_is_written_from_the_checkpoint(tmp_path):
    log = tmp_path / "log.jsonl"
    run(Mean(), log)
    log.unlink()
    run(Mean(), log, resume=True)
    assert [line["epoch"] for line in lines(log, "epoch")] == [1, 2]


def test_line_cut_off_by_a_kill_is_dropped(tmp_path):
    log = tmp_path / "log.jsonl"
    run(Mean(), log)
    with log.open("a") as file:
        file.write('{"event": "ep')
    run(Mean(), log, resume=True)
    assert len(lines(log, "epoch")) == 2


def test_new_run_starts_its_log_anew(tmp_path):
    run(Mean(), tmp_path / "log.jsonl")
    run(Mean(), tmp_path / "log.jsonl")
    assert len(lines(tmp_path / "log.jsonl", "epoch")) == 2


@pytest.mark.parametrize(
    "text", ["hello\n", '{"event": "step"}\n', "[]\n", '{"event": "epoch", "done": "x"}\n']
)
def test_file_that_is_no_log_is_left_alone(tmp_path, text):
    log = tmp_path / "log.jsonl"
    log.write_text(text)
    with pytest.raises(FormatError, match=r"log\.jsonl: line 1 is not from a training log"):
        run(Mean(), log)
    assert log.read_text() == text


def test_log_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="cannot be written"):
        fit(
            Mean(),
            Numbers(),
            epochs=1,
            schedule=constant(0.1),
            logs=[JsonLines(tmp_path / "file" / "log.jsonl")],
        )


def test_missing_tensorboard_names_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(
        OptionError, match=r"tensorboard is not installed\. Install it \(pip install tensorboard\)"
    ):
        TensorBoard(tmp_path)


@pytest.mark.slow
def test_tensorboard_holds_each_epoch_once_after_a_resume(tmp_path):
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    learner, whole = Mean(), Mean()

    def hook():
        if len(learner.rates) == 9:
            os.kill(os.getpid(), signal.SIGINT)

    learner.hook = hook
    settings = {
        "epochs": 2,
        "schedule": constant(0.1),
        "validate": lambda: 5.0,
        "checkpoint": Checkpoint(tmp_path / "run"),
    }
    with pytest.raises(KeyboardInterrupt):
        fit(learner, Numbers(), logs=[TensorBoard(tmp_path / "board", 0.0)], **settings)
    history = fit(whole, Numbers(), logs=[TensorBoard(tmp_path / "board", 0.0)], resume=True, **settings)
    events = reading.EventAccumulator(str(tmp_path / "board")).Reload()
    assert [event.step for event in events.Scalars("epoch/training")] == [20, 40]
    assert [event.value for event in events.Scalars("epoch/training")] == pytest.approx(
        [e.loss.mean for e in history]
    )
    assert [event.step for event in events.Scalars("step/loss")] == [
        *range(3, 20, 3),
        20,
        23,
        *range(29, 40, 3),
        40,
    ]
