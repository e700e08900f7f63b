"""top_k: the compiled kernel and the reference keep what a full sort keeps, ties and odd sizes included, on any threads."""

import numpy as np
import pytest

from seqkit.kernels.top_k import cpu, reference

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
