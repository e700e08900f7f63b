"""Faults of the machine, put in the place of a function."""

import os


def failing(number):
    """A function that raises an OSError of that number."""

    def fail(*_args, **_settings):
        raise OSError(number, os.strerror(number))

    return fail
