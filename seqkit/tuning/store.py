"""The trials of a search on disk, shared by workers: an Optuna study in SQLite, and a lock for each trial.

A worker is any process that has the folder. It holds the lock of the trial it trains; the system releases it
when the process dies, however it dies, so an open trial without a holder can be continued. Finished trials
are never changed. Not handled: folders on a network whose locks or SQLite cannot be trusted.
"""

import contextlib
import errno
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqkit.core.errors import FormatError, OptionError, SeqkitError, resource_error
from seqkit.tuning.space import Choice, Space
from seqkit.tuning.trial import Job, State, Trial

NAME = "search.sqlite"
_STUDY = "search"
_TOLD = {"done": "COMPLETE", "dropped": "PRUNED", "failed": "FAIL"}  # ours -> Optuna's


class Trials:
    """The search in `folder`, new or joined. signature: what all its workers must share, as JSON values."""

    def __init__(self, folder: Path, space: Space, signature: Mapping[str, Any]) -> None:
        """Raises:  OptionError if the folder holds another search, or without Optuna; FormatError for a
        broken file.
        """
        _check_installed()
        from filelock import FileLock

        self.folder, self.space = folder, space
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = FileLock(folder / "search.lock")
        with self.lock:
            self._storage, self._study = _open(folder / NAME)
            known = self._storage.get_study_user_attrs(self._study).get("search")
            if known is None:
                self._storage.set_study_user_attr(self._study, "search", dict(signature))
        _compare(folder, known or signature, signature)
        (folder / "trials").mkdir(exist_ok=True)

    def all(self) -> list[Trial]:
        """Every trial begun, in order."""
        with _told(self.folder / NAME):  # whose values may be of other types
            return _trials(self._storage, self._study)

    @contextlib.contextmanager
    def claim(self, jobs: Sequence[Job], known: Sequence[Trial]) -> Iterator[Job | None]:
        """Within the block the first free one of `jobs` is this worker's; None if others have them all.

        Hold `lock` from the reading of `known` on, so that nothing changes between choice and claim.
        """
        from filelock import FileLock, Timeout

        held = None
        for job in jobs:
            one = FileLock(self._path(job.number).with_suffix(".lock"), blocking=False)
            try:
                one.acquire()
            except Timeout:
                continue
            held = one
            if job.number >= len(known):
                self._begin(job.settings)
            break
        try:
            yield job if held else None
        finally:
            if held:
                with self.lock:
                    held.release()

    def checkpoint(self, number: int) -> Path:
        """The folder of a trial's checkpoint."""
        return self._path(number)

    def add_value(self, number: int, epoch: int, value: float) -> None:
        """An epoch, from 1, was validated."""
        self._storage.set_trial_intermediate_value(self._id(number), epoch, value)

    def spend(self, number: int, units: int, seconds: float) -> None:
        """Record what the trial has cost so far."""
        self._storage.set_trial_user_attr(self._id(number), "spent", [units, seconds])

    def end(self, trial: Trial, state: State, error: str = "") -> None:
        """The trial is over; its checkpoint is deleted."""
        from optuna.trial import TrialState

        if error:
            self._storage.set_trial_user_attr(self._id(trial.number), "error", error)
        values = None if state == "failed" or not trial.values else [trial.value]
        self._storage.set_trial_state_values(self._id(trial.number), TrialState[_TOLD[state]], values)
        shutil.rmtree(self._path(trial.number), ignore_errors=True)

    def clean(self) -> None:
        """The search is over: remove the locks of its trials."""
        shutil.rmtree(self.folder / "trials", ignore_errors=True)

    def _begin(self, settings: Mapping[str, Any]) -> None:
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
        from optuna.trial import TrialState, create_trial

        kinds: dict[str, Any] = {
            name: CategoricalDistribution(part.values)
            if isinstance(part, Choice)
            else IntDistribution(int(part.low), int(part.high), log=part.scale == "log")
            if part.whole
            else FloatDistribution(part.low, part.high, log=part.scale == "log")
            for name, part in self.space.parts.items()
        }
        made = create_trial(state=TrialState.RUNNING, params=dict(settings), distributions=kinds)
        self._storage.create_new_trial(self._study, made)

    def _id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study, number)

    def _path(self, number: int) -> Path:
        return self.folder / "trials" / f"{number:04}"


def read_trials(folder: Path) -> tuple[list[Trial], dict[str, Any]]:
    """The trials of the search in `folder`, and its signature; also while others work on it.

    Raises:  FormatError if there is none.
    """
    _check_installed()
    if not (folder / NAME).is_file():
        raise FormatError(f"{folder}: no {NAME} there, so it is not the folder of a search.")
    storage, study = _open(folder / NAME)
    with _told(folder / NAME):
        return _trials(storage, study), dict(storage.get_study_user_attrs(study)["search"])


def _trials(storage: Any, study: int) -> list[Trial]:
    ours = {theirs: state for state, theirs in _TOLD.items()}
    trials = []
    for t in storage.get_all_trials(study, deepcopy=False):
        units, seconds = t.user_attrs.get("spent", (0, 0.0))
        values = tuple(value for _, value in sorted(t.intermediate_values.items()))
        state: Any = ours.get(t.state.name, "open")
        error = t.user_attrs.get("error", "")
        trials.append(Trial(t.number, dict(t.params), state, values, units, seconds, error))
    return trials


class _Telling:
    """Optuna's storage, what it raises told as ours."""

    def __init__(self, storage: Any, path: Path) -> None:
        self._storage, self._path = storage, path

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._storage, name)

        def told(*given: Any, **named: Any) -> Any:
            with _told(self._path):
                return call(*given, **named)

        return told


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell what goes wrong with the database, its disk or what is in it, whatever the libraries raise."""
    try:
        yield
    except SeqkitError:
        raise
    except Exception as error:
        if "disk is full" in str(error) or "disk I/O" in str(error):
            raise resource_error(path, OSError(errno.ENOSPC, str(error))) from error
        raise FormatError(
            f"{path}: cannot be read as a search ({type(error).__name__}). Choose another folder."
        ) from error


def _open(path: Path) -> tuple[Any, int]:
    """Optuna's storage and the number of our study in it; nothing is logged."""
    import optuna
    from optuna.study import StudyDirection
    from sqlalchemy.engine import URL

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.ERROR)
    try:
        with _told(path):
            url = URL.create("sqlite", database=str(path.resolve())).render_as_string(hide_password=False)
            # get_storage: with a cache of the trials that are over
            kept = optuna.storages.get_storage(
                optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 120}})
            )
        storage: Any = _Telling(kept, path)
        names = [study.study_name for study in storage.get_all_studies()]
        if _STUDY not in names:
            return storage, storage.create_new_study([StudyDirection.MINIMIZE], _STUDY)
        return storage, storage.get_study_id_from_name(_STUDY)
    finally:
        optuna.logging.set_verbosity(verbosity)


def _compare(folder: Path, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    names = [*now, *(name for name in then if name not in now)]
    if "version" not in then:  # of 0.1.0, which hashed data in another way and named some settings otherwise
        names = [name for name in now if name in then and name not in ("data", "validation data")]
    for name in names:
        if then.get(name) != now.get(name):
            raise OptionError(
                f"search: got {name} {now.get(name)!r}, expected {then.get(name)!r} as in {folder}: trials "
                "must be comparable. Use the old value, or another folder."
            )


def _check_installed() -> None:
    try:
        import filelock  # noqa: F401
        import optuna  # noqa: F401
    except ImportError as error:
        raise OptionError(
            f"search: needs {error.name}, which is not installed. Install seqkit[tune]."
        ) from error
