"""What a GPU records gives what it gives kernel by kernel: loops over time, and text that is written."""

import gc
import weakref
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from shadow.cuda import ShadowCuda

from seqkit.kernels.decode.reference import Decoder
from seqkit.kernels.decode.rules import Rows, Rules, row_seeds
from seqkit.kernels.primitives.recording.gpu import Recording
from seqkit.kernels.rnn_scan import recorded
from seqkit.kernels.rnn_scan.fused import families
from seqkit.models.language_model.network import Network
from seqkit.nn.cell import cell as make_cell
from seqkit.nn.cell import cells

FUSED = [n for n in cells.names() if cells.load(n).family in families.names()]
GPU = torch.device("cuda")


@pytest.fixture(autouse=True)
def gpu(kernels_run_on):
    """A GPU, or the shadow of one: nothing may be refused there."""
    with ShadowCuda() if kernels_run_on == "cpu" else nullcontext() as shadow:
        yield
    assert not (shadow and shadow.errors)
    assert Recording.possible


@pytest.mark.parametrize("cell", FUSED)
def test_loops_of_their_own(cell, monkeypatch):
    """Other numbers, weights, lengths and first states by one recording, and two shapes in turn where one is kept."""
    monkeypatch.setattr(recorded, "SHAPES", 1)

    def run(often):
        recorded.forget()
        monkeypatch.setattr(recorded, "OFTEN", often)
        torch.manual_seed(0)
        found = []
        for i, steps in enumerate((2, 3, 2, 2, 2)):
            made = make_cell(cell, 3, 4).to(GPU)
            state = tuple(s.normal_().requires_grad_() for s in made.zero_state(2))
            x, lengths = torch.randn(2, steps, 3).to(GPU), torch.tensor([steps - i % 2, 1])
            y, last = made(x, state, lengths, backend="fused")
            (y.sum() + sum((s * s).sum() for s in last)).backward()
            found += [y.detach(), *(s.detach() for s in last), *(s.grad for s in state)]
            found += [p.grad for p in made.parameters()]
            del y, last  # which keep the loop
        return [tensor.cpu() for tensor in found]

    assert all(map(torch.equal, run(1 << 30), run(1)))
    assert [len(free) for free in recorded._free.values()] == [1]


def test_shapes_without_room_run_kernel_by_kernel_until_one_is_old(monkeypatch):
    monkeypatch.setattr(recorded, "SHAPES", 1)
    monkeypatch.setattr(recorded, "OFTEN", 1)
    monkeypatch.setattr(recorded, "OLD", 3)
    recorded.forget()
    made, kept = make_cell("peephole-lstm", 3, 4).to(GPU), []
    for steps in (2, 3, 2, 3, 3, 3):
        made(torch.randn(1, steps, 3).to(GPU), backend="fused")
        kept.append([key[3][0] for key in recorded._free])
    assert kept == [[2], [2], [2], [2], [2], [3]]
    recorded.forget()


def test_recorded_step_goes_with_its_decoder(monkeypatch):
    monkeypatch.setattr("seqkit.kernels.decode.reference.WORTH", 0)
    network = Network.of(7, hidden_size=5).to(GPU).eval()
    decoder = Decoder(network, network.stack.zero_state(1))
    with torch.no_grad():
        decoder.write(Rows.start(np.array([1]), row_seeds([4]), 20), Rules(), [], 3)
    board = weakref.ref(decoder.board[1])
    gc.disable()
    del decoder
    gc.enable()
    assert board() is None


@torch.no_grad()
@pytest.mark.parametrize("rules", [Rules(top_k=3), Rules(top_p=0.8, penalty=1.3, ngram=3), Rules(0.0)])
@pytest.mark.parametrize("cell", ["lstm", "layer-norm-lstm"])
def test_written_tokens(cell, rules, monkeypatch):
    torch.manual_seed(0)
    network = Network.of(7, cell=cell, hidden_size=5, num_layers=2).to(GPU).eval()
    found = []
    for worth in (0, 1 << 30):
        monkeypatch.setattr("seqkit.kernels.decode.reference.WORTH", worth)
        decoder = Decoder(network, network.stack.zero_state(3))
        rows = Rows.start(np.array([1, 2, 3]), row_seeds([4, 5, 6]), 20)
        for steps in (3, 8, 9):
            decoder.write(rows, rules, [0], steps, scores=True)
        found.append([rows.out, rows.log_probs, *(s.cpu().numpy() for s in decoder.state)])
    assert (found[0][0] >= 0).all()
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
