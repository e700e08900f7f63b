"""seqkit doctor: every kernel is checked against its reference, every model must learn; what does not is told."""

import json

import pytest
import typer
from shell import run

import seqkit
from seqkit.cli import self_tests
from seqkit.cli.commands import doctor
from seqkit.embeddings.training.objectives import objectives


def test_doctor_finds_every_kernel_and_model_right():
    done = run("doctor", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    kernels = {name: ok for name, ok in found.items() if name.startswith("kernel ")}
    assert kernels == {f"kernel {name}": True for name in objectives.names()}
    models = {
        name: ok for name, ok in found.items() if name.startswith("model ") and name.endswith(" on cpu")
    }
    assert set(models.values()) == {True}
    assert "checking kernels and models" in done.stderr


def test_every_model_is_tried():
    """All names of the package that are trained by `fit` and write themselves down, bias removal aside."""
    kinds = {name: getattr(seqkit, name) for name in seqkit.__all__ if name[0].isupper()}
    trained = {name for name, kind in kinds.items() if hasattr(kind, "fit") and hasattr(kind, "history")}
    trained |= {name for name, kind in kinds.items() if hasattr(kind, "fit") and hasattr(kind, "fit_options")}
    trained |= {name for name, kind in kinds.items() if hasattr(kind, "higher_is_better")}
    assert {one.name for one in self_tests.MODELS} == trained - {"CBOW"}


def test_doctor_fails_and_tells_of_what_is_wrong(monkeypatch, capsys):
    broken = [("kernel subwords", "ValueError: it is broken"), ("model GloVe on cpu", True)]
    monkeypatch.setattr(self_tests, "results", lambda places: iter(broken))
    with pytest.raises(typer.Exit) as ended:
        doctor.doctor()
    assert ended.value.exit_code == 1
    assert "ValueError: it is broken" in capsys.readouterr().out


def test_a_check_that_fails_or_ends_its_process_is_told(monkeypatch):
    assert self_tests.tried(lambda: 1 / 0) == "ZeroDivisionError: division by zero"
    monkeypatch.setattr(self_tests, "checks", lambda places: {"kernel that is unknown": None})
    told = dict(self_tests.results(["cpu"]))
    assert told == {"kernel that is unknown": "its process ended with code 1"}


def test_a_kernel_that_computes_something_else_is_found(monkeypatch):
    from seqkit.kernels.glove import reference

    monkeypatch.setattr(reference, "CLIP", 1e-3)
    assert self_tests.checks(["cpu"])["kernel glove"]() is False
