"""SIGINT and SIGTERM as a wish: the first asks the loop to stop after this step, the second stops at once."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_wishes: list[threading.Event] = []  # one while a block is open in the main thread: blocks inside it share it


@contextlib.contextmanager
def polite_interrupts() -> Iterator[Callable[[], bool]]:
    """Within the block, give a function that says whether a stop was requested; main thread only.

    A block within a block shares its wish. A wish is never forgotten: a block that ends by itself although
    a stop was requested raises KeyboardInterrupt.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    if _wishes:
        yield _wishes[0].is_set
        _raise_if(_wishes[0])
        return
    asked = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    _wishes.append(asked)
    try:
        yield asked.is_set
    finally:
        _wishes.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
    _raise_if(asked)


def _raise_if(asked: threading.Event) -> None:
    if asked.is_set():
        raise KeyboardInterrupt
