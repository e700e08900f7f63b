"""The program that writes many tokens in one launch against reference.Decoder: cells, sizes, rules, rows that end early."""

import numpy as np
import pytest
import torch

from seqkit.kernels.decode import persistent, reference
from seqkit.kernels.decode.rules import BROKEN, Rows, Rules, row_seeds
from seqkit.nn.cell import cell


class Model:
    """Cells in a stack, a projection if any and a matrix, as the reference reads them."""

    def __init__(self, kind, size, classes, layers, place, projection=False):
        torch.manual_seed(0)
        self.kind, self.embedding = kind, torch.randn(classes, 6, device=place)
        self.cells = [cell(kind, 6 if n == 0 else size, size).to(place) for n in range(layers)]
        for one in self.cells:
            for parameter in one.parameters():
                parameter.data += 0.2 * torch.randn_like(parameter)
            one.weight_hidden.data *= 0.5
        self.narrow = (torch.randn(3, size) / size**0.5, torch.randn(3)) if projection else None
        wide = 3 if projection else size
        self.head = torch.randn(classes, wide) / wide**0.5, torch.randn(classes)
        if place != "cpu":
            self.head = tuple(x.to(place) for x in self.head)
            self.narrow = self.narrow and tuple(x.to(place) for x in self.narrow)

    @torch.no_grad()
    def step(self, tokens, state):
        x, after, S = self.embedding[tokens], [], self.cells[0].states
        for i, one in enumerate(self.cells):
            new = one.step(one.project(x[:, None])[:, 0], state[i * S : i * S + S])
            after.extend(new)
            x = new[0]
        if self.narrow:
            x = x @ self.narrow[0].T + self.narrow[1]
        return x @ self.head[0].T + self.head[1], tuple(after)

    def zero(self, rows):
        return tuple(s + 0.1 for one in self.cells for s in one.zero_state(rows))

    def pack(self):
        parts = [persistent.Layer(c.weight_input, c.bias, c.weight_hidden, *c.extra()) for c in self.cells]
        return persistent.pack(self.kind, parts, self.embedding, self.head, self.narrow)


def rows_of(number, classes, length):
    return Rows.start(np.arange(number) % classes, row_seeds(list(range(number))), length)


def decoders(model, number):
    state = model.zero(number)
    return persistent.Decoder(model, state, model.pack()), reference.Decoder(model, state)


