"""A GPU's shadow: torch code runs on the CPU as if on a GPU, and tells what would break or wait there.

    with ShadowCuda() as shadow:      # torch.device("cuda") works; every tensor remembers where it would be
        LanguageModel(device="cuda").fit(corpus)
    shadow.errors, shadow.waits       # what a GPU would refuse; where the host would wait for it, how often

Tensors lie on the CPU with their real numbers, so control flow that depends on data runs as it is; a tag of
each storage says where it would be. The function mode sees Python's calls (.to, .cpu, .numpy, .item,
factories, .device), the dispatch mode every aten operation, those of backward too.

Not simulated: CUDA's kernels, memory, streams and numerics, autocast's lists, of cuDNN only what it refuses.
"""

import contextlib
import traceback
import warnings
from collections import Counter
from pathlib import Path

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_leaves

from seqkit.core import device as device_names
from seqkit.embeddings.training import place
from seqkit.kernels.primitives.recording import gpu as recording

try:
    import interpreted  # noqa: F401
    from triton.runtime.interpreter import InterpretedFunction

    _TRITON = True
except ImportError:
    _TRITON = False

SOURCE = Path(__file__).parents[2] / "seqkit"
TAKES_BOTH = {"aten.copy_.default", "aten._to_copy.default", "aten._pack_padded_sequence.default"}
INDEXES = {"aten.index.Tensor", "aten.index_put_.default", "aten.index_put.default"} | {
    "aten._index_put_impl_.default"
}
WAITS = {
    f"aten.{name}.default" for name in ("nonzero", "masked_select", "_unique2", "equal", "is_nonzero")
} | {
    "aten.bincount.default",
    "aten.repeat_interleave.Tensor",
}
READS = {getattr(Tensor, f"__{name}__") for name in ("bool", "int", "float", "index", "contains")} | {
    Tensor.item,
    Tensor.tolist,
}
TORCH_CELLS = ("lstm", "gru", "rnn_tanh", "rnn_relu")
_Generator = torch.Generator


def tensors_of(values):
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]


def storage(tensor):
    return tensor.untyped_storage()._cdata


class FakeGenerator(_Generator):
    """Draws on the CPU, and knows where it would draw."""

    def __new__(cls, device="cpu"):
        made = super().__new__(cls)
        made.where = torch.device(device).type
        return made

    def __init__(self, device="cpu"):
        pass


