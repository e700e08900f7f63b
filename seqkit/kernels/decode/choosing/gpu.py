"""reference.choose and log p on a GPU: a program looks through the logits of some rows, some tokens at once.

Arguments: at, where the logits of each row (M,) begin; row, whether it is there; early, whether it is too
short for eos; barred (V,), what may never come.
Not handled: top-k, top-p, and what looks at the tokens before.
"""

import triton
import triton.language as tl

_LOW = tl.constexpr(-700.0)  # logits that much below the largest count as impossible


@triton.jit
def _allowed(at, row, early, v, barred, eos, V: tl.constexpr):
    """Logits v of each row, -inf for what may not come; and as they are."""
    x = tl.load(at[:, None] + v[None], row[:, None] & (v < V)[None], float("-inf"))
    never = (tl.load(barred + v, v < V, 1) != 0)[None] | (early[:, None] & (v == eos)[None])
    return tl.where(never, float("-inf"), x), x


@triton.jit
def likeliest(at, row, early, barred, eos, V: tl.constexpr, M: tl.constexpr, W: tl.constexpr):
    """Of what may come the likeliest token, of equals the smallest, and its logit; the largest logit of all;
    whether there is nan or +inf.
    """
    token, best = tl.zeros((M, W), tl.int32), tl.full((M, W), float("-inf"), tl.float32)  # of each lane
    top, broken = best, token
    for first in range(0, V, W):
        v = first + tl.arange(0, W)
        z, x = _allowed(at, row, early, v, barred, eos, V)
        broken = tl.where(x < float("inf"), broken, 1)
        token, best = tl.where(z > best, v[None], token), tl.maximum(best, z)
        top = tl.maximum(top, x)
    most = tl.max(best, 1)
    token = tl.min(tl.where(best == most[:, None], token, V), 1)
    return token, most, tl.max(top, 1), tl.max(broken, 1)


@triton.jit
def _finite(x):
    """x in float64; 0 for what is not finite: those rows are not there, or broken."""
    return tl.where(tl.abs(x) < float("inf"), x, 0.0).to(tl.float64)


@triton.jit
def _weights(z, heat, best):
    """exp(z / heat - best) in float64, 0 for what counts as impossible."""
    far = z.to(tl.float64) / heat - best[:, None]
    return tl.where(far > _LOW, tl.exp(far), 0.0)


@triton.jit
def drawn(at, row, early, barred, eos, best, heat, u, V: tl.constexpr, M: tl.constexpr, W: tl.constexpr):
    """The first token at which the sum of weights exceeds u of the whole."""
    best, total = _finite(best) / heat, tl.zeros((M, W), tl.float64)
    for first in range(0, V, W):
        z, _ = _allowed(at, row, early, first + tl.arange(0, W), barred, eos, V)
        total += _weights(z, heat, best)
    line, before = u * tl.sum(total, 1), tl.zeros((M,), tl.float64)
    token, last = tl.full((M, W), V, tl.int32), tl.zeros((M, W), tl.int32)  # of each lane
    for first in range(0, V, W):
        v = first + tl.arange(0, W)
        z, _ = _allowed(at, row, early, v, barred, eos, V)
        w = _weights(z, heat, best)
        over = (before[:, None] + tl.cumsum(w, 1) > line[:, None]) & (w > 0)
        token = tl.minimum(token, tl.where(over, v[None], V))
        last = tl.where(w > 0, v[None], last)
        before += tl.sum(w, 1)
    return tl.minimum(tl.min(token, 1), tl.max(last, 1))  # last: should the sums differ in the last bit


@triton.jit
def log_prob(at, row, token, top, V: tl.constexpr, M: tl.constexpr, W: tl.constexpr):
    """log p of a token of each row, from the logits as they are."""
    top, total = _finite(top), tl.zeros((M, W), tl.float64)
    for first in range(0, V, W):
        v = first + tl.arange(0, W)
        x = tl.load(at[:, None] + v[None], row[:, None] & (v < V)[None], float("-inf"))
        x = tl.where(x < float("inf"), x, float("-inf"))
        total += tl.exp(x.to(tl.float64) - top[:, None])
    own = tl.load(at + tl.maximum(token, 0), row, 0.0).to(tl.float64)
    return own - top - tl.log(tl.maximum(tl.sum(total, 1), 1.0))  # the largest alone is 1
