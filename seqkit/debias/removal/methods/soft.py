"""Soft debiasing: one linear map that lowers the bias of neutral words and nearly keeps inner products.

Not handled: words in blocks of different weight; vocabularies with fewer words than numbers in a vector.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy as np

from seqkit.core.errors import FormatError, TrainingError
from seqkit.core.options import option
from seqkit.core.types import Array
from seqkit.debias.direction import find_direction
from seqkit.debias.removal.base import BiasMethod
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.statistics import second_moments
from seqkit.debias.removal.steps import Affine, Project
from seqkit.debias.words.lookup import places
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["SoftDebias"]


@dataclass(frozen=True)
class SoftDebias(BiasMethod):
    """min_T ‖(TW)ᵀTW - WᵀW‖² + λ ‖(TN)ᵀTB‖², then unit again (Bolukbasi et al. 2016, equation 2).

    W all words (D, V), N the neutral ones, B the basis, all unit. With S = TᵀT ⪰ 0 and A = WWᵀ it is convex:
    tr A(S-I)A(S-I) + λ tr BᵀS NNᵀ SB. With A = UΣ²Uᵀ, X = ΣUᵀSUΣ, b = Σ⁻¹UᵀBᵀ, C = Σ⁻¹UᵀNNᵀUΣ⁻¹:

        f(X) = ‖X - Σ²‖² + λ tr bᵀXCXb,    X ⪰ 0

    Where X ⪰ 0 does not bind, X is the solution of one linear system in Xb; else of an accelerated projected
    gradient. The report holds a certificate, true however X was found. With Y = Π(X - ∇f/2), Π the projection
    on X ⪰ 0: `gradient`, |Y - X| / |Σ²|, and `gap`, a bound on (f - f*) / f(Σ²): f is 2-strongly convex, so
    f* ≥ f(X) + ⟨∇f, Y-X⟩ + ‖Y-X‖². scale: "mean" divides the two norms by V² and |N|, so that λ means the
    same for any vocabulary; "sum" is the paper's, whose λ does the less the more words there are (about λ/V
    of "mean").
    """

    promises = frozenset({"unit"})
    strength: float = option(0.2, low=0, help="λ: weight of the bias against changed inner products")
    scale: Literal["mean", "sum"] = option(
        "mean", help="mean over words, or the paper's sum, in which λ gets weaker as words are added"
    )
    direction: Literal["pca", "mean", "unit-mean", "sums", "pair"] = option(
        "pca", help="how the direction is found"
    )
    dims: int = option(1, low=1, help="directions to take out")
    tolerance: float = option(1e-9, low=1e-14, help="largest gap that is accepted")

    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Find the map.

        Raises:  FormatError if the words do not span the space; TrainingError if the gap stays above the
                 tolerance.
        """
        kept, lost = self.known(vectors, words)
        found = find_direction(vectors, kept.definitional, method=self.direction, dims=self.dims)
        protected = np.zeros(len(vectors), bool)
        protected[list(places(vectors.vocab, kept.protected).values())] = True
        _, every, neutral = second_moments(vectors, protected)
        share = 1.0 if self.scale == "mean" else int((~protected).sum()) / len(vectors) ** 2
        values, axes = np.linalg.eigh(every)
        if values[0] <= 1e-10 * values[-1]:
            raise FormatError(
                f"SoftDebias: the {len(vectors):,} words do not span their {vectors.dim} dimensions. Use "
                "more words."
            )
        sigma = np.sqrt(values)
        b = axes.T @ found.basis.T / sigma[:, None]
        c = axes.T @ neutral @ axes / np.outer(sigma, sigma)
        solved = solve(values, b, c, self.strength * share)
        if not solved.gap <= self.tolerance:
            raise TrainingError(
                f"SoftDebias: got a gap of {solved.gap:.1e}, expected at most {self.tolerance:.1e}. Lower "
                "strength."
            )
        linear = _root(axes @ (solved.x / np.outer(sigma, sigma)) @ axes.T)
        report = self.reported(words, lost, direction=found.to_json(), certificate=solved.certificate())
        return Eraser("soft", (Affine(linear), Project(np.zeros((0, vectors.dim)), unit=True)), report=report)


