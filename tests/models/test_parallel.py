"""A language model trained by two processes has the loss curve of one."""

import json
import socket
import subprocess
import sys

import pytest

LINES = ["the cat sat on the mat", "a dog ran to the cat", "the bird sang"] * 20


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize("settings", [[], ["--dropout", "0.3", "--layers", "2"]], ids=str)
def test_two_processes_give_the_loss_curve_of_one(tmp_path, settings):
    (tmp_path / "text.txt").write_text("\n".join(LINES) + "\n")
    command = ["-m", "seqkit", "lm", "train", "text.txt", "--valid", "text.txt", "--hidden", "12", "--layers", "1", "--epochs", "3",
               "--batch", "5", "--bptt", "7", "--device", "cpu", "--quiet", *settings]  # fmt: skip
    run = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1", "--master-port", str(port())]
    curves = []
    for out, start in (("one", []), ("two", run)):
        done = subprocess.run(
            [sys.executable, *start, *command, "--out", out],
            cwd=tmp_path,
            timeout=180,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        history = json.loads((tmp_path / out / "run.json").read_text())["history"]
        curves.append([value for epoch in history for value in (epoch["loss"], epoch["validation"], epoch["predictions"])])
    assert curves[1] == pytest.approx(curves[0], abs=1e-5)
