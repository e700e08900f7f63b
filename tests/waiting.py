"""The one loop of the tests that waits for something of another process; its limit only ends what hangs."""

import time


def until(there, what, *, seconds=300):
    """What `there()` gives, once it is true.  what: in words, for the error."""
    ends = time.monotonic() + seconds
    while not (found := there()):
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.01)
    return found
