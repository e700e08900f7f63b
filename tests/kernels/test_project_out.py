"""neutralize: the compiled kernel is the reference, on any threads, at odd sizes, bad rows found the same."""

import numpy as np
import pytest

from seqkit.kernels.project_out import cpu, reference

KINDS = {
    "reference": reference.neutralize,
    "cpu": cpu.neutralize,
    "cpu, 3 threads": lambda *args: cpu.neutralize(*args, threads=3),
}


def make(rows, dim, num, dtype=np.float32, seed=0):
    random = np.random.default_rng(seed)
    basis = np.linalg.qr(random.normal(size=(dim, num)))[0].T if num else np.zeros((0, dim))
    return (
        random.normal(size=(rows, dim)).astype(dtype),
        np.ascontiguousarray(basis),
        random.random(rows) < 0.3,
    )


@pytest.mark.parametrize("neutralize", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("rows", "dim", "num"), [(1, 2, 1), (5, 3, 2), (64, 63, 0), (65, 300, 1), (200, 17, 16)]
)
@pytest.mark.parametrize("unit", [True, False])
def test_rows_are_the_projection_in_float64(neutralize, dtype, rows, dim, num, unit):
    x, basis, kept = make(rows, dim, num, dtype)
    out = np.empty((rows, dim), np.float32)
    assert neutralize(x, basis, kept, unit, out) == -1
    y = np.where(kept[:, None], x, x.astype(np.float64) @ (np.eye(dim) - basis.T @ basis))
    if unit:
        y /= np.linalg.norm(y, axis=1, keepdims=True)
    np.testing.assert_allclose(out, y, atol=2e-7 * np.abs(y).max())
    assert np.abs(out[~kept] @ basis.T).max(initial=0) < 1e-6
    np.testing.assert_allclose(out, call(reference.neutralize, x, basis, kept, unit), rtol=1e-6, atol=1e-7)


def call(neutralize, x, basis, kept, unit):
    out = np.empty(x.shape, np.float32)
    neutralize(x, basis, kept, unit, out)
    return out


@pytest.mark.parametrize("neutralize", KINDS.values(), ids=KINDS)
def test_first_bad_row_is_named_and_kept_rows_may_be_zero_or_in_the_span(neutralize):
    for where in (0, 4, 6):
        for bad, kept_helps in ((np.nan, False), (np.inf, False), (0.0, True), ("span", True)):
            x, basis, kept = make(7, 5, 2)
            kept[:] = False
            x[where] = 3 * basis[0] - basis[1] if bad == "span" else bad
            out = np.empty_like(x)
            assert neutralize(x, basis, kept, True, out) == where
            assert neutralize(x, basis, kept, False, out) == (-1 if kept_helps else where)
            kept[where] = True
            assert neutralize(x, basis, kept, True, out) == (-1 if kept_helps else where)
            if bad == 0.0:
                assert not out[where].any()
