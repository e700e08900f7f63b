"""Several processes learn what one does, stop together, and go on in any number."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core.errors import BackendError
from seqkit.core.score import Loss
from seqkit.train import distributed
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.world import World

WORKER = Path(__file__).with_name("worker.py")


def train(folder, processes, **settings):
    """Run so many processes to their end; return what each wrote."""
    folder.mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(WORKER), str(folder), json.dumps(settings)]
    running = []
    for rank in range(processes):
        place = {
            "RANK": rank,
            "LOCAL_RANK": rank,
            "WORLD_SIZE": processes,
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port,
        }
        environment = os.environ | {name: str(value) for name, value in place.items()}
        running.append(
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        )
    try:
        for process in running:
            output, _ = process.communicate(timeout=120)
            assert process.returncode == 0, output
    finally:
        for process in running:
            process.kill()
            process.wait()
            process.stdout.close()
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(processes)]


def assert_near(found, expected):
    assert [count for _, count in found["losses"]] == [count for _, count in expected["losses"]]
    np.testing.assert_allclose(
        [total for total, _ in found["losses"]], [total for total, _ in expected["losses"]], rtol=1e-5
    )
    np.testing.assert_allclose(found["history"], expected["history"], rtol=1e-5)
    np.testing.assert_allclose(found["first"], expected["first"], atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"accumulate": 2}, {"rows": 1}])
def test_two_processes_learn_what_one_does_with_a_ragged_last_batch(tmp_path, settings):
    (one,) = train(tmp_path / "one", 1, **settings)
    two = train(tmp_path / "two", 2, **settings)
    for found in two:
        assert_near(found, one)
    assert two[0]["losses"] == two[1]["losses"]
    assert two[0]["weights"] == two[1]["weights"]


@pytest.mark.slow
@pytest.mark.parametrize(("killed", "accumulate"), [(0, 1), (1, 1), (1, 2)])
def test_interrupt_of_one_process_stops_both_and_either_number_goes_on(tmp_path, killed, accumulate):
    settings = {"accumulate": accumulate}
    (whole,) = train(tmp_path / "whole", 1, **settings)
    for processes in (1, 2):
        folder = tmp_path / f"{processes}"
        stopped = train(folder, 2, kill=killed, **settings)
        assert all(found["stopped"] for found in stopped)
        heard = 8 if accumulate == 1 else 9  # asked for after step 7, agreed on at the next update
        assert len(stopped[0]["losses"]) == len(stopped[1]["losses"]) == heard
        arrays, place = Checkpoint(folder / "run").load(_signature(folder))
        assert (place.epoch, place.batches) == (1, heard - 5)
        assert arrays["carry.0"].shape == (5, 6)
        for found in train(folder, processes, resume=True, **settings):
            found["losses"] = stopped[0]["losses"] + found["losses"]
            assert_near(found, whole)
        epochs = [json.loads(line)["epoch"] for line in (folder / "log.jsonl").read_text().splitlines()]
        assert epochs == [1, 2, 3]


def _signature(folder):
    return json.loads((folder / "run" / "manifest.json").read_text())["meta"]["signature"]


@given(st.lists(st.floats(0, 1e15), min_size=1, max_size=6))
def test_loss_travels_in_float32_without_a_loss_of_digits(totals):
    sums = sum(distributed._digits(torch.tensor(total, dtype=torch.float64)).float() for total in totals)
    found = (sums.double() * distributed._SCALES).sum().item()
    assert found == pytest.approx(sum(totals), rel=1e-15, abs=len(totals) * 2.0**-48)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_loss_that_is_not_finite_arrives_as_such(value):
    sums = distributed._digits(torch.tensor(value, dtype=torch.float64)).float() + 1
    assert not np.isfinite((sums.double() * distributed._SCALES).sum().item())


@given(st.integers(0, 50), st.integers(1, 9))
def test_parts_of_a_batch_cover_it_once_and_differ_by_one_row_at_most(rows, size):
    parts = []
    for rank in range(size):
        world = World()
        world.rank, world.size = rank, size
        parts.append(list(range(rows))[world.part(rows)])
    assert [row for part in parts for row in part] == list(range(rows))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_without_torchrun_one_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with distributed.world("cpu") as world:
        assert (world.rank, world.size, world.part(3), world.same(2.5)) == (0, 1, slice(0, 3), 2.5)
        assert world.device.type == "cpu"
        assert world.add(Loss(1.0, 2)) == Loss(1.0, 2)
        assert world.reduce(torch.zeros(1), 3.0, 4) == Loss(3.0, 4)


def test_missing_variable_of_torchrun_is_named(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with (
        pytest.raises(BackendError, match=r"could not connect \(.*RANK.*Start them with torchrun"),
        distributed.world("cpu"),
    ):
        pass
