"""What models share: settings by name, the fitted record, training, and files.

Not handled: batches and predictions, which each task makes by itself.
"""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypedDict, TypeVar, Unpack

import numpy as np
import torch
from torch import nn

from seqkit.core import files
from seqkit.core.device import device as find_device
from seqkit.core.device import threads as count_threads
from seqkit.core.errors import ModelFileError, OptionError, SeqkitError
from seqkit.core.fingerprint import fingerprint
from seqkit.core.options import Settings
from seqkit.core.types import Arrays, part
from seqkit.models.options import Fit, Recurrent
from seqkit.nn.initialise import check_way
from seqkit.nn.resources import check_memory, memory_errors, torch_threads
from seqkit.nn.weights import check_weights, put_weights
from seqkit.text.codec import Codec
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.gradient.learner import GradientLearner
from seqkit.train.gradient.options import GradientOptions
from seqkit.train.learner import Batches, Engine, Learner
from seqkit.train.log import Log
from seqkit.train.loop import fit
from seqkit.train.probe import EnoughError, Estimate, Timing
from seqkit.train.progress import EpochJson, Higher, History, Progress, read_history
from seqkit.train.schedule import schedule
from seqkit.train.world import World

RUN_ONLY = ("device", "threads", "epochs")  # settings that a resumed run may have otherwise
Options = Mapping[str, Any]  # the options of each group of settings


class Fitted(Protocol):
    """What a model knows after `fit` beside its weights: one frozen record for each task."""

    def network(self, o: Options) -> nn.Module:
        """The network of a model with these options, its weights still untrained."""

    def to_arrays(self) -> Arrays:
        """Its arrays, for a file."""

    def to_json(self) -> dict[str, Any]:
        """The rest of it as JSON values."""

    @classmethod
    def from_arrays(cls, arrays: Arrays, meta: Mapping[str, Any], o: Options) -> Self:
        """What `to_arrays` and `to_json` gave."""


class Run(TypedDict, total=False):
    """Arguments of every `fit` that do not change what is learnt.

    checkpoint: folder for the state of the run, written every minute, after each epoch and when stopped.
    resume: continue from it, on a CPU to the same bytes. report, logs: see seqkit.train.loop.fit.
    world: the processes of a parallel run. minutes: end in that time, with the schedule fitted to it.
    """

    checkpoint: str | os.PathLike[str] | None
    resume: bool
    report: Callable[[Progress], None] | None
    logs: Sequence[Log]
    world: World | None
    minutes: float | None


class _Saved(TypedDict):
    """What every model writes beside its arrays; its record checks the rest."""

    settings: dict[str, Any]
    history: list[EpochJson]


class Coded(Fitted, Protocol):
    """A fitted record with one codec."""

    @property
    def codec(self) -> Codec:
        """How text becomes ids and back."""


F = TypeVar("F", bound=Fitted)
C = TypeVar("C", bound=Coded)


