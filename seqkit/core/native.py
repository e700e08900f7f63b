"""Long calls into native code that Ctrl-C ends: a thread of their own runs them while the main one waits."""

import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["interruptible"]

T = TypeVar("T")
_WAIT = 0.2  # seconds between two looks: on Windows a lock is deaf to Ctrl-C while one waits for it


def interruptible(call: Callable[[], T]) -> T:
    """What `call` returns or raises. An interrupt ends the wait at once; the call is left behind.

    It must release the lock of the interpreter. What is left behind ends with the process.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    found: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(call())
        except BaseException as error:  # raised again where it was asked for
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_WAIT)
    if failed:
        raise failed[0]
    return found[0]
