"""torch's own LSTM, GRU and RNN, cuDNN on a GPU and oneDNN or ATen on a CPU, with a cell's weights."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence

from seqkit.core.device import float32_products
from seqkit.kernels.rnn_scan.reference import State

KINDS: dict[str, Any] = {
    "lstm": torch._VF.lstm,
    "gru": torch._VF.gru,
    "rnn": torch._VF.rnn_tanh,
    "relu-rnn": torch._VF.rnn_relu,
}


@contextmanager
def _as_given(x: Tensor) -> Iterator[None]:
    """Within the block numbers keep their format: under autocast cuDNN makes float16 of bfloat16.

    Training sets by itself how float32 is multiplied; elsewhere it is exact.
    Source:  aten/src/ATen/cudnn/AutocastRNN.cpp
    """
    exact = nullcontext() if torch.is_grad_enabled() else float32_products(x.device)
    with warnings.catch_warnings(), torch.autocast(x.device.type, enabled=False), exact:
        warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous chunk")
        yield


def sequence(
    kind: str,
    x: Annotated[Tensor, "B T D"],
    state: State,
    weights: list[Tensor],
    lengths: Annotated[Tensor, "B"] | None = None,
) -> tuple[Annotated[Tensor, "B T H"], State]:
    """The whole cell, input product included; weights: input, recurrent and their biases, in torch's layout.

    Rows of length 0 are not handled by torch: they are run with length 1 and put back. lengths: on the CPU.
    """
    first = [s[None].to(x.dtype).contiguous() for s in state]  # a learned state is one row, expanded
    hidden = tuple(first) if kind == "lstm" else first[0]
    weights = [w.to(x.dtype) for w in weights]
    with _as_given(x):
        if lengths is None:
            y, *last = KINDS[kind](
                x.contiguous(), hidden, weights, True, 1, 0.0, torch.is_grad_enabled(), False, True
            )
            return y, tuple(s[0] for s in last)
        packed = pack_padded_sequence(x, lengths.clamp(min=1), batch_first=True, enforce_sorted=False)
        order, back = packed.sorted_indices, packed.unsorted_indices
        assert order is not None  # since enforce_sorted is off
        assert back is not None
        first = [s.index_select(1, order) for s in first]
        hidden = tuple(first) if kind == "lstm" else first[0]
        data, *last = KINDS[kind](
            packed.data, packed.batch_sizes, hidden, weights, True, 1, 0.0, torch.is_grad_enabled(), False
        )
    # what pad_packed_sequence does, but for the lengths, for which it waits for a GPU
    y, _ = torch._VF._pad_packed_sequence(data, packed.batch_sizes, True, 0.0, x.shape[1])
    y = y.index_select(0, back)
    some = (lengths > 0).to(x.device, non_blocking=True)[:, None]
    states = (torch.where(some, s[0].index_select(0, back), s0) for s, s0 in zip(last, state, strict=True))
    return torch.where(some[:, :, None], y, 0.0), tuple(states)
