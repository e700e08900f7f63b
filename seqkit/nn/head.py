"""What a loss head is; members are the files of heads/."""

from abc import ABC, abstractmethod
from typing import Annotated, Any

from torch import Tensor, nn

from seqkit.core.family import Family

heads = Family("seqkit.nn.heads", "head")


class Head(nn.Module, ABC):
    """A distribution over V classes given h: its loss, its losses one by one, and all log-probabilities."""

    @abstractmethod
    def loss(self, h: Annotated[Tensor, "N H"], targets: Annotated[Tensor, "N"]) -> Tensor:
        """Σ -log p(target | h) in nats over targets other than -1, with gradients for h and the weights.

        Targets may lie on the CPU whatever the device of h: then nothing waits for a GPU.
        """

    @abstractmethod
    def losses(self, h: Annotated[Tensor, "N H"], targets: Annotated[Tensor, "N"]) -> Annotated[Tensor, "N"]:
        """-log p(target | h) of each row, 0 for target -1, without gradients."""

    @abstractmethod
    def log_probs(self, h: Annotated[Tensor, "N H"]) -> Annotated[Tensor, "N V"]:
        """log p(· | h) of all classes."""


def head(name: str, input_size: int, classes: int, **settings: Any) -> Head:
    """The head called `name`, one of `heads.names()`."""
    return heads.load(name)(input_size, classes, **settings)