class Model(Generic[F]):
    """Settings, a fitted record and a torch module; settings of all groups are given by name.

    A member gives `kind` (of its folder), `settings`, and `record`, the class of its fitted record.
    """

    kind: ClassVar[str]
    written: ClassVar[str] = ""  # the kind of folder that a run writes, if that is not `kind`
    higher_is_better: ClassVar[bool] = False  # of validation values
    settings: ClassVar[Settings]
    record: ClassVar[type[Any]]
    usual: ClassVar[Mapping[str, Any]] = {}  # the numbers of Fit that are not given

    def __init__(self, *, device: str = "auto", threads: int | None = None, **settings: Any) -> None:
        self.options: Options = self.settings.make(type(self).__name__, settings, ("device", "threads"))
        count_threads(threads)
        self.device, self.threads = device, threads
        self.history: History = []
        self.built = 0  # numbers in the network that `fit` made last
        self._fitted: F | None = None
        self._network: nn.Module | None = None
        if isinstance(s := self.options.get("recurrent"), Recurrent):
            for name in ("init_embedding", "init_input", "init_hidden"):
                if (way := getattr(s, name)) is not None:
                    check_way(way, where=f"Recurrent.{name}: ")
        self.fit_options = self.options["fit"].filled(self._usual())

    fit_options: Fit

    def _usual(self) -> Mapping[str, Any]:
        return self.usual

    @property
    def fitted(self) -> F:
        """What it knows beside its weights.  Raises:  OptionError before `fit`."""
        if self._fitted is None:
            raise self._untrained()
        return self._fitted

    @property
    def network(self) -> Any:  # Any: the task's module
        """The torch module.  Raises:  OptionError before `fit`."""
        if self._network is None:
            raise self._untrained()
        return self._network

    @property
    def gradient_options(self) -> GradientOptions:
        """How gradients become updates."""
        return self.options["gradient"]

    @property
    def num_parameters(self) -> int:
        """How many numbers the network holds; a tied weight counts once."""
        return sum(p.numel() for p in self.network.parameters())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All settings by name, as scikit-learn has it."""
        return {"device": self.device, "threads": self.threads} | self.settings.values(self.options)

    def set_params(self, **params: Any) -> Self:
        """Change settings by name; those that are then not read are as usual, and the model is untrained."""
        unread = self.settings.unread(every := self.get_params() | params).keys() - params.keys()
        every |= {name: self.settings.default(name) for name in unread}
        self.__init__(**every)  # type: ignore[misc]  # the settings are the whole state
        return self

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write weights, settings, history and all that predictions need to a folder, atomically."""
        weights = {f"weights.{n}": p.detach().cpu().numpy() for n, p in self.network.named_parameters()}
        settings = self.settings.to_json(self.options)
        history = [dataclasses.asdict(epoch) for epoch in self.history]
        meta = {"settings": settings, "history": history, **self.fitted.to_json()}
        files.save(Path(folder), self.kind, weights | self.fitted.to_arrays(), meta)

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str], *, device: str = "auto", threads: int | None = None
    ) -> Self:
        """Read what `save` wrote.

        Raises:  ModelFileError if the folder holds none, or a damaged one.
        """
        place = find_device(device)  # what is wrong with it is not the file's fault
        arrays, meta = files.load(Path(folder), cls.kind, _Saved, verify=True)
        try:
            if unknown := meta["settings"].keys() & {"device", "threads"}:
                raise OptionError(f"settings: got {min(unknown)}, expected none.")
            model = cls(device=device, threads=threads, **cls.settings.read(meta["settings"]))
            model._fitted = cls.record.from_arrays(arrays, meta, model.options)
            weights = part(arrays, "weights.")
            check_weights(lambda: model.fitted.network(model.options), weights)
            model.history = read_history(meta["history"])
        except (KeyError, ValueError, SeqkitError) as error:
            raise ModelFileError(
                f"{folder}: the model is not whole ({error}). Restore it from a copy or train again."
            ) from error
        with memory_errors(cls.__name__):
            network = model.fitted.network(model.options).to(place)
            put_weights(network, {name: torch.from_numpy(np.array(a)) for name, a in weights.items()})
        model._network = network.eval()
        return model

    def hardware(self) -> dict[str, Any]:
        """Where it was trained, for run.json."""
        device = next(self.network.parameters()).device
        return {"device": str(device), "threads": torch.get_num_threads()}

    def estimate(self, *data: Any, **given: Any) -> Estimate:
        """Train a copy for a few seconds by fit(*data, **given), and estimate what the whole run needs."""
        probe, copy = Timing(), type(self)(**self.get_params())
        with contextlib.suppress(EnoughError):
            copy.fit(*data, **given, logs=[probe])  # type: ignore[attr-defined]  # every task has it
        return Estimate(copy.built, probe.total, 16 * copy.built, probe.seconds, probe.units_per_second)

    def _build(self, fitted: F, device: str | None = None) -> Any:  # Any: the task's module
        """The untrained network on `device`, or on the model's own.

        Raises:  ResourceError if weights, gradients and moments cannot fit into memory.
        """
        with memory_errors(type(self).__name__):
            with torch.device("meta"):
                numbers = sum(p.numel() for p in fitted.network(self.options).parameters())
            check_memory(type(self).__name__, numbers, find_device(self.device))
            self.built = numbers
            return fitted.network(self.options).to(find_device(device or self.device))

    def _signature(self, *data: Any) -> dict[str, Any]:
        """What must be unchanged when a run is resumed: all settings, and the data."""
        values = self.settings.to_json(self.options).items()
        settings = {name: value for name, value in values if name not in RUN_ONLY}
        return settings | {"data": fingerprint(*data)}

    def _learn(
        self,
        fitted: F,
        network: Any,
        batches: Batches[Any],
        *,
        validate: Callable[[], float] | None = None,
        keep_best: bool = True,
        learner: Learner[Any] | None = None,
        **run: Unpack[Run],
    ) -> None:
        """Train `network` on `batches`; keep the best validated weights if `keep_best`, else the last.

        learner: what trains it instead of gradients.
        Raises:  TrainingError if the loss is not finite; OptionError if a resumed run differs; ResourceError
                 without memory.
        """
        if unknown := set(run) - set(Run.__annotations__):
            raise TypeError(f"fit: got an unexpected argument {min(unknown)!r}")
        o, folder = self.fit_options, run.get("checkpoint")
        self.history = []
        network.train()
        with torch_threads(self.threads), memory_errors(type(self).__name__):
            learner = learner or GradientLearner(network, self.gradient_options, world=run.get("world"))
            self.history = fit(
                learner,
                batches,
                epochs=o.epochs,
                schedule=schedule(o.schedule, o.lr, epochs=o.epochs, **o.schedule_settings),
                validate=self._valued(network, validate) if validate else None,
                patience=o.patience,
                keep_best=keep_best and validate is not None,
                checkpoint=None if folder is None else Checkpoint(Path(folder)),
                resume=run.get("resume", False),
                report=run.get("report"),
                logs=run.get("logs", ()),
                minutes=run.get("minutes"),
            )
            if isinstance(learner, Engine):
                with learner.averaged():
                    final = {name: p.detach().clone() for name, p in network.named_parameters()}
                put_weights(network, final)
            self._fitted, self._network = fitted, network.to(find_device(self.device)).eval()

    def _valued(self, network: nn.Module, validate: Callable[[], float]) -> Callable[[], float]:
        """The same validation with the network in eval mode meanwhile, and which way is better."""

        def value() -> float:
            network.eval()
            found = validate()
            network.train()
            return found

        return Higher(value) if self.higher_is_better else value

    def _untrained(self) -> OptionError:
        return OptionError(
            f"{type(self).__name__}: got an untrained model, expected a trained one. Call fit or load."
        )

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({settings})"


class TextModel(Model[C]):
    """A model that reads and writes text by one codec."""

    @property
    def codec(self) -> Codec:
        """How text becomes ids and back.  Raises:  OptionError before `fit`."""
        return self.fitted.codec
