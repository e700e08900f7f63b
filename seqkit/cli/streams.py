"""What is printed: on a terminal nothing that would move its cursor or turn its text, elsewhere as it is.

Not handled: what is printed (the commands).
"""

import contextlib
import errno
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

# controls, but tab and line end; what turns text from left to right and back; the ends of lines of Unicode
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def shown(text: str, stream: Any) -> str:
    """The text as a stream is given it: on a terminal with escapes for what cannot be seen.

    >>> shown("a\\x1b[2J", io.StringIO())
    'a\\x1b[2J'
    """
    return escaped(text) if stream is not None and stream.isatty() else text


def escaped(text: str) -> str:
    """The text with escapes for what cannot be seen.

    >>> escaped("a\\x1b[2J")
    'a\\\\x1b[2J'
    """
    return UNSEEN.sub(lambda found: repr(found[0])[1:-1], text)


class Terminal:
    """A terminal that is given text, with escapes or as it is; one that was closed is as one nobody reads."""

    def __init__(self, stream: IO[str], form: Callable[[str], str] = escaped) -> None:
        self._stream, self._form = stream, form

    def write(self, text: str) -> int:
        """Print the text."""
        with self._open():
            self._stream.write(self._form(text))
        return len(text)

    def flush(self) -> None:
        """Print what is waiting."""
        with self._open():
            self._stream.flush()

    @contextlib.contextmanager
    def _open(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def open_streams() -> bool:
    """Make ready what is printed to; False if stdout is closed.

    A stream that cannot hold a character shows its number: \\u2014. A closed stderr is as one nobody reads.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # as long as the process
    if sys.stdout is None:
        return False
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not is_utf8(stream):
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout.isatty():
        sys.stdout = Terminal(sys.stdout)
    if sys.stderr.isatty():  # whose lines are escaped already, or hold what moves the cursor of a bar
        sys.stderr = Terminal(sys.stderr, str)
    return True


def is_utf8(stream: Any) -> bool:
    """Whether a stream holds every character."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "") in ("utf8", "utf8sig")
