"""What models that learn by gradients share: settings by name, training with the engine, and files.

Not handled: what a model learns from (each makes its batches) and what it predicts.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import nn

from seqkit.core import files, options
from seqkit.core.errors import FormatError, ModelFileError, OptionError, ResourceError, did_you_mean
from seqkit.core.options import option
from seqkit.core.score import Loss
from seqkit.core.types import Arrays
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.gradient import GradientLearner
from seqkit.train.gradient_options import GradientOptions
from seqkit.train.learner import Batches
from seqkit.train.log import Log
from seqkit.train.loop import fit
from seqkit.train.progress import Epoch, History, Progress
from seqkit.train.schedule import schedule
from seqkit.train.world import World


@dataclass(frozen=True)
class FitOptions:
    """How long and how fast a model is trained."""

    epochs: int = option(10, low=1, help="passes over the data")
    batch: int = option(32, low=1, search="8..128:log", help="rows (texts, sentences, streams) in a step")
    lr: float = option(
        0.003,
        low=0.0,
        search="1e-4..1:log",
        help="learning rate (its highest, where the schedule changes it)",
    )
    schedule: str = option(
        "cosine", help="constant, linear, inverse-time, exponential, staircase, inverse-sqrt, cosine, ..."
    )
    schedule_settings: dict[str, float] = dataclasses.field(default_factory=dict)
    patience: int | None = option(
        None, low=1, unit="epochs", help="end when the validation did not improve for so long"
    )

    def __post_init__(self) -> None:
        options.check(self)
        schedule(self.schedule, self.lr, epochs=self.epochs, **self.schedule_settings)


class Model:
    """A torch module with the settings it was made and trained with; settings of all `groups` are given by
    name.

    A member gives `kind` (of its folder), `groups` (name -> dataclass, kept as attribute `name_options`),
    `defaults` where they differ from the dataclasses', and `_contents` and `_restore` for what its files hold
    beside the weights.
    """

    kind: ClassVar[str]
    groups: ClassVar[Mapping[str, Any]]
    defaults: ClassVar[Mapping[str, Any]] = {}
    fit_options: FitOptions
    gradient_options: GradientOptions

    def __init__(self, *, device: str = "auto", threads: int | None = None, **settings: Any) -> None:
        names = {group: [f.name for f in dataclasses.fields(kind)] for group, kind in self.groups.items()}
        known = [name for group in names.values() for name in group]
        for name in settings:
            if name not in known:
                raise OptionError(
                    f"{type(self).__name__}: unknown setting "
                    f"{name!r}.{did_you_mean(name, [*known, 'device', 'threads'])}"
                )
        given = {**self.defaults, **settings}
        for group, kind in self.groups.items():
            made = options.from_json(kind, {name: given[name] for name in names[group] if name in given})
            setattr(self, f"{group}_options", made)
        self.device, self.threads = device, threads
        self.history: History = []
        self._network: nn.Module | None = None

    @property
    def num_parameters(self) -> int:
        """Numbers of the network, a tied weight once."""
        return sum(p.numel() for p in self._trained(self._network).parameters())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All settings by name, as scikit-learn has it."""
        found = {"device": self.device, "threads": self.threads}
        for group in self.groups:
            found |= options.to_json(getattr(self, f"{group}_options"))
        return found

    def set_params(self, **params: Any) -> Self:
        """Change settings by name; a model that was trained is then untrained."""
        self.__init__(**(self.get_params() | params))  # type: ignore[misc]  # the settings are the whole state
        return self

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write weights, settings, history and all that predictions need to a folder, atomically."""
        weights = self._trained(self._network).named_parameters()
        arrays, meta = self._contents()
        own = {f"weights.{name}": p.detach().cpu().numpy() for name, p in weights}
        settings = {
            name: value for name, value in self.get_params().items() if name not in ("device", "threads")
        }
        history = [dataclasses.asdict(epoch) for epoch in self.history]
        files.save(Path(folder), self.kind, own | arrays, {"settings": settings, "history": history, **meta})

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str], *, device: str = "auto", threads: int | None = None
    ) -> Self:
        """Read what `save` wrote.

        Raises:  ModelFileError if the folder holds none, or a damaged one.
        """
        arrays, meta = files.load(Path(folder), cls.kind, verify=True)
        try:
            model = cls(device=device, threads=threads, **meta["settings"])
            network = model._restore(arrays, meta)
            _take_weights(
                network,
                {n.removeprefix("weights."): a for n, a in arrays.items() if n.startswith("weights.")},
            )
            model._network = network.eval()
            model.history = [Epoch(**(epoch | {"loss": Loss(**epoch["loss"])})) for epoch in meta["history"]]
        except (KeyError, TypeError, ValueError, FormatError, OptionError) as error:
            raise ModelFileError(
                f"{folder}: the model is not whole ({error}). Restore it from a copy or train anew."
            ) from error
        return model

    def _contents(self) -> tuple[Arrays, dict[str, Any]]:
        """Arrays and JSON values of the file beside weights, settings and history."""
        raise NotImplementedError  # abstract

    def _restore(self, arrays: Arrays, meta: dict[str, Any]) -> nn.Module:
        """Take back what `_contents` gave and make the network, its weights still untrained."""
        raise NotImplementedError  # abstract

    def _learn(
        self,
        network: Any,
        batches: Batches[Any],
        *,
        validate: Callable[[], float] | None = None,
        keep_best: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        logs: Sequence[Log] = (),
        world: World | None = None,
    ) -> None:
        """Train `network` on `batches`; it ends with the weights to keep: those of the epoch validated best,
        if so asked.

        Raises:  TrainingError if the loss is not finite; OptionError if a resumed run differs; ResourceError
                 without memory.
        """
        o = self.fit_options
        threads_before = torch.get_num_threads()
        torch.set_num_threads(self.threads or threads_before)
        learner = GradientLearner(network, self.gradient_options, world=world)

        def valid() -> float:
            network.eval()
            value = validate()  # type: ignore[misc]  # where given
            network.train()
            return value

        self.history = []
        network.train()
        try:
            self.history = fit(
                learner,
                batches,
                epochs=o.epochs,
                schedule=schedule(o.schedule, o.lr, epochs=o.epochs, **o.schedule_settings),
                validate=valid if validate else None,
                patience=o.patience,
                keep_best=keep_best and validate is not None,
                checkpoint=None if checkpoint is None else Checkpoint(Path(checkpoint)),
                resume=resume,
                report=report,
                logs=logs,
            )
        except RuntimeError as error:
            raise self._memory_error(error) from error
        finally:
            torch.set_num_threads(threads_before)
        with learner.averaged():
            final = {name: p.detach().clone() for name, p in network.named_parameters()}
        with torch.no_grad():
            for name, p in network.named_parameters():
                p.copy_(final[name])
        network.eval()
        self._network = network

    def _trained(self, value: Any) -> Any:  # Any: what `fit` makes
        """`value`, or OptionError before `fit` made it."""
        if value is None:
            raise OptionError(f"{type(self).__name__}: it is not trained yet. Call fit, or load a saved one.")
        return value

    def _check_memory(self, numbers: int) -> None:
        """Raise if float32 weights with gradients and two moments cannot fit into the machine's memory."""
        try:
            total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (ValueError, OSError, AttributeError):
            return
        if 16 * numbers > total:
            raise ResourceError(
                f"{type(self).__name__}: the weights with gradients and moments need "
                f"{16 * numbers / 2**30:,.1f} GiB, this "
                f"machine has {total / 2**30:,.1f}. Lower hidden_size, num_layers, embed_dim or the "
                "vocabulary."
            )

    def _memory_error(self, error: RuntimeError) -> Exception:
        if "memory" in str(error).lower():
            return ResourceError(
                f"{type(self).__name__}: memory ran out ({error}). Lower batch or hidden_size."
            )
        return error

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({settings})"


def start_embedding(embedding: Any, tokens: Sequence[str], vectors: Any) -> float:
    """Fill the rows of an embedding whose tokens are in `vectors` (Vectors); return the share of rows that
    are.

    Raises:  OptionError if the vectors have another size.
    """
    if vectors.dim != embedding.shape[1]:
        raise OptionError(
            f"vectors: {vectors.dim} numbers a word came, the embedding has {embedding.shape[1]}. Make "
            "them equal."
        )
    rows = [(i, vectors.vocab.index[token]) for i, token in enumerate(tokens) if token in vectors.vocab.index]
    with torch.no_grad():
        for i, row in rows:
            embedding[i] = torch.from_numpy(np.array(vectors.matrix[row]))
    return len(rows) / max(len(tokens), 1)


def _take_weights(network: nn.Module, given: Arrays) -> None:
    own = dict(network.named_parameters())
    if own.keys() != given.keys() or any(tuple(p.shape) != given[name].shape for name, p in own.items()):
        raise KeyError("weights of the sizes that the settings ask for")
    with torch.no_grad():
        for name, p in own.items():
            p.copy_(torch.from_numpy(np.array(given[name])))
