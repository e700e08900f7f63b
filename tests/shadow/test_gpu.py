"""The script for a GPU: its cases hold under the shadow and on a device, and it runs dry on a CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks._gpu.cases import CASES, apart, compare, limit
from shadow.cuda import ShadowCuda

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_golden_values_are_those_of_this_machine_and_of_the_shadow(name):
    assert compare(name, "cpu") < limit(name)
    with ShadowCuda():
        assert compare(name, "cuda") < limit(name)


@pytest.mark.gpu
@pytest.mark.parametrize("name", CASES)
def test_models_give_the_golden_values_on_a_gpu(name):
    import torch

    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    assert compare(name, "cuda") < limit(name)


def test_how_far_results_are_apart():
    assert apart({"a": [1.0, "x"]}, {"a": [1.5, "x"]}) == 1 / 3
    assert apart([1, 2], [1]) == apart("a", "b") == apart({"a": 1}, {}) == 1


@pytest.mark.slow
def test_script_runs_dry_on_a_cpu(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "gpu", "dry", "--budget", "900"],
        cwd=ROOT,
        env=os.environ | {"OUT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert not found["models"]["failed"]
    assert set(found) >= {
        "env",
        "kernels",
        "lm_speed",
        "cells",
        "sampling",
        "loss",
        "queries",
        "shakespeare",
        "words",
        "glove",
    }
