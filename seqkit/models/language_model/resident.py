"""The streams of a language model on a GPU: the text goes there once, and windows are cut there.

Not handled: heads that look at targets on the CPU (adaptive softmax), a text that takes more than `SHARE` of
the GPU's free memory: their windows are brought one by one.
"""

from typing import Annotated, Any

import numpy as np
import torch

from seqkit.core.types import Array
from seqkit.models.language_model.network import Network
from seqkit.nn.heads.softmax import Softmax
from seqkit.text.batches.streams import Streams, Window, layout, predictions

SHARE = 0.1  # of the GPU's free memory that a text may take


class ResidentStreams(Streams):
    """The same windows, as views of one array of this process's streams on the GPU.

    ids: (B, T) int32, stream by stream; -1 after the last token of a stream that is shorter by one: there it
    is a target, which the loss leaves out, and never an input.
    """

    def __init__(self, streams: Streams, gpu: torch.device) -> None:
        super().__init__(streams.corpus, streams.batch, streams.length, {}, streams.part)
        self.signature = streams.signature
        starts, steps = layout(self.size, self.batch, self.length)
        own = zip(starts[self.own].tolist(), steps[self.own].tolist(), strict=True)
        rows = np.full((self.own.stop - self.own.start, int(steps.max()) + 1), -1, np.int32)
        for row, (start, count) in zip(rows, own, strict=True):
            row[: count + 1] = self.corpus.ids[start : start + count + 1]
        self.ids = torch.from_numpy(rows).to(gpu)

    def window(
        self,
        starts: Annotated[Array, "B"],
        steps: Annotated[Array, "B"],
        t: int,
        end: int,
        rows: tuple[int, int] | None,
    ) -> Window:
        """Two views; the network makes int64 of them there."""
        read, predicted = self.ids[:, t:end], self.ids[:, t + 1 : end + 1]
        return Window(read, predicted, predictions(steps, t, end), t == 0, rows)


def resident(streams: Streams, network: Network) -> Streams:
    """The streams on the network's GPU, if it is on one, its head takes them, and they fit; else as given."""
    device: Any = network.embedding.device
    if device.type != "cuda" or not isinstance(network.head, Softmax):
        return streams
    free = torch.cuda.mem_get_info(device)[0]
    return ResidentStreams(streams, device) if 4 * streams.size <= SHARE * free else streams
