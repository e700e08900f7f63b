"""Errors of a command line that cannot be read, in the words of our own errors."""

from collections.abc import Callable, Iterable
from typing import Any

from seqkit.core.errors import OptionError, did_you_mean

EXPECTED = {  # kinds of pydantic's errors, by which typer reads values
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}


def usage_error(
    error: Any, path: str, names: Iterable[str], typed: Callable[[str], str | None]
) -> OptionError | None:
    """The same error as ours; None if it is not about the usage.

    error: of typer, whose classes are click's or its own. path: the words of the command. names: of its
    options or commands. typed: the flag of a parameter's name.
    """
    kind, said = type(error).__name__, str(getattr(error, "message", ""))
    help_ = f"See {path} --help."
    if kind == "NoSuchOption":
        name = error.option_name
        return OptionError(f"{path}: unknown option {name}.{did_you_mean(name, names)} {help_}")
    if kind == "MissingParameter":
        name = error.param.name
        return OptionError(f"{path}: expected {typed(name) or name}, got none. {help_}")
    if kind == "BadParameter":
        return OptionError(_bad_value(error, said, typed))
    if hasattr(error, "format_message") and kind != "NoArgsIsHelpError":
        return OptionError(f"{path}: {said[:1].lower()}{said[1:].removesuffix('.')}. {help_}")
    return None


def unknown_command(name: str, path: str, names: Iterable[str]) -> OptionError:
    """The error for a word that is no command of a group."""
    known = list(names)
    return OptionError(
        f"{path}: unknown command {name!r}; known: {', '.join(known)}.{did_you_mean(name, known)}"
    )


def _bad_value(error: Any, said: str, typed: Callable[[str], str | None]) -> str:
    name = getattr(error.param, "name", None)
    flag = (name and typed(name)) or name or "command"
    found: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    expected = EXPECTED.get(found[0]["type"]) if found else None
    if expected is None:
        return f"{flag}: {said[:1].lower()}{said[1:].removesuffix('.')}."
    return f"{flag}: got {found[0]['input']!r}, expected {expected.format(**found[0].get('ctx', {}))}."
