"""Tensors to the arrays of a checkpoint and back, with errors that name the array that does not fit."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqkit.core.errors import ModelFileError, ShapeError
from seqkit.core.types import Array, Arrays

_CARRY = re.compile(r"carry\.(\d{1,9})(:bfloat16|:float16)?")
_WIDER = {
    torch.bfloat16: torch.float32,
    torch.float16: torch.float32,
    torch.int16: torch.int32,
    torch.int8: torch.int32,
}


def to_array(tensor: Tensor) -> Array:
    """The tensor's numbers in a dtype that files take; 16-bit floats fit in float32 without loss."""
    return tensor.detach().to(_WIDER.get(tensor.dtype, tensor.dtype)).cpu().numpy()


def need(arrays: Arrays, name: str) -> Array:
    """The array of this name.

    Raises:  ModelFileError if there is none.
    """
    if name not in arrays:
        raise ModelFileError(
            f"gradient.restore: no array {name!r} among {len(arrays)}. The file is not of this model."
        )
    return arrays[name]


def need_numbers(arrays: Arrays, name: str, dtype: str, count: int) -> list[Any]:
    """The `count` numbers of an array, none below 0.  Raises:  ModelFileError for others."""
    array = need(arrays, name)
    if array.dtype.name != dtype or array.shape != (count,) or (array < 0).any():
        raise ModelFileError(
            f"gradient.restore: {name} has shape {array.shape} of {array.dtype}, expected {count} of "
            f"{dtype}, none below 0. Train again without resuming."
        )
    return list(array.tolist())


def to_tensor(arrays: Arrays, name: str, like: Tensor) -> Tensor:
    """The array of this name as a tensor.

    Raises:  ModelFileError if there is none, or of another shape than `like`.
    """
    array = need(arrays, name)
    dtype = str(_WIDER.get(like.dtype, like.dtype)).removeprefix("torch.")
    if array.shape != tuple(like.shape) or array.dtype.name != dtype:
        raise ModelFileError(
            f"gradient.restore: {name} has shape {array.shape}, expected {tuple(like.shape)}, and "
            f"{array.dtype} for {dtype}. The file is not of this model."
        )
    return torch.from_numpy(np.array(array))  # a copy: the file's arrays are read-only


def carry_name(number: int, tensor: Tensor) -> str:
    """carry.NUMBER, with the dtype behind a colon where the array has a wider one."""
    short = tensor.dtype in (torch.bfloat16, torch.float16)
    return f"carry.{number}:{str(tensor.dtype).removeprefix('torch.')}" if short else f"carry.{number}"


def carry_number(name: str) -> int:
    """NUMBER of a name that carry_name gave.  Raises:  ModelFileError for another name."""
    if not (found := _CARRY.fullmatch(name)):
        raise ModelFileError(f"gradient.restore: got an array {name!r}, expected carry.NUMBER.")
    return int(found[1])


def to_carry(name: str, array: Array, device: torch.device) -> Tensor:
    """The tensor of an array that carry_name named."""
    if array.dtype.kind != "f":
        raise ModelFileError(f"gradient.restore: {name} is of {array.dtype}, expected floats.")
    tensor, dtype = torch.from_numpy(array.copy()), name.partition(":")[2]
    return tensor.to(device, getattr(torch, dtype) if dtype else tensor.dtype)


@contextlib.contextmanager
def of_file(restored: bool) -> Iterator[None]:
    """Within the block a state that does not fit is the file's fault, if it was `restored` from one."""
    try:
        yield
    except ShapeError as error:
        if not restored:
            raise
        raise ModelFileError(f"gradient.restore: {error} Train again without resuming.") from error


def copy(sources: Any, targets: Any) -> None:  # Any: iterables of as many tensors
    """Copy each source into its target, without gradients."""
    with torch.no_grad():
        for source, target in zip(sources, targets, strict=True):
            target.copy_(source)
