"""The command line: one file for each noun; this file turns errors into exit codes."""

import os
import shlex
import sys
import traceback
from collections.abc import Callable

from seqkit.core.interrupt import INTERRUPTED, Stopped, Wish, leave, listen


def main() -> None:
    """Run the command line, as the whole of this process.

    Exit codes: 0; 1 internal; 2 usage; 3 bad data; 4 bad model file; 5 unknown words; 6 out of memory or
    disk; 130 interrupted, and the message says what was saved; 141 the reader of the output is gone.
    """
    wish, code, said = listen(), 1, ""
    try:
        code, said = _run(wish)
    except KeyboardInterrupt as stop:
        code, said = INTERRUPTED, _told(stop)
    finally:
        wish.code = code
    if said:
        from seqkit.cli.streams import shown

        print(f"error: {shown(said, sys.stderr)}", file=sys.stderr)
    leave(code)


def _run(wish: Wish) -> tuple[int, str]:
    """Run the command: the exit code, and what to say of an error.

    Raises:  KeyboardInterrupt if a stop was requested, whatever became of it on the way.
    """
    try:
        code, said = _command()
    except BaseException as error:
        if (stop := _stop_in(error)) or wish.raised:
            raise stop or KeyboardInterrupt from error
        raise
    if wish.raised or (wish.asked and code == 0):
        raise KeyboardInterrupt
    return code, said


def _command() -> tuple[int, str]:
    from seqkit.cli.app import make
    from seqkit.cli.streams import open_streams
    from seqkit.core.errors import ResourceError, SeqkitError, os_error, out_of_memory

    if not open_streams():
        return 6, "stdout: is closed, expected an open one. To print nothing, write > /dev/null."
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        code = _invoke(make(sys.argv[1:]))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit is quiet
        return 141, ""
    except (SeqkitError, MemoryError, OSError, RuntimeError) as error:
        memory = out_of_memory(error)
        if _stop_in(error) or not (memory or isinstance(error, SeqkitError | OSError)):
            raise
        if debug:
            traceback.print_exc()
        if memory:
            error = ResourceError(
                "memory: got too little. Lower --dim or --max-size, or see with --dry-run how much is needed."
            )
        known = os_error(error) if isinstance(error, OSError) else error
        assert isinstance(known, SeqkitError)
        return known.exit_code, str(known)
    return code, ""


def _invoke(app: Callable[[], None]) -> int:
    """Run typer's application, which ends by SystemExit; its exit code."""
    try:
        app()
    except SystemExit as end:
        if stop := _stop_in(end):
            raise stop from None
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        return int(end.code or 0)
    return 0


def _stop_in(error: BaseException | None) -> KeyboardInterrupt | None:
    """The KeyboardInterrupt that led to an error."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


def _told(stop: KeyboardInterrupt) -> str:
    """What is said of an interruption, once for all processes of torchrun."""
    if os.environ.get("RANK", "0") != "0":
        return ""
    said = ": ".join(["interrupted", *map(str, stop.args)]) + "."
    again = stop.again if isinstance(stop, Stopped) else None
    if again is None:
        return said
    words = [*sys.argv[1:], *([again] if again and again not in sys.argv else [])]
    return f"{said} To go on: {shlex.join(['seqkit', *words])}"