class Solution(NamedTuple):
    """X, its certificate (gradient and gap), the number of steps (0: the linear system), f(X) / f(Σ²)."""

    x: Array
    gradient: float
    gap: float
    steps: int
    value: float

    def certificate(self) -> dict[str, float]:
        """What a report says of it."""
        return {"gradient": self.gradient, "gap": self.gap, "steps": self.steps, "objective": self.value}


def solve(
    values: Annotated[Array, "D"],
    b: Annotated[Array, "D K"],
    c: Annotated[Array, "D D"],
    weight: float,
    *,
    most: int = 20_000,
) -> Solution:
    """Minimise f(X) = ‖X - Σ²‖² + weight · tr bᵀXCXb over X ⪰ 0, Σ² = diag(values)."""
    target = np.diag(values)
    start = max(_value(target, target, b, c, weight), 1e-12 * float((values**2).sum()))

    def certified(x: Array, steps: int) -> Solution:
        g = _gradient(x, target, b, c, weight)
        away = _psd(x - g / 2) - x
        bound = -float((g * away).sum() + (away * away).sum())
        return Solution(
            x,
            _norm(away) / _norm(target),
            max(0.0, bound) / start,
            steps,
            _value(x, target, b, c, weight) / start,
        )

    x = _stationary(target, b, c, weight)
    if np.linalg.eigvalsh(x)[0] >= -1e-12 * values[-1]:
        return certified(_psd(x), 0)
    # Nesterov's method with the constant momentum of condition number L/2
    lipschitz = 2 + 2 * weight * float(np.linalg.norm(c, 2) * np.linalg.norm(b, 2) ** 2)
    momentum = (np.sqrt(lipschitz) - np.sqrt(2)) / (np.sqrt(lipschitz) + np.sqrt(2))
    x = last = _psd(x)
    for step in range(1, most + 1):
        ahead = x + momentum * (x - last)
        x, last = _psd(ahead - _gradient(ahead, target, b, c, weight) / lipschitz), x
        if step % 20 == 0 and (solution := certified(x, step)).gap <= 1e-12:
            return solution
    return certified(x, most)


def _stationary(target: Array, b: Array, c: Array, weight: float) -> Array:
    """∇f = 0: X = Σ² - λ/2 (C Y bᵀ + b Yᵀ C) with Y = Xb (D, K), so Y + λ/2 (C Y bᵀb + b Yᵀ C b) = Σ² b."""
    dim, num = b.shape
    inner, cb = b.T @ b, c @ b
    # on vec(Y), row by row: (C ⊗ bᵀb) and Y → b Yᵀ C b, whose entry (i,k),(j,l) is b[i,l] (Cb)[j,k]
    system = np.eye(dim * num) + weight / 2 * (
        np.einsum("ij,lk->ikjl", c, inner) + np.einsum("il,jk->ikjl", b, cb)
    ).reshape(dim * num, dim * num)
    y = np.linalg.solve(system, (target @ b).reshape(-1)).reshape(dim, num)
    moved = c @ y @ b.T
    return np.asarray(target - weight / 2 * (moved + moved.T))


def _value(x: Array, target: Array, b: Array, c: Array, weight: float) -> float:
    xb = x @ b
    return float(((x - target) ** 2).sum() + weight * (xb * (c @ xb)).sum())


def _gradient(x: Array, target: Array, b: Array, c: Array, weight: float) -> Array:
    half = c @ x @ b @ b.T
    return np.asarray(2 * (x - target) + weight * (half + half.T))


def _psd(x: Array) -> Array:
    """The nearest positive semidefinite matrix."""
    values, axes = np.linalg.eigh((x + x.T) / 2)
    return np.asarray((axes * np.maximum(values, 0)) @ axes.T)


def _root(s: Array) -> Array:
    """The symmetric T of S = TᵀT: of all such T the nearest to I."""
    squares, turn = np.linalg.eigh(s)
    return np.asarray((turn * np.sqrt(np.maximum(squares, 0))) @ turn.T)


def _norm(x: Array) -> float:
    return float(np.linalg.norm(x))
