"""Kernels of a GPU compile for an H100 without one: nothing spilled, shared memory within its bounds, float32 products exact."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton", reason="needs the extra gpu")
ROOT = Path(__file__).parents[2]
MOST_SHARED = 227 << 10  # bytes a block may have on sm_90


def kernels():
    """The names of all functions that are launched, by reading the source."""
    return {
        node.name
        for path in (ROOT / "seqkit" / "kernels").rglob("gpu.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.endswith("_kernel")
    }


@pytest.fixture(scope="module")
def compiled():
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    words = [sys.executable, str(ROOT / "tests" / "kernels" / "compiling.py")]
    done = subprocess.run(words, env=environment, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_kernel_is_compiled_as_it_is_launched(compiled):
    assert {each["kernel"] for each in compiled} == kernels()


def test_nothing_is_spilled_and_shared_memory_suffices(compiled):
    wrong = [each for each in compiled if each["stack"] or each["local"] or each["shared"] > MOST_SHARED]
    assert not wrong


def test_float32_is_multiplied_exactly(compiled):
    assert not [each for each in compiled if each["float32"] and each["products"]]
