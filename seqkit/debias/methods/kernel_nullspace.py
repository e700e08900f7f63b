"""Kernel nullspace: take out the directions along which a curved classifier's answer changes most, round after round.

Not handled: equalising; what is left in directions that no classifier of 3,000 words looked at.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np

from seqkit.core import rng
from seqkit.core.errors import TrainingError
from seqkit.core.options import option
from seqkit.core.types import Array
from seqkit.debias.direction import find_direction
from seqkit.debias.eraser import BiasMethod, Eraser
from seqkit.debias.lookup import places
from seqkit.debias.moments import most_biased, unit_blocks
from seqkit.debias.words import WordSets
from seqkit.embeddings.vectors import Vectors

__all__ = ["KernelNullspace"]
_TESTED = 500  # words of a class that a classifier is tested on


@dataclass(frozen=True)
class KernelNullspace(BiasMethod):
    """x ← unit x - m;  x⊥ / |x⊥| for neutral words, ⊥ to the concept and to u_1, u_2, …: INLP with curved classifiers.

    f(x) = Σ_i α_i k(x, x_i),  k(x, y) = exp(-γ |x - y|²),  α = (K + λI)⁻¹ z,  γ = 1 / (D var x)
    u    = the first eigenvector of Σ_i ∇f(x_i) ∇f(x_i)ᵀ, of words x as the rounds before left them, unit

    m is the mean of all unit vectors, as double-hard has it (centre=False: 0); z the class, centred. Classes: the `pool` most
    biased words of each column; each round draws `examples` of each anew and tests f on others. It ends when f does no better
    than naming the largest class (plus `margin`), or after `rounds`; each round costs some use of the vectors, so choose
    `rounds` by a report. Specific words are not projected. All results are unit.
    Source: rounds of Ravfogel et al. 2020 (arXiv:2004.07667); the average gradient outer product of Radhakrishnan et al. 2022
    (arXiv:2212.13881).
    """

    rounds: int = option(12, low=1, help="classifiers at most, a direction each")
    margin: float = option(0.02, low=0, high=1, help="accuracy above the largest class's share at which it ends")
    pool: int = option(2500, low=3, help="most biased words of each class to draw from")
    examples: int = option(2400, low=2, help="words of each class that a classifier learns")
    vocabulary: int = option(50_000, low=8, help="most frequent words among which the most biased are sought")
    ridge: float = option(1.0, low=1e-6, help="λ")
    centre: bool = option(True, help="take the mean of all unit vectors off first")
    direction: Literal["pca", "mean", "unit-mean", "sums", "pair"] = option("pca", help="how the direction is found")
    dims: int = option(1, low=1, help="directions of the concept to take out first")
    seed: int = option(1, low=0, help="seed of the draws")

    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Find the directions, one after the other.

        Raises:  TrainingError if all directions would be taken before the classifier is blind; FormatError if there are too few
                 words; what find_direction raises.
        """
        kept, lost = self.known(vectors, words)
        barred = np.zeros(len(vectors), bool)
        barred[list(places(vectors.vocab, kept.protected).values())] = True
        barred[self.vocabulary :] = True
        rows, classes = most_biased(vectors, kept, self.pool, without=barred)
        move = self._move(vectors)
        found = find_direction(
            move(vectors.restrict(word for row in kept.definitional for word in row)), kept.definitional, method=self.direction,
            dims=self.dims,
        )  # fmt: skip
        x = move(vectors.restrict(vectors.vocab.words(rows.tolist()))).matrix.astype(np.float64)
        z = np.eye(int(classes.max()) + 1)[classes]
        basis, scores, largest = found.basis, [], 0.0
        for number in range(self.rounds):
            seen = x - x @ basis.T @ basis
            seen /= np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), np.finfo(float).tiny)
            learnt, tested = self._draw(classes, number)
            alpha, gamma = kernel_ridge(seen[learnt], z[learnt], self.ridge)
            said = (kernel(seen[tested], seen[learnt], gamma) @ alpha + z[learnt].mean(0)).argmax(1)
            scores.append(float((said == classes[tested]).mean()))
            largest = float(np.bincount(classes[tested]).max() / len(tested))
            if scores[-1] <= largest + self.margin:
                break
            if len(basis) >= vectors.dim - 2:
                raise TrainingError(
                    f"KernelNullspace: after {len(scores)} rounds {len(basis)} of {vectors.dim} directions are taken, the "
                    f"classes are still told apart ({scores[-1]:.2f}, largest class {largest:.2f}). Set fewer rounds, or a "
                    "larger margin."
                )
            u = np.linalg.eigh(gradient_moment(seen[learnt], alpha, gamma))[1][:, -1]
            u -= basis.T @ (basis @ u)
            basis = np.concatenate([basis, u[None] / np.linalg.norm(u)])
        probe = {"accuracy": scores, "largest_class": largest, "words": len(rows), "taken": len(basis)}
        report = self.reported(words, lost, direction=found.to_json(), probe=probe)
        return replace(move, basis=basis, protected=kept.protected, unit=True, report=report)

    def _move(self, vectors: Vectors) -> Eraser:
        """x ← unit x - m."""
        total = sum(x.sum(0) for _, x in unit_blocks(vectors)) if self.centre else np.zeros(vectors.dim)
        none = np.zeros((0, vectors.dim))
        return Eraser("kernel-nullspace", none, np.eye(vectors.dim), -total / len(vectors), unit_first=True)

    def _draw(self, classes: Array, number: int) -> tuple[Array, Array]:
        """Rows to learn and others to test, of each class."""
        learnt, tested = [], []
        for side in range(int(classes.max()) + 1):
            own = np.flatnonzero(classes == side)
            own = own[rng.permutation(rng.stream(self.seed, number, side), len(own))]
            count = min(self.examples, len(own) - max(1, len(own) // 5))
            learnt.append(own[:count])
            tested.append(own[count : count + _TESTED])
        return np.concatenate(learnt), np.concatenate(tested)


def kernel(x: Annotated[Array, "N D"], y: Annotated[Array, "M D"], gamma: float) -> Annotated[Array, "N M"]:
    """exp(-γ |x - y|²) of each pair of rows."""
    far: Array = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * (x @ y.T)
    return np.asarray(np.exp(-gamma * np.maximum(far, 0)))


def kernel_ridge(x: Annotated[Array, "N D"], z: Annotated[Array, "N C"], ridge: float) -> tuple[Annotated[Array, "N C"], float]:
    """α and γ."""
    from scipy.linalg import solve

    gamma = 1 / (x.shape[1] * x.var())
    k = kernel(x, x, gamma)
    k[np.diag_indices(len(k))] += ridge
    return np.asarray(solve(k, z - z.mean(0), assume_a="pos", overwrite_a=True)), float(gamma)


def gradient_moment(x: Annotated[Array, "N D"], alpha: Annotated[Array, "N C"], gamma: float) -> Annotated[Array, "D D"]:
    """Σ ∇f ∇fᵀ at the rows of x and over classes, ∇f(x) = 2γ Σ_i α_i k(x, x_i) (x_i - x)."""
    k = kernel(x, x, gamma)
    total = np.zeros((x.shape[1],) * 2)
    for a in alpha.T[int(alpha.shape[1] == 2) :]:  # the two columns of two classes differ in their sign only
        gradient = 2 * gamma * ((k * a) @ x - (k @ a)[:, None] * x)
        total += gradient.T @ gradient
    return total
