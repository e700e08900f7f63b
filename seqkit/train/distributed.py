"""Several processes that train one model, each on its rows of every batch: `torchrun --nproc-per-node 2 …`.

    with distributed.world() as world:
        learner = GradientLearner(module, options, world=world)
        fit(learner, batches, ...)   # batches yield world.part(rows) of each batch, None where that is empty

One all-reduce a step carries gradients, loss, count and the wishes to stop or save, so that all processes do
the same at the same step. Not handled: a folder for checkpoints that not every process sees, models larger
than one device, processes that fail or join on the way (torchrun then ends all; resume).
"""

import contextlib
import os
from collections.abc import Iterable, Iterator

import torch
import torch.distributed as dist

# Its functions take the group of the moment as a default. Imported later (torch.optim does), it would keep
# the group's
# threads alive past destroy_process_group, and now and then one of them aborts the process as it exits.
import torch.distributed.nn
from safetensors.numpy import load as unpack
from safetensors.numpy import save as pack
from torch import Tensor

from seqkit.core.device import device as find_device
from seqkit.core.errors import BackendError
from seqkit.core.score import Loss
from seqkit.core.types import Arrays
from seqkit.train.world import World

_SCALES = 4096.0 ** torch.arange(-4, 7, dtype=torch.float64)
_DIGITS = len(_SCALES)


@contextlib.contextmanager
def world(device: str = "auto") -> Iterator[World]:
    """Join the processes that torchrun started (RANK, WORLD_SIZE, ... in the environment), or be alone.

    device: auto, cpu (gloo) or cuda (NCCL, one device a process); `world.device` is the one to put the module
    on.
    Raises:  BackendError if a variable is missing or the others do not join.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield World(find_device(device))
        return
    place = find_device(device)
    if place.type == "cuda":
        place = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(place)
    try:
        if place.type == "cuda":
            dist.init_process_group("nccl", device_id=place)
        else:
            dist.init_process_group("gloo")
    except (ValueError, RuntimeError) as error:
        raise BackendError(
            f"distributed: the processes could not connect ({error}). Start them with torchrun."
        ) from error
    try:
        yield Processes(place)
    finally:
        dist.destroy_process_group()


class Processes(World):
    """The world of several processes, each with one device."""

    tail = 2 * _DIGITS + 2  # loss, count, wishes

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._granted = (False, False)

    def granted(self) -> tuple[bool, bool]:
        """(stop, save) if any process wished so at the last settled step."""
        return self._granted

    def reduce(self, sums: Tensor, total: Tensor | float, count: int, *, settle: bool = True) -> Loss:
        """Add `sums` up over all processes, in place; its last `tail` numbers are for loss, count and wishes.

        Loss and count are sums in float64 whatever the dtype of `sums`, and the same in every process and
        order.
        """
        wishes = self.wishes() if settle else (False, False)
        tail = sums[-self.tail :]
        tail[:_DIGITS] = _digits(torch.as_tensor(total, dtype=torch.float64, device=sums.device))
        tail[_DIGITS:-2] = _digits(torch.tensor(count, dtype=torch.float64, device=sums.device))
        tail[-2:] = torch.tensor(wishes, dtype=sums.dtype, device=sums.device)
        dist.all_reduce(sums)
        found = tail.double().cpu()
        self._granted = bool(found[-2] > 0), bool(found[-1] > 0)
        return Loss((found[:_DIGITS] * _SCALES).sum().item(), int((found[_DIGITS:-2] * _SCALES).sum().item()))

    def add(self, loss: Loss) -> Loss:
        """The sum of the losses of all processes."""
        sums = torch.tensor([loss.total, loss.count], dtype=torch.float64, device=self.device)
        dist.all_reduce(sums)
        return Loss(sums[0].item(), int(sums[1].item()))

    def same(self, value: float) -> float:
        """Process 0's value."""
        tensor = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.broadcast(tensor, 0)
        return tensor.item()

    def share(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite the tensors of all processes with those of process 0."""
        for tensor in tensors:
            whole = tensor.detach().contiguous()
            dist.broadcast(whole, 0)
            tensor.detach().copy_(whole)

    def gather(self, arrays: Arrays) -> list[Arrays]:
        """The arrays of every process, in rank order; names and shapes may differ."""
        packed = torch.frombuffer(bytearray(pack(arrays)), dtype=torch.uint8).to(self.device)
        sizes = [torch.zeros(1, dtype=torch.int64, device=self.device) for _ in range(self.size)]
        dist.all_gather(sizes, torch.tensor([len(packed)], device=self.device))
        longest = max(int(size) for size in sizes)
        padded = torch.zeros(longest, dtype=torch.uint8, device=self.device)
        padded[: len(packed)] = packed
        found = [torch.empty_like(padded) for _ in range(self.size)]
        dist.all_gather(found, padded)
        return [
            unpack(part[: int(size)].cpu().numpy().tobytes()) for part, size in zip(found, sizes, strict=True)
        ]

    def wait(self) -> None:
        """Return when every process has called this."""
        self.add(Loss(0.0, 0))


def _digits(value: Tensor) -> Tensor:
    """A float64 as signed digits of 4096^-4 to 4096^6: sums of 4,096 of them are exact even in float32."""
    quotients = torch.trunc(value / _SCALES.to(value.device))
    return quotients - 4096 * torch.trunc(quotients / 4096)  # nan and inf come out as nan
