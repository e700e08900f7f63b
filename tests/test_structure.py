"""The shape of the source, held by reading it: levels, libraries in their places, sizes, nothing forbidden."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = sorted((ROOT / "seqkit").rglob("*.py"))
LEVELS = {
    "core": 0, "text": 1, "train": 1, "evaluate": 1, "report": 1, "kernels": 1, "nn": 2, "embeddings": 2, "models": 3,
    "debias": 3, "cli": 4, "explore": 4,
}  # fmt: skip
PLACES = {  # library: path patterns below seqkit/ that may import it
    "numba": ("kernels/*/cpu.py",), "llvmlite": ("kernels/*/cpu.py", "embeddings/doctor.py"), "triton": ("kernels/*/gpu.py",),
    "torch": ("core/device.py", "train/gradient.py", "train/distributed.py", "train/tensorboard.py", "kernels/*/*.py", "kernels/*/*/*.py", "nn/*.py", "nn/*/*.py", "models/*"),
    "nltk": ("text/*", "text/tokenizers/*"), "tokenizers": ("text/*", "text/tokenizers/*"), "pooch": ("text/*",),
    "sklearn": ("evaluate/*", "embeddings/*", "embeddings/projections/*", "debias/*", "debias/*/*", "models/*"), "matplotlib": ("report/*",), "jinja2": ("report/*",),
    "typer": ("cli/*",), "rich": ("cli/*",), "distributed": ("embeddings/counting_dask.py",), "tensorboard": ("train/tensorboard.py",),
    "sacrebleu": ("evaluate/metrics/*",), "optuna": ("train/trials.py",), "sqlalchemy": ("train/trials.py",), "filelock": ("train/trials.py",),
}  # fmt: skip
FORBIDDEN_CALLS = {
    "eval", "exec", "pickle.load", "pickle.loads", "joblib.load", "torch.load", "yaml.load", "os.system", "__import__",
}  # fmt: skip


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def level_faults(path, tree):
    folder = path.parts[0] if len(path.parts) > 1 else None
    for name in imports(tree):
        parts = name.split(".")
        if parts[0] != "seqkit" or len(parts) < 2 or parts[1] not in LEVELS or folder is None:
            continue
        if parts[1] != folder and LEVELS[parts[1]] >= LEVELS[folder]:
            yield f"{path} (level {LEVELS[folder]}) imports {name} (level {LEVELS[parts[1]]})"


def place_faults(path, tree):
    for name in imports(tree):
        top = name.split(".")[0]
        if top in PLACES and not any(path.match(pattern) for pattern in PLACES[top]):
            yield f"{path} imports {top}, which belongs in {', '.join(PLACES[top])}"


def forbidden_faults(path, tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
            if name in FORBIDDEN_CALLS or (name.endswith((".extractall", ".extract")) and "tar" in name):
                yield f"{path}:{node.lineno} calls {name}"
            if keywords.get("allow_pickle") == "True" or keywords.get("shell") == "True":
                yield f"{path}:{node.lineno} {name} with {keywords}"
            if name == "print" and path.parts[0] != "cli":
                yield f"{path}:{node.lineno} prints"
    yield from (
        f"{path} imports {name}" for name in imports(tree) if name.split(".")[0] in ("pickle", "dill", "shelve", "marshal")
    )


def size_faults(path, tree, lines):
    if lines > 300:
        yield f"{path}: {lines} lines, at most 300"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            limit = 120 if path.parts[0] == "kernels" else 60
            if length > limit:
                yield f"{path}:{node.lineno} {node.name}: {length} lines, at most {limit}"
            compiled = path.name in ("cpu.py", "gpu.py") or (path.parts[0] == "kernels" and path.name == "reference.py")
            if len(node.args.args) > 8 and not node.name.startswith("_") and not compiled and path.parts[0] != "cli":
                yield f"{path}:{node.lineno} {node.name}: {len(node.args.args)} positional arguments"


def docstring_faults(path, tree):
    if not ast.get_docstring(tree) and path.name != "_":
        yield f"{path}: no docstring"
    nodes = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    nodes += [
        m
        for n in nodes
        if isinstance(n, ast.ClassDef) and not n.name.startswith("_")
        for m in n.body
        if isinstance(m, ast.FunctionDef)
    ]
    for node in nodes:
        if not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"{path}:{node.lineno} {node.name}: no docstring"


def faults(path, source):
    tree = ast.parse(source)
    return [
        *level_faults(path, tree), *place_faults(path, tree), *forbidden_faults(path, tree),
        *size_faults(path, tree, source.count("\n")), *docstring_faults(path, tree),
    ]  # fmt: skip


@pytest.mark.parametrize("file", SOURCE, ids=lambda file: str(file.relative_to(ROOT)))
def test_source_file_keeps_levels_places_sizes_and_docstrings(file):
    assert faults(file.relative_to(ROOT / "seqkit"), file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source", "fault"),
    [
        ("text/x.py", '"""d"""\nfrom seqkit.kernels.top_k import cpu', "level 1"),
        ("core/x.py", '"""d"""\nfrom seqkit import text\nimport seqkit.text.vocab', "level 0"),
        ("embeddings/x.py", '"""d"""\nimport numba', "belongs in kernels"),
        ("train/x.py", '"""d"""\ndef f():\n    """d"""\n    import torch', "belongs in"),
        ("core/x.py", '"""d"""\nimport pickle', "imports pickle"),
        ("core/x.py", '"""d"""\neval("1")', "calls eval"),
        ("text/x.py", '"""d"""\ntar.extractall()', "calls tar.extractall"),
        ("text/x.py", '"""d"""\nnp.load(p, allow_pickle=True)', "allow_pickle"),
        ("core/x.py", '"""d"""\nprint(1)', "prints"),
        ("core/x.py", '"""d"""\n' + "x = 1\n" * 300, "at most 300"),
        ("core/x.py", '"""d"""\ndef f():\n    """d"""\n' + "    x = 1\n" * 61, "at most 60"),
        ("core/x.py", "x = 1", "no docstring"),
        ("core/x.py", '"""d"""\ndef f():\n    pass', "f: no docstring"),
    ],
)
def test_each_check_catches_a_bad_file(path, source, fault):
    assert any(fault in found for found in faults(Path(path), source))


def test_importing_seqkit_loads_no_heavy_library():
    heavy = ["torch", "numba", "nltk", "tokenizers", "sklearn", "scipy", "pyarrow", "typer", "rich", "pooch", "numpy"]
    code = f"import sys, seqkit; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_no_name_is_registered_twice_and_every_member_has_one_public_name():
    from seqkit.core.family import Family

    for package in (
        "text.tokenizers",
        "train.searches",
        "embeddings.objectives",
        "embeddings.formats",
        "evaluate.metrics",
        "debias.measures",
        "debias.methods",
    ):
        family = Family(f"seqkit.{package}", "member")
        names = family.names()
        assert names
        assert len({family.load(name) for name in names}) == len(names)


def test_shape_checks_are_on_and_catch_a_wrong_shape():
    import numpy as np
    import shapes

    from seqkit.embeddings.neighbours import nearest_rows

    with pytest.raises(shapes.ShapeMismatchError, match="axis D of shape"):
        nearest_rows(np.zeros((2, 3), np.float32), np.zeros((4, 5), np.float32), np.zeros(4, np.float32), 1)


def test_nothing_in_the_repository_points_at_a_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".txt", ".yml") and path.is_file() and not name.startswith("corpora/planted"):
            assert "/work/" + "main" not in path.read_text(encoding="utf-8"), name
