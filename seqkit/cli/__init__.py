"""The command line: one file a noun, each command options plus one library call. This file maps errors to exit codes."""

import os
import sys


def main() -> None:
    """Run the command line; exit 0, 1 internal, 2 usage, 3 bad data, 4 bad model file, 5 unknown words, 6 out of memory or
    disk, 130 interrupted with the checkpoint written, 141 reader gone."""
    from seqkit.cli.app import app
    from seqkit.core.errors import SeqkitError

    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        app()
        sys.stdout.flush()
    except SeqkitError as error:
        _end(str(error), error.exit_code, debug)
    except KeyboardInterrupt:
        _end("interrupted.", 130, False)
    except MemoryError:
        _end("not enough memory. Lower --dim or --max-size, or see what is needed with --dry-run.", 6, debug)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit is quiet too
        sys.exit(141)


def _end(message: str, code: int, debug: bool) -> None:
    if debug:
        raise  # noqa: PLE0704  # called while the error is handled
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)
