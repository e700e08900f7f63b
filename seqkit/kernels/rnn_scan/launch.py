"""How the pointwise passes of a GPU are launched: some neighbours in a state (B, H) a program."""

BLOCK = 128  # of a program: a warp that reads 4 numbers a thread


def grid(rows: int, columns: int) -> tuple[int]:
    """The programs of a pass."""
    return (-(-rows * columns // BLOCK),)