class ShadowCuda(contextlib.ExitStack):
    """errors, waits: counts by "file:line  what"; launches: kernels started; uploads: copies to the GPU."""

    def __init__(self):
        super().__init__()
        self.errors, self.waits, self.launches, self.uploads = Counter(), Counter(), 0, 0
        self.places, self.making = {}, None  # of storages; of what a factory makes now

    def place(self, tensor):
        return self.places.get(storage(tensor), ("cpu",))[0]

    def put(self, tensor, place):
        self.places[storage(tensor)] = place, tensor.untyped_storage()  # kept, so that its address is its own

    def error(self, what):
        self.errors[f"{_site()}  {what}"] += 1

    def wait(self, what):
        self.waits[f"{_site()}  {what}"] += 1

    def clear(self):
        """Forget what was counted."""
        self.errors.clear(), self.waits.clear()
        self.launches = self.uploads = 0

    @contextlib.contextmanager
    def makes(self, place):
        self.making, before = place, self.making
        try:
            yield
        finally:
            self.making = before

    def moved(self, tensor, place):
        with self.makes(place):
            made = (
                tensor.clone()
                if tensor.requires_grad and torch.is_grad_enabled()
                else tensor.detach().clone()
            )
        self.put(made, place)
        return made

    def patch(self, owner, name, value):
        self.callback(setattr, owner, name, getattr(owner, name))
        setattr(owner, name, value)

    def __enter__(self):
        super().__enter__()
        autocast, from_numpy = torch.autocast, torch.from_numpy

        def cpu(name):
            return "cpu" if name == "cuda" else name

        def tagged(array):
            made = from_numpy(array)
            self.put(made, "cpu")
            return made

        self.patch(torch, "Generator", FakeGenerator)
        self.patch(torch.cuda, "is_available", lambda: True)
        self.patch(torch.cuda, "device_count", lambda: 1)
        self.patch(torch.cuda, "set_device", lambda device: None)
        for module in (device_names, place):
            self.patch(module, "triton_starts", lambda: True)
        self.patch(torch.cuda, "get_device_name", lambda device=None: "a shadow")
        self.patch(torch.cuda, "mem_get_info", lambda device=None: (64 << 30, 64 << 30))
        self.patch(torch, "autocast", lambda device, *a, **k: autocast(cpu(device), *a, **k))
        enabled, dtype = torch.is_autocast_enabled, torch.get_autocast_dtype
        self.patch(torch, "is_autocast_enabled", lambda *a: enabled(*map(cpu, a)))
        self.patch(torch, "get_autocast_dtype", lambda device: dtype(cpu(device)))
        self.patch(torch, "from_numpy", tagged)
        group = torch.optim.Optimizer._group_tensors_by_device_and_dtype

        def grouped(lists, with_indices=False):  # C++ groups by where they really are
            return {
                (torch.device("cuda", 0) if self.place(found[0][0][0]) == "cuda" else device, dtype): found
                for (device, dtype), found in group(lists, with_indices).items()
            }

        self.patch(torch.optim.Optimizer, "_group_tensors_by_device_and_dtype", staticmethod(grouped))
        if _TRITON:
            run = InterpretedFunction.run
            self.patch(InterpretedFunction, "run", lambda *a, **k: self._launch(run, *a, **k))
        self.patch(recording, "record", self._record)
        self.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        self.enter_context(_Dispatch(self))
        self.enter_context(_Functions(self))
        return self

    def _record(self, work, device):
        """A CUDA graph: all kernels are started at once, and nothing may wait or be brought meanwhile."""

        def start():
            launches, waits, uploads = self.launches, self.waits.total(), self.uploads
            work()
            self.launches = launches + 1
            if (self.waits.total(), self.uploads) != (waits, uploads):
                self.error("recorded work waits for the GPU, or brings something there")

        return start

    def _launch(self, run, kernel, *args, **kwargs):
        """A kernel of our own, in Triton's interpreter."""
        self.launches += 1
        for tensor in tensors_of((args, kwargs)):
            if self.place(tensor) == "cpu":
                self.error(f"{kernel.fn.__name__}: a CPU tensor")
        with _disable_current_modes(), torch._C.DisableTorchFunction():
            return run(kernel, *args, **kwargs)


class _Dispatch(TorchDispatchMode):
    """Every aten operation: whether its tensors are together, whether it waits, where its result is."""

    def __init__(self, shadow):
        super().__init__()
        self.s = shadow

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        s, name, given = self.s, str(function), tensors_of((args, kwargs))
        found = {s.place(t) for t in given if t.dim() or s.place(t) == "cuda"} - {"any"}
        if name in INDEXES:
            self._index(name, args, found)
        elif len(found) > 1 and name not in TAKES_BOTH:
            s.error(f"{name}: tensors on cuda and cpu")
        if name == "aten._pack_padded_sequence.default" and s.place(args[1]) == "cuda":
            s.error("pack_padded_sequence: lengths on cuda")
        if name in WAITS and "cuda" in found:
            s.wait(name)
        out = function(*args, **(kwargs or {}))
        scalars = any(not t.dim() and s.place(t) == "cpu" for t in given)
        usual = "cuda" if "cuda" in found else "cpu" if "cpu" in found or scalars else "any"
        mine = {storage(t) for t in given}
        new = [t for t in tensors_of(out) if storage(t) not in mine]
        if "cuda" in found and (new or function._schema.is_mutable):  # a view starts no kernel
            s.launches += 1
        for tensor in new:
            s.put(tensor, s.making or usual)  # any: made within C++ or torch.nn
        if name == "aten._pack_padded_sequence.default":
            s.put(out[1], "cpu")
        return out

    def _index(self, name, args, found):
        s, (whole, indices, *rest) = self.s, args
        at = [i for i in indices if i is not None]
        if "put" in name and s.place(whole) == "cuda" and rest[0].dim() and s.place(rest[0]) == "cpu":
            s.error(f"{name}: values on the CPU")
        if s.place(whole) == "cpu" and any(s.place(i) == "cuda" for i in at):
            s.error(f"{name}: cuda indices of a CPU tensor")
        if "cuda" in found and any(i.dtype == torch.bool for i in at):
            s.wait(f"{name} (mask)")


