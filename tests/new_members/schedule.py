"""A schedule of the learning rate: a function of progress, and its name in the table."""

FILE = "train/schedule.py"
BEFORE = {
    "def plateau(": '''def polynomial(lr: float, *, power: float = 2.0) -> Schedule:
    """lr · (1 - p)^power."""
    _check(lr, power=(power, 0, math.inf))
    return lambda progress, values: lr * (1 - progress) ** power


''',
    '    "plateau": plateau,': '    "polynomial": polynomial,\n',
}
INSTEAD = {}
