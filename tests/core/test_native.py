import os
import signal
import threading

import pytest

from seqkit.core.native import interruptible


def test_a_call_gives_what_it_returns_or_raises():
    assert interruptible(lambda: 7) == 7
    with pytest.raises(ValueError, match="no"):
        interruptible(lambda: int("no"))


def test_an_interrupt_ends_the_wait_for_a_call_that_does_not_end():
    end = threading.Event()

    def call():
        os.kill(os.getpid(), signal.SIGINT)
        end.wait()

    try:
        with pytest.raises(KeyboardInterrupt):
            interruptible(call)
    finally:
        end.set()


def test_in_another_thread_the_call_is_just_made():
    found = []
    thread = threading.Thread(target=lambda: found.append(interruptible(threading.current_thread)))
    thread.start()
    thread.join()
    assert found == [thread]
