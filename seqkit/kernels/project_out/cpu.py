"""Take a subspace out of the rows of a matrix: project_out.reference compiled, rows divided among threads."""

from typing import Any

import numpy as np

from seqkit.core.types import Array
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.thread_team.cpu import team, together
from seqkit.kernels.project_out.reference import LEAST


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc"})
def _rows(rows: Any, basis: Any, kept: Any, unit: Any, out: Any, first: Any, last: Any) -> Any:
    num, dim = basis.shape
    along, y = np.empty(num), np.empty(dim)
    bad = -1
    for n in range(first, last):
        x, row = rows[n], out[n]
        square = 0.0
        for j in range(dim):
            y[j] = x[j]
            square += y[j] * y[j]
        before = left = np.sqrt(square)
        if not kept[n]:
            for k in range(num):
                total, b = 0.0, basis[k]
                for j in range(dim):
                    total += y[j] * b[j]
                along[k] = total
            for k in range(num):
                b, share = basis[k], along[k]
                for j in range(dim):
                    y[j] -= share * b[j]
            square = 0.0
            for j in range(dim):
                square += y[j] * y[j]
            left = np.sqrt(square)
        if bad < 0 and (not np.isfinite(before) or (unit and not kept[n] and not left > LEAST * before)):
            bad = n
        scale = 1.0 / left if unit and left > 0 else 1.0
        for j in range(dim):
            row[j] = y[j] * scale
    return bad


def neutralize(rows: Array, basis: Array, kept: Array, unit: bool, out: Array, *, threads: int = 1) -> int:
    """out = x - Σ_k ⟨x, b_k⟩ b_k, or x where kept; if `unit`, divided by its length; as the reference."""
    cuts = [len(rows) * i // threads for i in range(threads + 1)]
    found = together(team(), threads, lambda me: _rows(rows, basis, kept, unit, out, cuts[me], cuts[me + 1]))
    return next((int(n) for n in found if n >= 0), -1)
