"""Every cell: all backends agree in outputs and all gradients, rows are alone as in a batch, padding is never read."""

import pytest
import torch
from covering import covering

from seqkit.nn.cell import cell, cells

SIZES = [(1, 1, 3, 5), (3, 15, 4, 16), (2, 63, 5, 7), (2, 300, 3, 33)]


def make(name, D, H, seed=0, dtype=torch.float32):
    torch.manual_seed(seed)
    made = cell(name, D, H)
    for parameter in made.parameters():  # so that no peephole, gain or bias is at its neutral start
        parameter.data += 0.1 * torch.randn_like(parameter)
    made.weight_hidden.data *= 0.5  # so that rounding is not blown up over 300 steps
    if hasattr(made, "gain_hidden"):
        made.gain_hidden.data *= 0.3
    return made.to(dtype)


def run(made, x, state, lengths, backend, reverse=False):
    """Outputs, last state and all gradients of a fixed functional of both."""
    x = x.clone().requires_grad_()
    state = tuple(s.clone().requires_grad_() for s in state)
    y, last = made(x, state, lengths, backend=backend, reverse=reverse)
    weights = torch.cos(torch.arange(y.numel(), dtype=y.dtype)).view_as(y)
    total = (y * weights).sum() + sum((s * (k + 1)).sum() for k, s in enumerate(last))
    leaves = [x, *state, *(p for p in made.parameters() if p.numel())]
    return [y, *last], torch.autograd.grad(total, leaves)


def backends(made):
    return [name for name, there in (("fused", made.family), ("cudnn", made.torch_kind)) if there]


def ways(*names):
    """Each cell with each of these backends that it has."""
    every = [(name, way) for name in cells.names() for way in names]
    return [(name, way) for name, way in every if way != "fused" or cells.load(name).family]


def close(found, expected, tolerance):
    for a, b in zip([x.detach() for x in found], [x.detach() for x in expected], strict=True):
        assert torch.isfinite(a).all()
        assert a.shape == b.shape
        assert not a.numel() or (a - b).abs().max() <= tolerance * max(1.0, float(b.abs().max()))


@pytest.mark.parametrize(
    ("name", "size", "ragged", "reverse"),
    covering(cells.names(), SIZES, [False, True], [False, True]),
    ids=str,
)
def test_law_backends_agree_with_the_plain_loop(name, size, ragged, reverse):
    B, T, D, H = size
    made = make(name, D, H)
    x, state = torch.randn(B, T, D), tuple(torch.randn(B, H) for _ in range(made.states))
    lengths = torch.tensor([T, max(0, T // 3), 0][:B]) if ragged else None
    for dtype, tolerance in ((torch.float32, 2e-5), (torch.float64, 1e-10)):
        made, x, state = made.to(dtype), x.to(dtype), tuple(s.to(dtype) for s in state)
        expected = run(made, x, state, lengths, "reference", reverse)
        for backend in backends(made):
            found = run(made, x, state, lengths, backend, reverse)
            close(found[0], expected[0], tolerance)
            close(found[1], expected[1], 20 * tolerance)


@pytest.mark.parametrize(("name", "backend"), ways("reference", "fused", "auto"))
def test_law_batched_equals_alone_and_padding_is_never_read(name, backend):
    made = make(name, 3, 6)
    x, lengths = torch.randn(4, 9, 3), torch.tensor([9, 4, 1, 0])
    padded = x.clone()
    for b, n in enumerate(lengths):
        padded[b, n:] = 1e9
    y, last = made(padded, None, lengths, backend=backend)
    for b, n in enumerate(lengths.tolist()):
        alone, state = made(x[b : b + 1, :n], backend=backend)
        close([y[b, :n], *(s[b] for s in last)], [alone[0], *(s[0] for s in state)], 1e-6)
        assert (y[b, n:] == 0).all()


@pytest.mark.parametrize("name", cells.names())
def test_law_two_chunks_equal_one_pass(name):
    made = make(name, 3, 6, dtype=torch.float64)
    x = torch.randn(2, 11, 3, dtype=torch.float64)
    y, last = made(x)
    first, state = made(x[:, :4])
    second, state = made(x[:, 4:], state)
    close([torch.cat([first, second], 1), *state], [y, *last], 1e-12)


@pytest.mark.parametrize(("name", "backend"), ways("reference", "fused"))
def test_law_gradients_equal_finite_differences(name, backend):
    made = make(name, 2, 3, dtype=torch.float64)
    names = [n for n, p in made.named_parameters() if p.numel()]
    x = torch.randn(2, 4, 2, dtype=torch.float64, requires_grad=True)
    state = tuple(torch.randn(2, 3, dtype=torch.float64, requires_grad=True) for _ in range(made.states))

    def function(x, *rest):
        parameters = dict(zip(names, rest[made.states :], strict=True))
        y, last = torch.func.functional_call(
            made, parameters, (x, rest[: made.states], torch.tensor([4, 2])), {"backend": backend}
        )
        return y, *last

    parameters = [dict(made.named_parameters())[n] for n in names]
    assert torch.autograd.gradcheck(function, (x, *state, *parameters))


@pytest.mark.parametrize("name", cells.names())
def test_law_bfloat16_products_stay_near_float32(name):
    made = make(name, 16, 24)
    x, state = torch.randn(3, 40, 16), made.zero_state(3)
    way = "fused" if made.family else "reference"
    expected = run(made, x, state, None, way)
    with torch.autocast("cpu", torch.bfloat16):
        found = run(made, x, state, None, way)
    for a, b in zip([*found[0], *found[1]], [*expected[0], *expected[1]], strict=True):
        assert (a - b).norm() <= 0.1 * b.norm() + 1e-3


@pytest.mark.parametrize("name", cells.names())
def test_law_every_gate_has_a_letter_of_its_own_or_none_has(name):
    made = cell(name, 2, 3)
    assert len(set(made.gate_names)) == len(made.gate_names) in (0, made.gates)
