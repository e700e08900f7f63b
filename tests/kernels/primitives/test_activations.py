"""Row operations equal their specification at every length."""

import numpy as np
import pytest
from numba import njit

from seqkit.kernels.primitives.activations import cpu, reference


def run(operation, *arrays):
    one, two = (
        njit(lambda x, out, n: operation(x, out, n)),  # noqa: PLW0108  # a function that numba can compile
        njit(lambda x, y, out, n: operation(x, y, out, n)),  # noqa: PLW0108
    )
    (one if len(arrays) == 2 else two)(*[a.ctypes.data for a in arrays], arrays[-1].size)


@pytest.mark.parametrize("n", [1, 15, 16, 17, 63, 300])
@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "copy", "narrow", "widen", "add", "add_low", "exponential"]
)
def test_row_operation_equals_reference_and_touches_nothing_else(name, n):
    draw = np.random.default_rng(n)
    low_in, low_out = name in ("widen", "add_low"), name == "narrow"
    x, y = (np.append(draw.normal(size=n) * 9, [100.0] * 40).astype(np.float32) for _ in range(2))
    if low_in:
        x, y = ((a.view(np.uint32) >> 16).astype(np.uint16) for a in (x, y))
    inputs = [x[:n], y[:n]][: 2 if name.startswith("add") else 1]
    out = np.full(n + 40, 7, np.uint16 if low_out else np.float32)
    expected = np.empty(n, out.dtype)
    if name == "widen":
        expected[:] = reference.widen(x[:n])
    elif name == "exponential":
        reference.exponential(x[:n], x[:n].max(), expected)
    else:
        getattr(reference, name)(*inputs, expected)
    if name == "exponential":
        shift = x[:n].max()
        njit(lambda x, s, out, n: cpu.exponential(x, s, out, n))(x.ctypes.data, shift, out.ctypes.data, n)  # noqa: PLW0108
    else:
        run(getattr(cpu, name), *inputs, out[:n])
    np.testing.assert_allclose(out[:n].astype(np.float64), expected.astype(np.float64), rtol=0, atol=2e-7)
    assert (out[n:] == 7).all()


def test_narrow_rounds_as_torch_does():
    import torch

    x = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    out = np.empty(1000, np.uint16)
    run(cpu.narrow, x, out)
    assert (torch.from_numpy(x).bfloat16().view(torch.int16).numpy().view(np.uint16) == out).all()


def test_saturated_arguments_stay_finite():
    x = np.array([-1e30, -200, 200, 1e30], np.float32)
    for operation, ends in ((cpu.sigmoid, (0, 1)), (cpu.tanh, (-1, 1))):
        out = np.empty_like(x)
        run(operation, x, out)
        np.testing.assert_allclose(out, [ends[0]] * 2 + [ends[1]] * 2, atol=1e-30)
