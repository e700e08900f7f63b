"""What a search asks of a model: the same few things whatever the task, as scikit-learn's model_selection
does.
"""

import copy
import os
from collections.abc import Mapping
from typing import Any, Protocol, Self

from seqkit.core.options import Settings


class Estimator(Protocol):
    """Settings by name, training that logs and can be resumed, and files."""

    settings: Settings
    device: str
    higher_is_better: bool  # of validation values

    @property
    def fit_options(self) -> Any:
        """How long and how fast it is trained: `epochs` is asked for."""

    def get_params(self) -> dict[str, Any]:
        """All settings by name."""

    def set_params(self, **params: Any) -> Self:
        """Change settings by name; what was learnt is forgotten."""

    def fit(self, *data: Any, **given: Any) -> Any:
        """Train; takes valid, checkpoint, resume and logs besides the task's own arguments."""

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the trained model."""


def variant(model: Any, settings: Mapping[str, Any]) -> Any:
    """A fresh model of the same class with those of other settings that are read together."""
    read = model.settings.read(model.get_params() | settings)
    return copy.copy(model).set_params(**{name: settings[name] for name in settings if name in read})
