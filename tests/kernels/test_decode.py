"""Decoding: the choice of a token against brute force, compiled loop against reference, a row alone as in any batch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core.errors import ShapeError
from seqkit.kernels.decode import compiled, cpu, plan, reference
from seqkit.kernels.decode.choice import exponentials
from seqkit.kernels.decode.rules import BROKEN, Rows, Rules, row_seeds, uniform
from seqkit.nn.cell import cell

SIZES = [(1, 1, 2), (17, 5, 65), (33, 33, 20)]  # H, D, V
KINDS = ["rnn", "relu-rnn", "gru", "gru-before", "min-gru", "lstm", "peephole-lstm"]


# --- the choice of a token


def brute_force(logits, u, rules, index=0, banned=(), history=()):
    """The rules word by word, over lists."""
    z = {}
    for v, logit in enumerate(logits):
        seen = v in history
        x = logit if not seen else logit / rules.penalty if logit > 0 else logit * rules.penalty
        if v not in banned and not (v == rules.eos and index < rules.min_length):
            z[v] = x / (rules.temperature or 1)
    n, repeats = rules.ngram, set()
    if n:
        for start in range(len(history) - n + 1):
            if history[start : start + n - 1] == history[len(history) - n + 1 :]:
                repeats.add(history[start + n - 1])
        if set(z) - repeats:
            z = {v: x for v, x in z.items() if v not in repeats}
    falling = sorted(z, key=lambda v: (-z[v], v))
    if rules.temperature == 0:
        return falling[0]
    if rules.top_k:
        falling = falling[: rules.top_k]
    weight = {v: math.exp(z[v] - z[falling[0]]) for v in falling}
    if rules.top_p < 1:
        whole, reached, kept = sum(weight[v] for v in sorted(falling)), 0.0, []
        for v in falling:
            if reached >= rules.top_p * whole:
                break
            kept.append(v)
            reached += weight[v]
        falling = kept
    whole, reached = sum(weight[v] for v in sorted(falling)), 0.0
    for v in sorted(falling):
        reached += weight[v]
        if reached > u * whole:
            return v
    raise AssertionError("nothing chosen")


def choose_compiled(logits, seed, rules, index=0, banned=(), history=()):
    room = compiled._room(len(logits))
    room.row[:] = logits
    seen = np.zeros(len(logits), np.bool_)
    seen[list(history)] = True
    return cpu.choose(rules, seed, index, np.array(banned, np.int64), seen, np.array(history, np.int64), room)


def choose_reference(logits, seed, rules, index=0, banned=(), history=()):
    at = np.array([index])
    u = uniform(np.array([seed]), at[None])[0]
    out = torch.tensor([[*history, *[-1] * (index + 1 - len(history))]])
    found = reference.choose(
        torch.tensor(np.array([logits], np.float32)),
        torch.from_numpy(u),
        rules,
        torch.from_numpy(at),
        banned,
        out,
    )
    return int(found[0])


@st.composite
def cases(draw):
    V = draw(st.integers(2, 70))
    some = draw(st.sampled_from([st.integers(-2, 2), st.floats(-30, 30, width=32)]))  # integers: many ties
    logits = draw(st.lists(some, min_size=V, max_size=V))
    history = draw(st.lists(st.integers(0, min(V - 1, 3)), max_size=9))
    rules = Rules(
        temperature=draw(st.sampled_from([0.0, 0.5, 1.0, 2.0])),
        top_k=draw(st.integers(0, V + 1)),
        top_p=draw(st.sampled_from([0.01, 0.25, 0.5, 0.75, 0.9, 1.0])),
        eos=draw(st.integers(-1, V - 1)),
        min_length=draw(st.integers(0, 4)),
        penalty=draw(st.sampled_from([1.0, 1.5, 0.5])),
        ngram=draw(st.integers(0, 3)),
    )
    banned = [v for v in draw(st.lists(st.integers(0, V - 1), max_size=3)) if v != rules.eos]
    if len({*banned, rules.eos}) >= V:
        banned = []
    return (
        [float(np.float32(x)) for x in logits],
        row_seeds([draw(st.integers(0, 2**64 - 1))])[0],
        rules,
        len(history),
        banned,
        history,
    )


@given(cases())
def test_choice_equals_brute_force_in_both_ways(case):
    logits, seed, rules, index, banned, history = case
    u = float(uniform(np.array([seed]), np.array([[index]]))[0, 0])
    expected = brute_force(logits, u, rules, index, banned, history)
    assert choose_compiled(*case) == expected
    assert choose_reference(*case) == expected


def drawn(choose, logits, rules, number=300, banned=()):
    return {choose(logits, seed, rules, 0, banned) for seed in row_seeds(list(range(number)))}


@pytest.mark.parametrize("choose", [choose_compiled, choose_reference])
def test_ties_go_to_smaller_ids_and_k_is_exact(choose):
    assert drawn(choose, [0.0, 2.0, 2.0, 2.0, 2.0], Rules(temperature=0.0)) == {1}
    assert drawn(choose, [0.0, 2.0, 2.0, 2.0, 2.0], Rules(top_k=2)) == {1, 2}
    assert drawn(choose, [1.0, 1.0, 3.0, 1.0], Rules(top_k=3)) == {0, 1, 2}


@pytest.mark.parametrize("choose", [choose_compiled, choose_reference])
def test_top_p_keeps_the_token_that_crosses_the_line(choose):
    p = np.log([0.5, 0.3, 0.15, 0.05])
    assert drawn(choose, p, Rules(top_p=0.4)) == {0}
    assert drawn(choose, p, Rules(top_p=0.51)) == {0, 1}
    assert drawn(choose, p, Rules(top_p=0.81)) == {0, 1, 2}
    assert drawn(choose, [0.0] * 4, Rules(top_p=0.5)) == {0, 1}  # reached exactly: nothing more
    assert drawn(choose, p, Rules(top_p=0.9, top_k=2)) == {0, 1}
    assert drawn(choose, p, Rules(top_p=0.6, top_k=2)) == {
        0
    }  # 0.5 / 0.8: what top-k left counts as the whole


@pytest.mark.parametrize("choose", [choose_compiled, choose_reference])
def test_what_bans_leave_is_shared_out_anew(choose):
    p, seeds = np.array([0.6, 0.2, 0.1, 0.1]), row_seeds(list(range(4000)))
    found = np.bincount([choose(np.log(p), seed, Rules(), 0, [0]) for seed in seeds[:1000]], minlength=4)
    expected = np.array([0, 0.5, 0.25, 0.25]) * 1000
    assert found[0] == 0
    assert (((found - expected) ** 2)[1:] / expected[1:]).sum() < 13.8  # χ² of 2 degrees, p 0.001


@pytest.mark.parametrize("choose", [choose_compiled, choose_reference])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_logits_that_are_not_finite_are_told(choose, bad, temperature):
    assert choose([0.0, bad, 1.0], np.uint64(1), Rules(temperature=temperature)) == BROKEN
    assert choose([0.0, 0.0], np.uint64(1), Rules(temperature=temperature), 0, [0, 1]) == BROKEN


def test_exponentials_are_exact_to_the_last_bits():
    z = np.concatenate(
        [np.random.default_rng(0).uniform(-700, 0, 1000), [0.0, -1e-300, -699.999, -700.001, -np.inf]]
    )
    w, scale = np.empty_like(z), np.empty_like(z)
    exponentials(z, 0.0, w, scale)
    np.testing.assert_allclose(w, np.where(z > -700, np.exp(z), 0.0), rtol=1e-15, atol=0)


# --- rows that go on


class Model:
    """Cells in a stack, as the reference reads them."""

    def __init__(self, kind, H, D, V, *, layers=2, seed=0, residual=False):
        torch.manual_seed(seed)
        self.kind, self.residual, self.embedding = kind, residual, torch.randn(V, D)
        self.cells = [cell(kind, D if n == 0 else H, H) for n in range(layers)]
        for one in self.cells:
            for parameter in one.parameters():
                parameter.data += 0.2 * torch.randn_like(parameter)
            one.weight_hidden.data *= 0.5  # so that rounding is not blown up over the steps
        self.projection = torch.randn(H + 3, H) / H**0.5, torch.randn(H + 3)
        self.head = torch.randn(V, H + 3) / H**0.5, torch.randn(V)

    @torch.no_grad()
    def step(self, tokens, state):
        x, after, S = self.embedding[tokens], [], self.cells[0].states
        for i, one in enumerate(self.cells):
            new = one.step(one.project(x[:, None])[:, 0], state[i * S : i * S + S])
            after.extend(new)
            x = x + new[0] if self.residual and x.shape == new[0].shape else new[0]
        y = x @ self.projection[0].T + self.projection[1]
        return y @ self.head[0].T + self.head[1], tuple(after)

    def read(self, ids, lengths, state):
        for t in range(ids.shape[1]):
            after = self.step(ids[:, t], state)[1]
            state = tuple(
                torch.where((t < lengths)[:, None], new, old) for new, old in zip(after, state, strict=True)
            )
        return state

    def zero(self, B):
        return tuple(s + 0.1 for one in self.cells for s in one.zero_state(B))

    def plan(self, **settings):
        layers = [
            plan.Layer(
                self.kind,
                *(x.detach().numpy() for x in (c.weight_input, c.bias, c.weight_hidden, *c.extra())),
            )
            for c in self.cells
        ]
        head, projection = ((w.numpy(), b.numpy()) for w, b in (self.head, self.projection))
        return plan.make(self.embedding.numpy(), layers, head, projection, residual=self.residual, **settings)


def decoders(model, B, threads=1, **settings):
    state = model.zero(B)
    return compiled.Decoder(
        model.plan(**settings), [s.numpy() for s in state], threads=threads
    ), reference.Decoder(model, state)


def prompts(B, V, T=6, seed=0):
    draw = np.random.default_rng(seed)
    return draw.integers(0, V, (B, T)), draw.integers(0, T + 1, B)


def rows_of(B, V, length=20):
    return Rows.start(np.arange(B) % V, row_seeds(list(range(B))), length)


RULES = [
    Rules(),
    Rules(temperature=0.0),
    Rules(0.8, top_k=3, top_p=0.9),
    Rules(eos=1, stop=True, min_length=3),
    Rules(penalty=1.4, ngram=2),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("H", "D", "V"), SIZES)
@pytest.mark.parametrize("residual", [False, True])
def test_compiled_loop_equals_reference(kind, H, D, V, residual):
    model, B = Model(kind, H, D, V, residual=residual), 5
    ids, lengths = prompts(B, V)
    for rules in RULES:
        fast, slow = decoders(model, B)
        found, expected = rows_of(B, V), rows_of(B, V)
        for decoder, rows in ((fast, found), (slow, expected)):
            decoder.read(ids, lengths)
            for steps in (1, 12, 12):
                decoder.write(rows, rules, [0] if V > 2 else [], steps, scores=True)
        np.testing.assert_array_equal(found.out, expected.out)
        np.testing.assert_allclose(found.log_probs, expected.log_probs, atol=2e-3)
        for name in ("tokens", "index", "done"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("kind", KINDS)
def test_states_and_logits_are_near_the_reference_with_and_without_a_table(kind):
    model = Model(kind, 33, 20, 65, layers=3)
    ids, lengths = prompts(4, 65)
    for table in (plan.TABLE, 0):
        fast, slow = decoders(model, 4, table=table)
        fast.read(ids, lengths)
        slow.read(ids, lengths)
        for found, expected in zip(fast.state, slow.state, strict=True):
            np.testing.assert_allclose(found, expected.numpy(), atol=2e-5)
        np.testing.assert_allclose(fast.logits(ids[:, 0]), slow.logits(ids[:, 0]), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("B", "threads"), [(2, 1), (3, 2), (7, 1), (32, 2), (37, 1), (70, 3)])
def test_a_row_is_the_same_to_the_last_bit_alone_and_among_others(kind, B, threads):
    model = Model(kind, 33, 8, 65)
    made, state = model.plan(), [s.numpy() for s in model.zero(1)]
    ids, lengths = prompts(B, 65)
    many = compiled.Decoder(made, [np.repeat(s, B, 0) for s in state], threads=threads)
    many.read(ids, lengths)
    rows = rows_of(B, 65, 9)
    many.write(rows, Rules(), [0], 9, scores=True)
    logits = many.logits(rows.tokens)
    for b in {0, 1, B // 2, B - 1}:
        one = compiled.Decoder(made, state, threads=1)
        one.read(ids[b : b + 1], lengths[b : b + 1])
        alone = rows_of(B, 65, 9).select(np.array([b]))
        one.write(alone, Rules(), [0], 9, scores=True)
        assert (alone.out == rows.out[b]).all()
        assert alone.log_probs[0] == rows.log_probs[b]
        assert (one.logits(alone.tokens)[0] == logits[b]).all()
        for mine, theirs in zip(one.state, many.state, strict=True):
            assert (mine[0] == theirs[b]).all()


@pytest.mark.parametrize("which", [0, 1])
def test_rows_are_taken_and_left_out_with_their_states(which):
    model = Model("gru", 9, 4, 11)
    decoder = decoders(model, 4)[which]
    decoder.read(*prompts(4, 11))
    before = [np.asarray(s) for s in decoder.state]
    decoder.select(np.array([3, 3, 0]))
    for after, old in zip(decoder.state, before, strict=True):
        np.testing.assert_array_equal(np.asarray(after), old[[3, 3, 0]])
    assert decoder.logits(np.array([1, 1, 2])).shape == (3, 11)


@pytest.mark.parametrize("which", [0, 1])
def test_rows_that_have_ended_do_not_change_and_ends_are_written_once(which):
    model, rules = Model("lstm", 9, 4, 5), Rules(eos=1, stop=True)
    whole, parts = (rows_of(6, 5, 40) for _ in "ab")
    decoders(model, 6)[which].write(whole, rules, [], 40)
    decoder = decoders(model, 6)[which]
    for _ in range(40):
        decoder.write(parts, rules, [], 1)
    np.testing.assert_array_equal(whole.out, parts.out)
    for row, n in zip(whole.out, whole.index, strict=True):
        assert (row[: n - 1] != 1).all()
        assert n == 40 or row[n - 1] == 1
        assert (row[n:] == -1).all()
    assert len(set(whole.index)) > 1


@pytest.mark.parametrize("which", [0, 1])
def test_a_broken_row_is_told_and_the_others_go_on(which):
    model = Model("rnn", 9, 4, 11)
    decoder = decoders(model, 3)[which]
    if which:
        decoder.state[0][1] = math.nan
    else:
        first = decoder.plan.states[0][0]
        decoder._blocks()[first, 1] = math.nan
    rows = rows_of(3, 11, 5)
    decoder.write(rows, Rules(), [], 5)
    assert rows.out[1, 0] == BROKEN
    assert (rows.out[[0, 2]] >= 0).all()


def test_ids_out_of_range_are_refused_and_padding_is_never_read():
    model = Model("gru", 9, 4, 11)
    found, expected = decoders(model, 2)
    ids, lengths = np.array([[3, 10, -1], [4, 99, 99]]), np.array([2, 1])
    found.read(ids, lengths)
    expected.read(np.clip(ids, 0, 10), lengths)
    np.testing.assert_allclose(found.state[0], expected.state[0].numpy(), atol=1e-5)
    with pytest.raises(ShapeError, match="got ids from 4 to 99, expected 0 to 10"):
        found.read(ids[1:].repeat(2, 0)[:, :2], np.array([2, 2]))
    with pytest.raises(ShapeError, match="got ids from -1 to 1"):
        found.write(Rows.start(np.array([-1, 1]), row_seeds([1, 2]), 3), Rules(), [], 3)


def test_draws_depend_on_seed_and_place_alone_and_stay_below_one():
    seeds = row_seeds([3, 4, 3])
    u = uniform(seeds, np.tile(np.arange(500), (3, 1)))
    assert (u[0] == u[2]).all()
    assert (u[0] != u[1]).all()
    assert (u >= 0).all()
    assert (u < 1).all()
    assert abs(u.mean() - 0.5) < 0.03
    assert uniform(seeds[1:2], np.array([[7]])) == u[1, 7]
