"""What a process imports before it forks commands: all that they need, so that none imports it again."""

import gc
import importlib
import pkgutil

import nltk  # noqa: F401
import safetensors.numpy  # noqa: F401
import torch._dynamo  # noqa: F401  # by the first step of an optimizer
import typer._adapters  # noqa: F401  # by the first command
from numba.core.registry import cpu_target

import seqkit

for module in pkgutil.walk_packages(seqkit.__path__, "seqkit."):
    if not module.name.endswith((".gpu", "encoder")):  # these need extras
        importlib.import_module(module.name)
cpu_target.target_context.refresh()  # as numba does before the first kernel that it loads
gc.freeze()
