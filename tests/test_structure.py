"""The shape of the source, held by reading it: levels, libraries in their places, sizes, nothing forbidden."""

import ast
import functools
import re
import subprocess
import sys
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = sorted((ROOT / "seqkit").rglob("*.py"))
LEVELS = {
    0: ("core",),
    1: ("text", "train", "evaluate", "report", "kernels"),
    2: ("nn", "embeddings", "tuning", "diagnosis"),
    3: ("models", "debias"),
    4: ("cli", "explore"),
}
LEVEL = {folder: level for level, folders in LEVELS.items() for folder in folders}
PLACES = {  # library: patterns below seqkit/ that may import it; a star spans folders
    "numba": ("kernels/*/cpu.py",),
    "llvmlite": ("kernels/*/cpu.py", "cli/commands/doctor.py"),
    "triton": ("kernels/*/gpu.py",),
    "torch": (
        "core/device.py",
        "train/gradient/*",
        "train/distributed.py",
        "train/tensorboard.py",
        "kernels/*",
        "nn/*",
        "models/*",
    ),
    "nltk": ("text/*",),
    "tokenizers": ("text/*",),
    "pooch": ("text/*",),
    "sklearn": ("evaluate/*", "embeddings/*", "diagnosis/*", "debias/*", "models/*"),
    "matplotlib": ("report/*",),
    "jinja2": ("report/*",),
    "typer": ("cli/*",),
    "rich": ("cli/*",),
    "distributed": ("embeddings/cooccurrence/dask_workers.py",),
    "tensorboard": ("train/tensorboard.py",),
    "sacrebleu": ("evaluate/metrics/*",),
    "optuna": ("tuning/store.py",),
    "sqlalchemy": ("tuning/store.py",),
    "filelock": ("core/files/places.py", "tuning/store.py"),
}
TASKS = ("language_model", "classifier", "tagger", "translator", "generator", "window")
READERS = {
    ("classifier", "language_model"),
    ("tagger", "language_model"),
}  # (who, of whom): states of a model as features
MOST_COLUMNS = 110  # of a line, in templates too
MOST_FILES = 12  # directly in a folder that is no family
MOST_PARAMETERS = 12  # of a function
MOST_LONG = 25  # functions over LONG lines
LONG = 30
FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "pickle.load",
    "pickle.loads",
    "joblib.load",
    "torch.load",
    "yaml.load",
    "os.system",
    "__import__",
}

parse = functools.cache(ast.parse)


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
        if parts[0] != "seqkit" or len(parts) < 2 or parts[1] not in LEVEL or folder is None:
            continue
        if parts[1] != folder and LEVEL[parts[1]] >= LEVEL[folder]:
            yield f"{path} (level {LEVEL[folder]}) imports {name} (level {LEVEL[parts[1]]})"


def task_faults(path, tree):
    task = path.parts[1] if len(path.parts) > 2 else None
    for name in imports(tree) if path.parts[0] == "models" else ():
        own, folder, other, *_ = [*name.split("."), "", "", ""]
        seen = own != "seqkit" or folder != "models" or other not in TASKS or other == task
        if not seen and (task, other) not in READERS:
            yield f"{path} imports {name}: {task or 'what tasks share'} does not see {other}"


def place_faults(path, tree):
    for name in imports(tree):
        top = name.split(".")[0]
        if top in PLACES and not any(fnmatch(path.as_posix(), pattern) for pattern in PLACES[top]):
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
        f"{path} imports {name}"
        for name in imports(tree)
        if name.split(".")[0] in ("pickle", "dill", "shelve", "marshal")
    )


