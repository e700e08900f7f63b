"""Work on a GPU that is recorded once, and from then on started as a whole: CUDA graphs.

Starting a kernel takes the host some microseconds, more than a small kernel runs. Kernels that are always the
same, on tensors that stay where they are, are started by one call.

Not handled: which work is worth it, and keeping its tensors in place (who records).
Source:  https://docs.pytorch.org/docs/stable/notes/cuda.html (CUDA Graphs)
"""

import warnings
from collections.abc import Callable
from typing import ClassVar

import torch


class Recording:
    """Work without arguments or result, on tensors of a GPU that stay where they are.

    Its first call does the work, for what is done only once (compiling, workspaces); the second records and
    starts it; all others start it. The work must not wait for the GPU, nor bring anything to it, and what it
    does must not depend on numbers there. Tensors that it makes keep their places until the next recording.
    If it cannot be recorded, it is done as it is from then on, and so is all other work: a warning says so.
    If only memory is missing, this work alone.
    """

    possible: ClassVar[bool] = True

    def __init__(self, work: Callable[[], None], device: torch.device) -> None:
        self.work, self.device, self.calls = work, device, 0
        self.start: Callable[[], object] = work

    def __call__(self) -> None:
        """Do the work."""
        self.calls += 1
        if self.calls == 2 and self.possible:
            try:
                self.start = record(self.work, self.device)
            except torch.OutOfMemoryError:  # for the buffers of a recording; other work may have room
                pass
            except RuntimeError as error:
                Recording.possible = False
                warnings.warn(
                    f"{self.device}: kernels cannot be recorded ({error}). They are started one by one, "
                    "which is slower.",
                    stacklevel=2,
                )
        self.start()


def record(work: Callable[[], None], device: torch.device) -> Callable[[], object]:
    """Record what the work would do, without doing it: what starts it."""
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream(device)
    # thread_local: other threads, such as those of a loader or of NCCL, may go on meanwhile
    recording = torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local")
    # the stream again if that fails: a recording that is refused would leave its own
    with torch.cuda.device(device), torch.cuda.stream(torch.cuda.current_stream(device)), recording:
        work()
    return graph.replay
