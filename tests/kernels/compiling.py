"""Compile the kernels of a GPU for an H100 on a machine that has none, as they are launched, and print what each needs.

    python tests/kernels/compiling.py [operation ...]      without TRITON_INTERPRET

A launch is replaced by a compilation, so what is compiled has the types, constants and warps of the real launches; what
they would have computed is not computed.
"""

import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.runtime.jit import JITFunction

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))
DUMP = next(Path(triton.__file__).parent.rglob("cuobjdump"))
TYPES = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16", torch.float64: "fp64"}
TYPES |= {
    torch.bool: "i1",
    torch.uint8: "u8",
    torch.int8: "i8",
    torch.int32: "i32",
    torch.int64: "i64",
    torch.uint64: "u64",
}
FOUND: list[dict] = []
SEEN: set = set()


def kind(value):
    """Triton's type of an argument at run time."""
    if isinstance(value, torch.Tensor):
        return "*" + TYPES[value.dtype]
    if isinstance(value, bool):
        return "i1"
    if isinstance(value, float):
        return "fp32"
    return "i32" if abs(value) < 2**31 else "i64"


def compile_launch(kernel, *args, grid, warmup=False, **named):
    """What stands in for JITFunction.run."""
    options = {name: named.pop(name) for name in ("num_warps", "num_stages", "maxnreg") if name in named}
    given = inspect.signature(kernel.fn).bind(*args, **named)
    given.apply_defaults()
    constant = {p.name for p in kernel.params if p.is_constexpr}
    values = given.arguments
    signature = {
        name: "constexpr" if name in constant or v is None else kind(v) for name, v in values.items()
    }
    constants = {name: values[name] for name, told in signature.items() if told == "constexpr"}
    even = [
        told.startswith("*") or (told in ("i32", "i64") and values[n] % 16 == 0)
        for n, told in signature.items()
    ]
    attributes = {(i,): [["tt.divisibility", 16]] for i, there in enumerate(even) if there}
    key = (kernel.fn.__name__, str(signature), str(constants), str(attributes), str(options))
    if key in SEEN:
        return
    SEEN.add(key)
    source = ASTSource(kernel, signature, constexprs=constants, attrs=attributes)
    made = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=options)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernel").write_bytes(made.asm["cubin"])
        words = [DUMP, "--dump-resource-usage", Path(folder) / "kernel"]
        used = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    use = {name.lower(): int(count) for name, count in re.findall(r"(REG|STACK|LOCAL):(\d+)", used)}
    ptx, types = made.asm["ptx"], set(signature.values())
    FOUND.append(
        {
            "kernel": kernel.fn.__name__,
            "file": kernel.fn.__code__.co_filename,
            "constants": {name: value for name, value in constants.items() if value is not None},
            **options,
            **use,
            "shared": made.metadata.shared,
            "wide loads": len(re.findall(r"ld\.global[a-z.]*\.v4", ptx)),
            "wide atomics": len(re.findall(r"(?:red|atom)\.[a-z.]*v4", ptx)),
            "products": len(re.findall(r"mma", ptx)),
            "float32": not types & {"*bf16", "*fp16"},
        }
    )


def main(names):
    """Run `launch` of each operation, or of those named."""
    JITFunction.run = compile_launch
    for name in names or sorted(found.name for found in pkgutil.iter_modules([str(HERE / "launches")])):
        importlib.import_module(f"tests.kernels.launches.{name}").launch()
    for each in FOUND:
        print(json.dumps(each))


if __name__ == "__main__":
    main(sys.argv[1:])