def functions(tree):
    """Each function with the lines of its body, the docstring left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield node, body[-1].end_lineno - body[0].lineno + 1 if body else 0


def parameters(node):
    return len([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs])


def is_triton(node):
    """A kernel of a GPU takes every pointer, number and constant by itself: Triton has no structs."""
    return any(ast.unparse(each).startswith("triton.jit") for each in node.decorator_list)


def size_faults(path, tree, lines):
    if lines > 300:
        yield f"{path}: {lines} lines, at most 300"
    for node, length in functions(tree):
        limit = 120 if path.parts[0] == "kernels" else 60
        if length > limit:
            yield f"{path}:{node.lineno} {node.name}: {length} lines, at most {limit}"
        if (count := parameters(node)) > MOST_PARAMETERS and not is_triton(node):
            yield f"{path}:{node.lineno} {node.name}: {count} parameters, at most {MOST_PARAMETERS}"
        private = node.name.startswith("_") or path.parts[0] == "kernels"
        command = path.parts[:2] == ("cli", "commands") and node in tree.body
        most = 4 if command else 8  # of a command: what is typed without a flag
        if (count := len(node.args.args)) > most and not private:
            yield f"{path}:{node.lineno} {node.name}: {count} positional arguments, at most {most}"


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
    tree = parse(source)
    return [
        *level_faults(path, tree),
        *task_faults(path, tree),
        *place_faults(path, tree),
        *forbidden_faults(path, tree),
        *size_faults(path, tree, source.count("\n")),
        *docstring_faults(path, tree),
    ]


@pytest.mark.parametrize("file", SOURCE, ids=lambda file: str(file.relative_to(ROOT)))
def test_source_file_keeps_levels_places_sizes_and_docstrings(file):
    assert faults(file.relative_to(ROOT / "seqkit"), file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source", "fault"),
    [
        ("text/x.py", '"""d"""\nfrom seqkit.kernels.top_k import cpu', "level 1"),
        ("core/x.py", '"""d"""\nfrom seqkit import text\nimport seqkit.text.vocab', "level 0"),
        ("embeddings/x.py", '"""d"""\nimport numba', "belongs in kernels"),
        (
            "models/tagger/x.py",
            '"""d"""\nfrom seqkit.models.translator import model',
            "tagger does not see translator",
        ),
        (
            "models/x.py",
            '"""d"""\ndef f():\n    """d"""\n    from seqkit.models.tagger.model import Tagger',
            "share does not see",
        ),
        ("train/x.py", '"""d"""\ndef f():\n    """d"""\n    import torch', "belongs in"),
        ("core/x.py", '"""d"""\nimport pickle', "imports pickle"),
        ("core/x.py", '"""d"""\neval("1")', "calls eval"),
        ("text/x.py", '"""d"""\ntar.extractall()', "calls tar.extractall"),
        ("text/x.py", '"""d"""\nnp.load(p, allow_pickle=True)', "allow_pickle"),
        ("core/x.py", '"""d"""\nprint(1)', "prints"),
        ("core/x.py", '"""d"""\n' + "x = 1\n" * 300, "at most 300"),
        ("core/x.py", '"""d"""\ndef f():\n    """d"""\n' + "    x = 1\n" * 61, "at most 60"),
        ("core/x.py", '"""d"""\ndef _f(a, b, c, d, e, f, g, *, h, i, j, k, l, m): ...', "13 parameters"),
        ("core/x.py", '"""d"""\ndef f(a, b, c, d, e, f, g, h, i): ...', "9 positional"),
        ("cli/commands/x.py", '"""d"""\ndef f(a, b, c, d, e): ...', "5 positional"),
        ("core/x.py", "x = 1", "no docstring"),
        ("core/x.py", '"""d"""\ndef f():\n    pass', "f: no docstring"),
    ],
)
def test_each_check_catches_a_bad_file(path, source, fault):
    assert any(fault in found for found in faults(Path(path), source))


def test_importing_seqkit_loads_no_heavy_library():
    heavy = [
        "torch",
        "numba",
        "nltk",
        "tokenizers",
        "sklearn",
        "scipy",
        "pyarrow",
        "typer",
        "rich",
        "pooch",
        "numpy",
    ]
    code = f"import sys, seqkit; print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def wide(text):
    return [number for number, line in enumerate(text.splitlines(), 1) if len(line) > MOST_COLUMNS]


def test_wide_line_is_found():
    assert wide("x" * MOST_COLUMNS + "\n" + "x" * 104 + "  # noqa") == [2]


def test_no_line_is_wide_in_source_and_templates():
    files = [f for f in (ROOT / "seqkit").rglob("*") if f.suffix in (".py", ".html", ".css", ".js")]
    assert {file.suffix for file in files} == {".py", ".html", ".css", ".js"}
    assert {str(f): found for f in files if (found := wide(f.read_text(encoding="utf-8")))} == {}


def test_help_of_every_command_loads_no_array_library():
    code = """
import contextlib, io, sys, typer
from seqkit.cli.app import commands, make
asked = 0
for name in commands.names():
    command = typer.main.get_command(make([name]))
    for words in [[name], *([name, word] for word in getattr(command.commands[name], "commands", ()))]:
        with contextlib.redirect_stdout(io.StringIO()):
            command([*words, "--help"], standalone_mode=False)
        asked += 1
heavy = ("numpy", "numba", "torch", "scipy", "sklearn", "nltk", "rich", "pydantic")
print(asked, [name for name in heavy if name in sys.modules])
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    asked, loaded = told.split(maxsplit=1)
    assert (int(asked) > 60, loaded.strip()) == (True, "[]")


