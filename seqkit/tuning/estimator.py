"""What a search asks of a model: the same few things whatever the task, as scikit-learn's model_selection
does.
"""

import os
from collections.abc import Mapping
from typing import Any, Protocol

from seqkit.core.options import Settings


class Estimator(Protocol):
    """Settings by name, training that logs and can be resumed, and files."""

    settings: Settings
    options: Mapping[str, Any]  # of each group of settings
    device: str

    @property
    def fit_options(self) -> Any:
        """How long and how fast it is trained: `epochs` is asked for."""

    def get_params(self) -> dict[str, Any]:
        """All settings by name."""

    def fit(self, *data: Any, **given: Any) -> Any:
        """Train; takes valid, checkpoint, resume and logs besides the task's own arguments."""

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the trained model."""


def variant(model: Any, settings: Mapping[str, Any]) -> Any:
    """A fresh model of the same class with other settings."""
    return type(model)(**(model.get_params() | dict(settings)))
