"""SIGINT, SIGTERM and SIGHUP as one wish to stop, which is never forgotten.

Outside a loop the first signal raises KeyboardInterrupt where the main thread is. A loop asks
(`polite_interrupts`), so that it can finish its step; the second signal raises. A signal that is ignored when
the process begins (nohup) stays so. Not handled: a call into compiled code, which ends before one is heard.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP
INTERRUPTED = 130  # exit code
_ASIDE = "aside"  # name of threads
_heard: list["Wish"] = []  # one while somebody listens


class Stopped(KeyboardInterrupt):
    """KeyboardInterrupt that says what was saved.

    again: what the same command needs to go on with it, as "--resume"; None: there is nothing to go on with.
    """

    def __init__(self, saved: str, again: str | None = None) -> None:
        super().__init__(saved)
        self.again = again


class Wish:
    """The wish to stop, and how far it was granted.

    asked: a signal came. raised: KeyboardInterrupt was raised for one. whole: the process is one command,
    which a signal after that ends at once. code: it is ending, with this exit code.
    """

    def __init__(self, *, whole: bool) -> None:
        self.asked = self.raised = False
        self.whole, self.polite = whole, 0
        self.code: int | None = None
        self.before = {
            number: signal.signal(number, self._hear)
            for number in SIGNALS
            if signal.getsignal(number) not in (signal.SIG_IGN, None)
        }
        self.show = sys.unraisablehook
        if whole:
            sys.unraisablehook = self._lost
        _heard[:] = [self]

    def forget(self) -> None:
        """Listen no more."""
        _heard.clear()
        sys.unraisablehook = self.show
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.code is not None:
            os._exit(self.code)
        if self.raised and self.whole:
            os.write(2, b"error: interrupted again, ended at once.\n")
            os._exit(INTERRUPTED)
        if self.polite and not self.asked:
            self.asked = True
            return
        self.asked = self.raised = True
        raise KeyboardInterrupt

    def _lost(self, found: Any) -> None:
        """Raise again what came where nothing can be raised, as in a callback of the garbage collector.

        What then fails at exit is not shown: it was not ready for it.
        """
        if found.exc_type is not KeyboardInterrupt:
            if not self.raised:
                self.show(found)
        elif self.code is None:
            self.raised = False
            threading.Timer(0.01, os.kill, (os.getpid(), min(self.before))).start()


def listen() -> Wish:
    """Hear signals to the end of this process, which is one command, or until the next one listens."""
    forget()
    return Wish(whole=True)


def forget() -> None:
    """End what `listen` began, for a process that goes on."""
    for wish in list(_heard):
        wish.forget()


@contextlib.contextmanager
def polite_interrupts(*enough: type[Exception]) -> Iterator[Callable[[], bool]]:
    """Within the block, give a function that says whether a stop was requested; main thread only.

    A block within a block shares its wish. A wish is never forgotten: a block that ends by itself, or the
    outermost one by an exception of `enough`, although a stop was requested raises KeyboardInterrupt.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    outermost = not _heard
    wish = Wish(whole=False) if outermost else _heard[0]
    wish.polite += 1
    try:
        yield lambda: wish.asked
    except enough as end:
        if wish.asked and wish.polite == 1:
            raise KeyboardInterrupt from end
        raise
    finally:
        wish.polite -= 1
        if outermost:
            wish.forget()
    if wish.asked:
        raise KeyboardInterrupt


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Processes started within the block hear none of the signals: whoever starts them ends them.

    A terminal sends Ctrl-C to every process of a command.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def aside(call: Callable[[], T]) -> T:
    """What a long call into compiled code gives, made on another thread, so that signals are heard meanwhile.

    After a KeyboardInterrupt the thread goes on alone until the call or the process ends (by `leave`).
    """
    made: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            made.append(call())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True, name=_ASIDE)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return made[0]


def leave(code: int) -> NoReturn:
    """End the process; at once if a call of `aside` goes on, which would abort it while it is taken apart."""
    if not any(thread.name == _ASIDE for thread in threading.enumerate()):
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)