def graph():
    """Which of our modules each of them imports, inside functions too."""
    names = {".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): f for f in SOURCE}
    found = defaultdict(set)
    for name, file in names.items():
        for other in imports(parse(file.read_text(encoding="utf-8"))):
            if other in names and names[other].name != "__init__.py":
                found[name].add(other)
    return found


def circles(arrows):
    """The sets of nodes that can reach each other."""
    reach = {node: set(others) for node, others in arrows.items()}
    for middle in list(reach):
        for others in reach.values():
            others.update(reach[middle] if middle in others else ())
    return {frozenset(o for o in reach[n] if n in reach.get(o, ())) for n in reach if n in reach[n]}


def test_circle_is_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == {frozenset("bc")}


def test_no_modules_import_each_other_in_a_circle():
    assert circles(graph()) == set()


def families():
    texts = (f.read_text(encoding="utf-8") for f in SOURCE)
    nodes = (node for text in texts if "Family(" in text for node in ast.walk(parse(text)))
    calls = (n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name))
    return sorted(
        {n.args[0].value for n in calls if n.func.id == "Family" and isinstance(n.args[0], ast.Constant)}
    )


def test_folder_that_is_no_family_holds_few_files():
    found = defaultdict(list)
    for file in SOURCE:
        if file.name != "__init__.py":
            found[".".join(file.relative_to(ROOT).parts[:-1])].append(file.name)
    own = [*families(), "seqkit.kernels.rnn_scan.families"]
    assert {
        name: len(files) for name, files in found.items() if len(files) > MOST_FILES and name not in own
    } == {}


def test_few_functions_are_long_and_models_have_few_rooms():
    """Prints what it counted, kernels of a GPU aside; pytest -s shows it."""
    trees = {f.relative_to(ROOT / "seqkit"): parse(f.read_text(encoding="utf-8")) for f in SOURCE}
    every = [
        (length, parameters(node), f"{path}:{node.name}")
        for path, tree in trees.items()
        for node, length in functions(tree)
        if not is_triton(node)
    ]
    long = sorted((length, name) for length, _, name in every if length > LONG)
    models = [
        p.name for p in (ROOT / "seqkit" / "models").iterdir() if p.stem not in ("__init__", "__pycache__")
    ]
    lines = {path: f.read_text(encoding="utf-8").count("\n") for path, f in zip(trees, SOURCE, strict=True)}
    print(f"\n{sum(lines.values()):,} lines in {len(lines)} files, the longest {max(lines.values())}")
    print(f"{len(every):,} functions, {len(long)} over {LONG} lines: {long[::-1]}")
    print(f"most parameters: {max(count for _, count, _ in every)}; rooms of models: {len(models)}")
    assert len(long) <= MOST_LONG
    assert len(models) <= MOST_FILES


@pytest.mark.parametrize("package", families())
def test_no_name_is_registered_twice_and_every_member_has_one_public_name(package):
    from seqkit.core.family import Family

    family = Family(package, "member")
    names = family.names()
    assert names
    assert len({id(family.load(name)) for name in names}) == len(names)


def test_shape_checks_are_on_and_catch_a_wrong_shape():
    import numpy as np
    import shapes

    from seqkit.embeddings.vectors.neighbours import nearest_rows

    with pytest.raises(shapes.ShapeMismatchError, match="axis D of shape"):
        nearest_rows(np.zeros((2, 3), np.float32), np.zeros((4, 5), np.float32), np.zeros(4, np.float32), 1)


def test_nothing_in_the_repository_points_at_a_machine():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for name in listed:
        path = ROOT / name
        if (
            path.suffix in (".py", ".md", ".toml", ".txt", ".yml")
            and path.is_file()
            and not name.startswith("corpora/planted")
        ):
            assert "/work/" + "main" not in path.read_text(encoding="utf-8"), name


def test_json_is_parsed_in_one_place():
    found = {
        str(file.relative_to(ROOT / "seqkit"))
        for file in SOURCE
        for node in ast.walk(parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in ("json.load", "json.loads", "json.JSONDecoder", "json.decoder")
    }
    assert found == {"core/strict_json.py"}


CLOCKS = re.compile(
    r"\b(sleep|perf_counter|monotonic|process_time|thread_time|timeit)(_ns)?\s*\(|\btime\.time\b"
    r"|\bimport time\b|\bfrom time import\b"
)
MAY_LOOK = {  # tests that may, and why
    "tests/waiting.py": "the one loop that waits for an event; its limit only ends what hangs",
    "tests/train/test_loop.py": "a clock that the test itself moves",
    "tests/faults/test_same_everywhere.py": "a clock that a child sets back again and again",
}


def test_no_test_looks_at_a_clock():
    files = {*(ROOT / "tests").rglob("*.py")} - {Path(__file__)}  # which has the names
    found = {f.relative_to(ROOT).as_posix() for f in files if CLOCKS.search(f.read_text(encoding="utf-8"))}
    assert found == set(MAY_LOOK)
    assert CLOCKS.search("    time.sleep(1)")
    assert CLOCKS.search("started = perf_counter_ns()")


def test_every_fault_of_the_catalogue_names_tests_that_exist():
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \|.*\|$", text, re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 35))
    for line in text.splitlines():
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", line)
        assert named or not re.match(r"\| \d", line), line
        for file, name in named:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"
