"""Counts of chunks as the CoNLL-2000 shared task's conlleval.pl makes them, written from its rules to check
the library's.
"""

from collections.abc import Iterable, Sequence


def conlleval(rows: Iterable[tuple[Sequence[str], Sequence[str]]]) -> tuple[int, int, int, float]:
    """(right, predicted, true, F1 in %) over (true tags, predicted tags) of sentences."""
    right = predicted = true = 0
    for gold, guess in rows:
        correct_so_far = False
        before = [("O", ""), ("O", "")]
        for g, p in zip([*gold, "O"], [*guess, "O"], strict=True):
            now = [tuple(tag.split("-", 1)) if "-" in tag else (tag, "") for tag in (g, p)]
            ended, started = (
                [_ends(*pair) for pair in zip(before, now, strict=True)],
                [_starts(*pair) for pair in zip(before, now, strict=True)],
            )
            if correct_so_far:
                if all(ended) and before[0][1] == before[1][1]:
                    right, correct_so_far = right + 1, False
                elif ended[0] != ended[1] or now[0][1] != now[1][1]:
                    correct_so_far = False
            if all(started) and now[0][1] == now[1][1]:
                correct_so_far = True
            true, predicted = true + started[0], predicted + started[1]
            before = now
    precision, recall = right / max(predicted, 1), right / max(true, 1)
    return right, predicted, true, 200 * precision * recall / max(precision + recall, 1e-300)


def _ends(before: tuple[str, ...], now: tuple[str, ...]) -> bool:
    (a, kind), (b, other) = before, now
    pairs = {("B", "B"), ("B", "O"), ("I", "B"), ("I", "O"), ("B", "S"), ("I", "S")}
    return (a, b) in pairs or a in ("E", "S") or (a != "O" and kind != other)


def _starts(before: tuple[str, ...], now: tuple[str, ...]) -> bool:
    (a, kind), (b, other) = before, now
    pairs = {("O", "I"), ("O", "E"), ("E", "I"), ("E", "E"), ("S", "I"), ("S", "E")}
    return b in ("B", "S") or (a, b) in pairs or (b != "O" and kind != other)
