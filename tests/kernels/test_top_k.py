"""top_k: the compiled kernel and the reference keep what a full sort keeps, ties and odd sizes included, on any threads."""

import numpy as np
import pytest
import torch

from seqkit.kernels.top_k import cpu, gpu, reference

CPU = torch.device("cpu")  # the torch code of a GPU runs there too

KINDS = {
    "reference": reference.update,
    "cpu": cpu.update,
    "cpu, 3 threads": lambda *args: cpu.update(*args, threads=3),
}


@pytest.mark.parametrize("update", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    ("queries", "rows", "k", "block"), [(1, 1, 1, 1), (2, 7, 7, 3), (5, 300, 10, 64), (7, 64, 3, 64)]
)
def test_blocks_merged_keep_what_a_full_sort_keeps(update, queries, rows, k, block):
    random = np.random.default_rng(rows)
    scores = random.integers(-3, 4, (queries, rows)).astype(np.float32)  # many ties
    scale, bias = (
        random.choice([0.5, 1, 2], rows).astype(np.float32),
        random.integers(-2, 3, rows).astype(np.float32),
    )
    best, ids = np.full((queries, k), -np.inf, np.float32), np.full((queries, k), -1, np.int64)
    for start in range(0, rows, block):
        part = slice(start, start + block)
        update(scores[:, part], scale[part], bias[part], start, best, ids)
    whole = scores * scale + bias
    order = np.argsort(-whole, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(ids, order)
    np.testing.assert_array_equal(best, np.take_along_axis(whole, order, 1))


def rows_with_ties(rows, dim, seed=0):
    """Whole numbers, rows that are there several times, rows of zeros."""
    random = np.random.default_rng(seed)
    matrix = random.integers(-3, 4, (rows, dim)).astype(np.float32)
    matrix[random.random(rows) < 0.2] = 0
    matrix[rows // 2 :] = matrix[random.integers(0, rows, rows - rows // 2)]
    return matrix, np.linalg.norm(matrix, axis=1).astype(np.float32)


def ordered(scores, k):
    """A full sort: the best first, ties to the lower id."""
    ids = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return ids, np.take_along_axis(scores, ids, 1)


def exact_scores(queries, matrix, norms, by, less=None):
    q, x = queries.astype(np.float64), matrix.astype(np.float64)
    scale = (1 / np.where(norms > 0, norms, 1)).astype(np.float32).astype(np.float64)
    if less is not None:
        return (2 * (q @ x.T) * scale - less).astype(np.float32)
    return (q @ x.T * scale if by == "cosine" else 2 * q @ x.T - norms**2).astype(np.float32)


SIZES = [(1, 1, 1, 1), (2, 7, 3, 7), (5, 300, 17, 10), (3, 64, 1, 64), (4, 401, 9, 80)]


@pytest.mark.parametrize("by", ["cosine", "euclidean"])
@pytest.mark.parametrize(("queries", "rows", "dim", "k"), SIZES)
@pytest.mark.parametrize("blocks", ["usual", "small"])
def test_gpu_finds_what_float64_finds_with_ties_to_the_lower_id(
    monkeypatch, by, queries, rows, dim, k, blocks
):
    if blocks == "small":
        for name, size in {"QUERIES": 2, "SCORES": 90, "NUMBERS": 200, "UPLOAD": 31, "SLACK": 2}.items():
            monkeypatch.setattr(gpu, name, size)
    matrix, norms = rows_with_ties(rows, dim, rows)
    asked = np.random.default_rng(1).integers(-2, 3, (queries, dim)).astype(np.float32)
    asked[0] = 0  # all scores are alike
    ids, scores = gpu.nearest(gpu.put(matrix, norms, CPU), asked, k, by=by)
    wanted = ordered(exact_scores(asked, matrix, norms, by), k)
    np.testing.assert_array_equal(ids, wanted[0])
    np.testing.assert_array_equal(scores, wanted[1])


def test_gpu_takes_from_each_row_what_csls_takes():
    matrix, norms = rows_with_ties(90, 8)
    asked, less = matrix[:4], np.random.default_rng(2).integers(0, 3, 90) / 4
    ids, scores = gpu.nearest(gpu.put(matrix, norms, CPU), asked, 7, less=less)
    wanted = ordered(exact_scores(asked, matrix, norms, "cosine", less), 7)
    np.testing.assert_array_equal(ids, wanted[0])
    np.testing.assert_array_equal(scores, wanted[1])


@pytest.mark.parametrize("slack", [0, 32])
def test_gpu_multiplies_similarities_as_3cosmul_does(monkeypatch, slack):
    monkeypatch.setattr(gpu, "SLACK", slack)
    matrix, norms = rows_with_ties(200, 12)
    words = (matrix / np.where(norms > 0, norms, 1)[:, None])[
        np.random.default_rng(3).integers(0, 200, (9, 3))
    ]
    inverse = (1 / np.where(norms > 0, norms, 1)).astype(np.float32).astype(np.float64)
    cosines = np.einsum("nad,vd->nav", words.astype(np.float64), matrix) * inverse
    a, b, c = ((1 + cosines[:, i]) / 2 for i in range(3))
    ids, scores = gpu.multiply(gpu.put(matrix, norms, CPU), words, 5, epsilon=1e-3)
    wanted = ordered((b * c / (a + 1e-3)).astype(np.float32), 5)
    np.testing.assert_array_equal(ids, wanted[0])
    np.testing.assert_array_equal(scores, wanted[1])


def test_gpu_orders_by_float64_what_float32_cannot_tell_apart():
    """A thousand rows within float32's rounding of each other: the bound must send them all to float64."""
    random = np.random.default_rng(4)
    matrix = np.ones((1000, 64), np.float32) + random.integers(0, 4, (1000, 64)).astype(np.float32) * 2.0**-22
    norms = np.linalg.norm(matrix.astype(np.float64), axis=1).astype(np.float32)
    asked = random.normal(size=(3, 64)).astype(np.float32)
    ids, scores = gpu.nearest(gpu.put(matrix, norms, CPU), asked, 5)
    wanted = ordered(exact_scores(asked, matrix, norms, "cosine"), 5)
    np.testing.assert_array_equal(ids, wanted[0])
    np.testing.assert_array_equal(scores, wanted[1])


def test_gpu_never_finds_rows_that_are_not_finite():
    matrix = np.eye(5, 4, dtype=np.float32) + 1
    matrix[1], matrix[3, 0] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        norms = np.linalg.norm(matrix, axis=1)
    ids, scores = gpu.nearest(gpu.put(matrix, norms, CPU), np.ones((2, 4), np.float32), 5)
    assert [sorted(row) for row in ids.tolist()] == [[-1, -1, 0, 2, 4]] * 2
    assert (scores[:, 3:] == -np.inf).all()
    ids, scores = gpu.nearest(gpu.put(matrix, norms, CPU), np.full((1, 4), np.nan, np.float32), 2)
    assert (ids.tolist(), scores.tolist()) == ([[-1, -1]], [[-np.inf, -np.inf]])


@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 3, 0)])
def test_gpu_takes_no_queries_and_no_rows(shape):
    queries, dim, rows = shape
    there = gpu.put(np.ones((rows, dim), np.float32), np.ones(rows, np.float32), CPU)
    ids, scores = gpu.nearest(there, np.ones((queries, dim), np.float32), 4)
    assert ids.shape == scores.shape == (queries, min(4, rows))
