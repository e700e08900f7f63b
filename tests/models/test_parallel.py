"""What learns by gradients has, trained by two processes, the loss curve of one."""

import json
import socket
import subprocess
import sys

import numpy as np
import pytest

from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.window.model import WindowModel

LINES = ["the cat sat on the mat", "a dog ran to the cat", "the bird sang"] * 20  # 300 tokens


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize("settings", [[], ["--dropout", "0.3", "--layers", "2"]], ids=str)
def test_two_processes_give_the_loss_curve_of_one(tmp_path, settings):
    one, two = train_twice(
        tmp_path,
        [
            "lm",
            "train",
            "text.txt",
            "--valid",
            "text.txt",
            "--hidden",
            "12",
            "--layers",
            "1",
            "--epochs",
            "3",
            "--batch",
            "5",
            "--bptt",
            "7",
            "--device",
            "cpu",
            "--quiet",
            *settings,
        ],
    )
    assert two == pytest.approx(one, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        ["--context", "both", "--batch", "13"],
        ["--context", "nearby", "--batch", "46", "--set", "accumulate=2"],
        ["--batch", "1", "--epochs", "1"],
    ],
    ids=str,
)
def test_two_processes_give_the_window_model_of_one(tmp_path, settings):
    """The first setting's last batch has one row, so that a process has none of it; in the last one it never has any."""
    one, two = train_twice(
        tmp_path,
        [
            "embed",
            "train-window",
            "text.txt",
            "--dim",
            "6",
            "--hidden",
            "8",
            "--window",
            "2",
            "--min-count",
            "1",
            "--epochs",
            "3",
            "--device",
            "cpu",
            "--quiet",
            "--validate",
            "questions.txt",
            *settings,
        ],
    )
    assert two == pytest.approx(one, abs=1e-5)
    a, b = (Vectors.load(tmp_path / name) for name in ("one", "two"))
    np.testing.assert_allclose(a.matrix, b.matrix, atol=1e-4)
    for name in ("one", "two"):
        assert (
            WindowModel.load(tmp_path / name / "model", device="cpu").vectors().matrix.tobytes()
            == Vectors.load(tmp_path / name).matrix.tobytes()
        )


@pytest.mark.slow
@pytest.mark.parametrize("settings", [["--batch", "7"], ["--batch", "1", "--head", "softmax"]], ids=str)
def test_two_processes_give_the_tagger_of_one(tmp_path, settings):
    """Without dropout: its masks are as long as the longest sentence that a process has. One row a batch leaves one process none."""
    rows = ("".join(f"{word} {word[0]}\n" for word in line.split()) for line in LINES)
    (tmp_path / "tagged.conll").write_text("\n".join(rows))
    one, two = train_twice(
        tmp_path,
        [
            "tag",
            "train",
            "tagged.conll",
            "--valid",
            "tagged.conll",
            "--hidden",
            "6",
            "--embed-dim",
            "5",
            "--dropout",
            "0",
            "--epochs",
            "2",
            "--set",
            "char_size=4",
            "--device",
            "cpu",
            "--quiet",
            *settings,
        ],
    )
    assert two == pytest.approx(one, abs=1e-5)


def train_twice(folder, command):
    """The histories that a command writes when one process runs it, and when two do."""
    (folder / "text.txt").write_text("\n".join(LINES) + "\n")
    (folder / "questions.txt").write_text(": q\ncat dog mat bird\n")
    run = [
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        "2",
        "--master-addr",
        "127.0.0.1",
        "--master-port",
        str(port()),
    ]
    curves = []
    for out, start in (("one", []), ("two", run)):
        done = subprocess.run(
            [sys.executable, *start, "-m", "seqkit", *command, "--out", out],
            cwd=folder,
            timeout=180,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        history = json.loads((folder / out / "run.json").read_text())["history"]
        curves.append(
            [
                value
                for epoch in history
                for value in (epoch["loss"], epoch["validation"], epoch["predictions"])
            ]
        )
    return curves
