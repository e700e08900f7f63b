"""The command line in this process: arguments in; exit code, stdout and stderr out. For tests of many short commands.

Not handled: signals, stdin, other environments (shell.run makes a process of each command).
"""

import contextlib
import io
import subprocess
import sys
import warnings
from unittest import mock

import typer.main

from seqkit.cli import main
from seqkit.cli.app import make


def _commands(command, words=()):
    for name, each in getattr(command, "commands", {}).items():
        yield from _commands(each, (*words, name))
    if not hasattr(command, "commands"):
        yield words, command


COMMANDS = dict(_commands(typer.main.get_command(make())))  # every command, by its words


def run(*words, cwd, code=0):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(cwd))
        stack.enter_context(mock.patch.object(sys, "argv", ["seqkit", *map(str, words)]))
        stack.enter_context(warnings.catch_warnings())  # the command line shows them in its own way
        warnings.simplefilter("default")
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        try:
            main()
            ended = 0
        except SystemExit as end:
            ended = end.code or 0
    assert ended == code, err.getvalue()
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def refused(*words, cwd, code):
    """The one sentence of a command that ends with `code`, and that wrote and printed nothing else."""
    before = sorted(cwd.rglob("*"))
    done = run(*words, cwd=cwd, code=code)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1), done.stderr
    assert sorted(cwd.rglob("*")) == before
    return done.stderr
