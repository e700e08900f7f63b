"""near_pairs: reference and the torch code of a GPU, run on the CPU, keep what a loop over all pairs keeps."""

import itertools

import numpy as np
import pytest
import torch

from seqkit.kernels.near_pairs import gpu, reference


def brute_force(rows, g, delta, least, keep):
    found = []
    for x, y in itertools.permutations(range(len(rows)), 2):
        apart = float(np.sqrt(max(2 - 2 * rows[x] @ rows[y], 0)))
        gain = float(rows[x] @ g - rows[y] @ g)
        if least < apart <= delta and gain > 0:
            found.append((-gain / apart, x, y))
    return sorted(found)[:keep]


@pytest.mark.parametrize("kind", ["reference", "gpu"])
@pytest.mark.parametrize(("count", "keep"), [(0, 3), (1, 3), (2, 1), (37, 9), (37, 5000)])
def test_best_pairs_of_a_loop(monkeypatch, kind, count, keep):
    """Blocks of a few rows; a grid of points, so that many scores are the same, and rows twice."""
    monkeypatch.setattr(reference, "ROWS", 5)
    monkeypatch.setattr(gpu, "PAIRS", 100)
    angles = np.random.default_rng(count).integers(0, 16, count) * np.pi / 32
    rows, g = np.stack([np.cos(angles), np.sin(angles)], 1), np.array([0.6, -0.8])
    asked = rows, g, 1.0, 1e-6, keep
    x, y, score = reference.best(*asked) if kind == "reference" else gpu.best(*asked, torch.device("cpu"))
    wanted = brute_force(*asked)
    np.testing.assert_allclose(score, [-s for s, *_ in wanted], rtol=1e-9)
    assert len({*zip(x.tolist(), y.tolist(), strict=True)}) == len(wanted)
    if keep > count**2:
        assert {*zip(x.tolist(), y.tolist(), strict=True)} == {(a, b) for _, a, b in wanted}


def test_ties_go_to_the_lower_rows():
    rows = np.eye(4)[[0, 1, 0, 1, 2]]
    g = np.array([1.0, -1, 0, 0])
    asked = rows, g, 2.0, 1e-6, 6
    wanted = reference.best(*asked)
    for found, expected in zip(gpu.best(*asked, torch.device("cpu")), wanted, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert wanted[0].tolist() == [0, 0, 2, 2, 0, 2]