def compare(model, number, rules, banned=(), length=4, parts=(1, 3), scores=True):
    """Both decoders write some tokens, then more."""
    classes = len(model.embedding)
    fast, slow = decoders(model, number)
    found, expected = rows_of(number, classes, length), rows_of(number, classes, length)
    for steps in parts:
        for decoder, rows in ((fast, found), (slow, expected)):
            decoder.write(rows, rules, list(banned), steps, scores=scores)
        for name in ("out", "tokens", "index", "done"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        np.testing.assert_allclose(found.log_probs, expected.log_probs, atol=1e-5)
        going = torch.from_numpy(~found.done)
        for mine, theirs in zip(fast.state, slow.state, strict=True):
            torch.testing.assert_close(mine.cpu()[going], theirs.cpu()[going], atol=1e-5, rtol=1e-5)
    assert fast.backend == "persistent"
    return found


@pytest.fixture
def small_tiles(kernels_run_on, monkeypatch):
    """Tiles that many fit into small models."""
    from seqkit.kernels.decode import gpu

    for name, size in (("WIDE", 64), ("DEPTH", 16), ("UNITS", 16), ("TOKENS", 32)):
        monkeypatch.setattr(gpu, name, size)
    return kernels_run_on


@pytest.mark.parametrize("kind", persistent.KINDS)
def test_every_cell_equals_reference_over_many_tiles(kind, small_tiles):
    compare(Model(kind, 40, 65, 2, small_tiles, projection=True), 4, Rules(0.7), [0], 3)


@pytest.mark.parametrize(
    ("kind", "rows", "H", "V", "layers"),
    [("gru", 1, 5, 7, 1), ("rnn", 33, 5, 7, 1), ("lstm", 5, 24, 65, 1), ("lstm", 3, 40, 130, 3)],
)
def test_odd_sizes_equal_reference(kind, rows, H, V, layers, kernels_run_on):
    compare(Model(kind, H, V, layers, kernels_run_on), rows, Rules(), parts=(2,))


def test_many_rows_of_a_program_equal_reference(small_tiles, monkeypatch):
    from seqkit.kernels.decode import gpu

    monkeypatch.setattr(gpu, "FEW", 0)
    compare(Model("gru", 24, 65, 3, small_tiles), 17, Rules(), parts=(2,))


RULES = {
    "greedy": (Rules(temperature=0.0), []),
    "cold": (Rules(temperature=0.3), [0, 5]),
    "stops": (Rules(eos=1, stop=True, min_length=2), [0]),
    "greedy, stops": (Rules(temperature=0.0, eos=1, stop=True, min_length=5), [2, 3, 4, 5, 6]),
    "goes on after eos": (Rules(eos=1, min_length=1), []),
}


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("name", RULES)
def test_rules_equal_reference(name, scores, kernels_run_on):
    rules, banned = RULES[name]
    found = compare(Model("rnn", 5, 7, 1, kernels_run_on), 8, rules, banned, 7, (1, 4, 3), scores)
    assert not np.isin(found.out, banned).any()
    if rules.stop:
        assert found.done.all()
        assert (found.index < 7).any()
        assert (found.index > rules.min_length).all()


def test_of_equal_logits_the_smallest_allowed_token_is_the_likeliest(kernels_run_on):
    model = Model("rnn", 5, 130, 1, kernels_run_on)
    for part in model.head:
        part.zero_()
    rows = compare(model, 3, Rules(temperature=0.0), banned=[0, 1, 3])
    assert (rows.out == 2).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_logits_that_are_not_finite_are_told(bad, temperature, kernels_run_on):
    model = Model("rnn", 5, 7, 1, kernels_run_on)
    model.head[1][3] = bad
    rows = compare(model, 5, Rules(temperature=temperature))
    assert (rows.out[:, 0] == BROKEN).all()
    assert rows.done.all()
    assert (rows.index == 1).all()


def test_nothing_is_written_where_all_is_banned_or_rows_have_ended(kernels_run_on):
    model = Model("gru", 5, 7, 1, kernels_run_on)
    assert (compare(model, 2, Rules(), banned=range(7)).out[:, 0] == BROKEN).all()
    fast, _ = decoders(model, 3)
    rows = rows_of(3, 7, 4)
    rows.done[1] = True
    fast.write(rows, Rules(), [], 4)
    assert rows.index.tolist() == [4, 0, 4]
    assert (rows.out[1] == -1).all()


def test_rows_are_selected_and_other_rules_are_written_by_the_reference(kernels_run_on):
    both, rows = decoders(Model("lstm", 5, 7, 2, kernels_run_on), 4), [rows_of(4, 7, 6) for _ in range(2)]
    for decoder, mine in zip(both, rows, strict=True):
        decoder.write(mine, Rules(), [], 2, scores=True)
        decoder.select(np.array([2, 0]))
    rows = [mine.select(np.array([2, 0])) for mine in rows]
    for rules in (Rules(top_k=3), Rules(top_p=0.5), Rules(penalty=1.3), Rules(ngram=2)):
        for decoder, mine in zip(both, rows, strict=True):
            decoder.write(mine, rules, [], 1, scores=True)
        assert both[0].backend == "reference"
    np.testing.assert_array_equal(rows[0].out, rows[1].out)
    np.testing.assert_allclose(rows[0].log_probs, rows[1].log_probs, atol=1e-5)


def test_models_that_are_too_large_or_of_another_cell_are_not_handled(monkeypatch):
    place = torch.device("cuda")
    monkeypatch.setattr(persistent, "has_kernels", lambda device: device is place)
    assert persistent.handles(place, "lstm", 256, 2, 65)
    assert not persistent.handles(torch.device("cpu"), "lstm", 256, 2, 65)
    assert not persistent.handles(place, "lstm", 650, 2, 10_000)
    assert not persistent.handles(place, "lstm", 16, 1, 1_000_000)
    assert not persistent.handles(place, "layer-norm-lstm", 16, 1, 65)
