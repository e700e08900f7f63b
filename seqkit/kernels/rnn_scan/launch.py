"""How the pointwise passes of a GPU are launched: one row of the batch and some columns a program."""

BLOCK = 128  # columns of a program: a warp that reads 4 numbers a thread


def grid(rows: int, columns: int) -> tuple[int, int]:
    """The programs of a pass."""
    return rows, -(-columns // BLOCK)
