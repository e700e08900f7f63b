"""seqkit doctor: every kernel on windows is checked against its reference, and a wrong one fails."""

import json

import pytest
from shell import run

from seqkit.cli.commands import doctor
from seqkit.embeddings.training.objectives import objectives


def test_doctor_finds_every_kernel_right():
    done = run("doctor", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    kernels = {name.removeprefix("kernel "): ok for name, ok in found.items() if name.startswith("kernel ")}
    assert kernels == {n: True for n in objectives.names() if objectives.load(n).learns_from == "text"}
    assert "checking the kernels" in done.stderr


def test_doctor_fails_on_a_wrong_kernel(monkeypatch, capsys):
    import typer

    monkeypatch.setattr(doctor, "_agrees", lambda loss: loss != "subwords")
    with pytest.raises(typer.Exit) as ended:
        doctor.doctor()
    assert ended.value.exit_code == 1
    assert "kernel subwords        False" in capsys.readouterr().out