class _Functions(TorchFunctionMode):
    """Python's calls: what moves a tensor, reads it, or makes one."""

    def __init__(self, shadow):
        super().__init__()
        self.s = shadow

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        s, name = self.s, getattr(function, "__name__", str(function))
        first = args[0] if args and isinstance(args[0], Tensor) else None
        on_gpu = first is not None and s.place(first) == "cuda"
        if on_gpu and name == "__get__" and function.__self__ is Tensor.device:
            return torch.device("cuda", 0)
        if name == "__get__" and function.__self__ is Tensor.is_cuda:
            return on_gpu
        if on_gpu and function in (Tensor.numpy, Tensor.__array__):
            s.error("numpy() of a cuda tensor")
        if on_gpu and function in READS:
            s.wait(name)
        if on_gpu and name in TORCH_CELLS:
            self._cudnn(args)
        if function is Tensor.cpu:
            if on_gpu:
                s.wait("cpu()")
            return s.moved(first, "cpu") if on_gpu else first
        if function is Tensor.pin_memory:
            return first
        if function is Tensor.cuda:
            return s.moved(first, "cuda")
        if function is Tensor.to:
            return self._to(first, args[1:], kwargs)
        if kwargs.get("device") is not None:
            return self._make(function, args, kwargs)
        drawn_at = getattr(kwargs.get("generator"), "where", None)
        if drawn_at and {s.place(t) for t in tensors_of(args)} - {drawn_at, "any"}:
            s.error(f"{name}: generator on {drawn_at}")
        if not tensors_of((args, kwargs)):  # a factory without a device
            with s.makes("cpu"):
                return function(*args, **kwargs)
        return function(*args, **kwargs)

    def _cudnn(self, args):
        """What cuDNN refuses and a CPU takes."""
        packed = isinstance(args[1], Tensor) and args[1].dtype == torch.int64 and args[1].dim() == 1
        for state in tensors_of(args[2] if packed else args[1]):
            if not state.is_contiguous():
                self.s.error("rnn: hx is not contiguous")
            if state.dtype != args[0].dtype:
                self.s.error("rnn: hx has another dtype than the input")
        if packed and self.s.place(args[1]) == "cuda":
            self.s.error("rnn: batch_sizes on cuda")

    def _to(self, tensor, given, kwargs):
        s, before = self.s, self.s.place(tensor)
        device, dtype = kwargs.pop("device", None), kwargs.pop("dtype", None)
        for one in given:
            if isinstance(one, torch.device | str):
                device = one
            elif isinstance(one, torch.dtype):
                dtype = one
            elif isinstance(one, Tensor):
                device, dtype = s.place(one), one.dtype
        where = before if device is None else torch.device(device).type
        if where == before:
            return Tensor.to(tensor, dtype or tensor.dtype, copy=kwargs.get("copy", False))
        if before == "cuda":
            s.wait("to(cpu)")
        else:
            s.uploads += 1
        made = s.moved(tensor, where)
        return made if dtype in (None, made.dtype) else made.to(dtype)

    def _make(self, function, args, kwargs):
        s, where = self.s, torch.device(kwargs["device"]).type
        if where == "meta":
            return function(*args, **kwargs)
        if getattr(kwargs.get("generator"), "where", where) != where:
            s.error("generator on another device")
        if function is torch.as_tensor and isinstance(args[0], Tensor) and s.place(args[0]) == where:
            return function(*args, **kwargs | {"device": "cpu"})
        s.uploads += where == "cuda" and function in (torch.tensor, torch.as_tensor)
        with s.makes(where):
            made = function(*args, **kwargs | {"device": "cpu"})
        for tensor in tensors_of(made):
            s.put(tensor, where)
        return made


def _site():
    """Where in seqkit this is."""
    for frame in reversed(traceback.extract_stack()):
        path = Path(frame.filename)
        if path.is_relative_to(SOURCE):
            return f"{path.relative_to(SOURCE)}:{frame.lineno}"
    return "?"
