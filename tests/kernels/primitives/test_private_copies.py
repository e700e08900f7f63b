"""private_copies: threads' own copies of the last rows, and what they give back."""

import numpy as np
import pytest

from seqkit.kernels.primitives.private_copies.cpu import PULL, exchange, last_copied
from seqkit.kernels.primitives.simd.rows import aligned

SIZE, OWN = 32, 40


def members(rows, number):
    matrix = aligned(rows, SIZE)
    matrix[:] = np.random.default_rng(0).normal(size=(rows, SIZE))
    return matrix, [last_copied(matrix, OWN) for _ in range(number)]


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize("lr", [1e-6, 0.05])
def test_changes_of_all_come_together_in_any_order(threads, lr):
    """A row hit h times by each of n threads moves by Σ change / (1 + (n - 1) · min(1, PULL · lr · h))."""
    random = np.random.default_rng(threads)
    matrix, team = members(100, threads)
    expected = matrix.astype(np.float64)
    for member in random.integers(0, threads, 60):
        rows = team[member]
        places = np.unique(random.integers(0, OWN, 5))
        change = random.normal(0, 1e-2, (len(places), SIZE)).astype(np.float32)
        hits = random.integers(1, 30, len(places))
        rows.copies[places] += change
        rows.hits[places] = hits
        expected[100 - OWN + places] += (
            change / (1 + (threads - 1) * np.minimum(1, PULL * lr * hits))[:, None]
        )
        exchange(rows, threads, np.float32(lr))
        assert not rows.hits.any()
        np.testing.assert_array_equal(rows.copies[:OWN], matrix[-OWN:])
    for rows in team:
        exchange(rows, threads, np.float32(lr))
        np.testing.assert_array_equal(rows.copies[OWN:], rows.copies[:OWN])
    np.testing.assert_allclose(matrix, expected, atol=1e-5)


def test_row_that_changes_while_it_is_copied_has_two_equal_copies():
    """Else their difference would take back what another thread did between them.

    Here the first copy itself changes the shared row: its second half is the row's first one.
    """
    memory = aligned(1, 2 * SIZE)[0]
    matrix = memory[SIZE // 2 :][:SIZE].reshape(1, SIZE)
    matrix[:] = np.arange(SIZE)
    rows = last_copied(matrix, 1)._replace(copies=memory.reshape(2, SIZE))
    exchange(rows, 2, np.float32(0.1))
    assert matrix[0, 0] != 0
    np.testing.assert_array_equal(rows.copies, [np.arange(SIZE)] * 2)
