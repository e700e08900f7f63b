"""The command line: one file for each noun; this file turns errors into exit codes."""

import os
import sys


def main() -> None:
    """Run the command line.

    Exit codes: 0; 1 internal; 2 usage; 3 bad data; 4 bad model file; 5 unknown words; 6 out of memory or
    disk; 130 interrupted, with the checkpoint written; 141 the reader of the output is gone.
    """
    from seqkit.cli.app import make
    from seqkit.cli.streams import open_streams
    from seqkit.core.errors import ResourceError, SeqkitError, os_error, out_of_memory

    if not open_streams():
        _end("stdout: is closed, expected an open one. To print nothing, write > /dev/null.", 6)
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        make(sys.argv[1:])()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            _reader_gone()
        if end.code == 130:
            _end("interrupted.", 130)
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _reader_gone()
        raise
    except (SeqkitError, MemoryError, OSError, RuntimeError) as error:
        memory = out_of_memory(error)
        if debug or not (memory or isinstance(error, SeqkitError | OSError)):
            raise
        if memory:
            error = ResourceError(
                "memory: got too little. Lower --dim or --max-size, or see with --dry-run how much is needed."
            )
        known = os_error(error) if isinstance(error, OSError) else error
        assert isinstance(known, SeqkitError)
        _end(str(known), known.exit_code)


def _end(message: str, code: int) -> None:
    from seqkit.cli.streams import shown

    print(f"error: {shown(message, sys.stderr)}", file=sys.stderr)
    sys.exit(code)


def _reader_gone() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit is quiet too
    sys.exit(141)
