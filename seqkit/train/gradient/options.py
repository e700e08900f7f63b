"""How gradients become updates: the settings of GradientLearner, readable without torch."""

from dataclasses import dataclass
from typing import Literal

from seqkit.core.options import check, option

_ADAM = "optimizer", ("adam", "adamw")
_SQUARES = "optimizer", ("adam", "adamw", "rmsprop")


@dataclass(frozen=True)
class GradientOptions:
    """Minimises mean loss + l1 · Σ|w| + weight_decay/2 · Σw², over weights with two axes or more.

    With g the gradient of that, clipped before the penalties are added:

    sgd       w -= lr · g
    momentum  v = momentum · v + g                  w -= lr · v
              (course: v = β·v + (1-β)·g, whose lr is lr / (1 - β))
    rmsprop   s = beta2 · s + (1-beta2) · g²        w -= lr · g / (√s + eps)
    adam      m, s as means of g, g² with beta1, beta2, corrected for their start;    w -= lr · m / (√s + eps)
    adamw     adam, but with weight_decay decoupled: w -= lr · weight_decay · w instead of in g
              (arXiv:1711.05101)
    asgd      sgd until the validation is worse than the best of all but the last `nonmono`; from then on the
              mean of the weights, that moment's included, is what is validated and kept
              (NT-ASGD, Merity et al., arXiv:1708.02182)
    """

    optimizer: Literal["sgd", "momentum", "rmsprop", "adam", "adamw", "asgd"] = option(
        "adam", help="update rule"
    )
    momentum: float = option(
        0.9,
        low=0.0,
        high=1.0,
        search="0.9..0.999:log-below-1",
        help="share of the old step kept (momentum)",
        needs=("optimizer", ("momentum",)),
    )
    beta1: float = option(
        0.9,
        low=0.0,
        high=0.999999,
        search="0.9..0.999:log-below-1",
        help="decay of the mean of gradients (adam, adamw)",
        needs=_ADAM,
    )
    beta2: float | None = option(
        None,
        low=0.0,
        high=0.999999,
        search="0.9..0.9999:log-below-1",
        help="decay of the mean of squares; if not given 0.999 (adam, adamw), 0.99 (rmsprop)",
        needs=_SQUARES,
    )
    eps: float = option(
        1e-8,
        low=0.0,
        search="1e-10..1e-4:log",
        help="added to the root of the mean of squares",
        needs=_SQUARES,
    )
    weight_decay: float = option(0.0, low=0.0, search="1e-5..1:log", help="L2 penalty; decoupled for adamw")
    l1: float = option(0.0, low=0.0, search="1e-7..1e-3:log", help="L1 penalty")
    clip: float | None = option(
        None,
        low=0.0,
        search="0.1..10:log",
        help="largest norm of the whole gradient of the mean loss; 0 or none: no limit",
    )
    clip_value: float | None = option(
        None, low=0.0, help="largest size of one number of the gradient, after clip; 0 or none: no limit"
    )
    accumulate: int = option(
        1, low=1, help="steps whose gradients are summed, weighted by their predictions, for one update"
    )
    precision: Literal["float32", "tf32", "bfloat16"] = option(
        "float32",
        help="number format of products, weights keep theirs; tf32: 10 bits of mantissa, on a GPU alone",
    )
    compile: bool = option(False, help="compile the forward pass with torch.compile")
    nonmono: int = option(
        5,
        low=0,
        unit="epochs",
        help="latest epochs in which asgd seeks no better one",
        needs=("optimizer", ("asgd",)),
    )

    def __post_init__(self) -> None:
        check(self)
