"""What every test runs under: no unpickling, no network but loopback, shape annotations checked, real data found or skipped."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("SEQKIT_DATA", ROOT.parent / "shared" / "data"))
if (DATA / "nltk_data").is_dir():
    os.environ.setdefault("NLTK_DATA", str(DATA / "nltk_data"))
os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # the workers of xdist have a core each; teams of threads would wait for another
GPU = Path("/dev/nvidiactl").exists()
if not GPU:  # its kernels run in Triton's interpreter
    os.environ.setdefault("TRITON_INTERPRET", "1")
sys.path.insert(0, str(ROOT / "tests"))

# the default run draws the same cases every time; HYPOTHESIS_PROFILE=explore looks for new ones
settings.register_profile("same", deadline=None, max_examples=60, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
UNPICKLED: list[str] = []
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # of a job in the background, and its children
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # of nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _audit(event: str, arguments: tuple) -> None:
    if event == "pickle.find_class":
        frame, files = sys._getframe(1), []
        while frame is not None:
            files.append(frame.f_code.co_filename.replace("\\", "/"))
            frame = frame.f_back
        # numba keeps its compiled code in __pycache__ by pickle, and xdist its messages; scikit-learn checks that estimators can
        # be pickled: none reads a file of ours
        known = ("/numba/core/", "/sklearn/utils/estimator_checks.py")
        near = any(
            part in name for name in files[:6] for part in ("/xdist/", "/execnet/")
        )  # a worker's end is one
        if not near and not any(part in name for name in files for part in known):
            UNPICKLED.append(f"{arguments} from {files[0]}")


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def nobody_listens():
    """A command that ran in this process hears no signal of the next test."""
    yield
    if interrupt := sys.modules.get("seqkit.core.interrupt"):
        interrupt.forget()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    for item in items:
        if GPU and ("kernels_run_on" in item.fixturenames or hasattr(item.module, "interpreted")):
            item.add_marker("gpu")
    if config.option.markexpr:
        return
    chosen = [
        item for item in items if not item.get_closest_marker("slow") and not item.get_closest_marker("gpu")
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def pytest_sessionstart(session):
    if getattr(session.config.option, "numprocesses", None):  # this process hands tests out
        return
    import shapes

    shapes.install()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Neighbours go to one worker, so that what a module shares is made once; who is ready takes from the other."""
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


@pytest.fixture(autouse=True)
def _nothing_was_unpickled():
    yield
    found, UNPICKLED[:] = list(UNPICKLED), []
    assert not found


@pytest.fixture
def unpickled():
    """What was unpickled in this test so far: of our own nothing may be."""
    return UNPICKLED


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise AssertionError(f"a test reached for the network: {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def kernels_run_on():
    """Where kernels of a GPU run here: there (the test is then marked gpu), or on the CPU in Triton's interpreter."""
    return pytest.importorskip("interpreted", reason="needs the extra gpu").DEVICE


@pytest.fixture
def data():
    """A file of the real data sets, or a skip that says what is missing."""

    def find(name: str) -> Path:
        path = DATA / name
        if not path.exists():
            pytest.skip(f"needs {name} below SEQKIT_DATA or ../shared/data")
        return path

    return find
