"""Imports run down the staircase of the design, and nowhere up it."""

import ast
from pathlib import Path

import pytest

import kpoclf

ROOT = Path(kpoclf.__file__).parent
BOTTOM = {"taxonomy", "errors", "resources", "files"}
STAIRS = [
    BOTTOM,
    {"text", "corpus"},
    {"model"},
    {"judge"},
    {"learn", "tables"},
    {"review"},
    {"cli", "web"},
    {"spark"},
]
LEVEL = {name: level for level, names in enumerate(STAIRS) for name in names}
# Neighbours on one step that may look at each other, one way.
SIDEWAYS = {("corpus", "text"), ("learn", "tables"), ("taxonomy", "resources"), ("cli", "web")}
SIDEWAYS |= {(name, "errors") for name in BOTTOM}
MODULES = sorted(p for p in ROOT.rglob("*.py") if "_shipped" not in p.parts)


def imports(source, package):
    """Every kpoclf module that some source imports, other than for type checking only."""
    skipped = set()
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            skipped.update(id(n) for child in node.body for n in ast.walk(child))
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from kpoclf import x` may name a module or something in __init__
            whole = module == "kpoclf" or not node.module
            found += [f"{module}.{alias.name}" for alias in node.names] if whole else [module]
    return [name for name in found if name.split(".")[0] == "kpoclf"]


def part_of(path):
    """Part of the house that a module lies in: the first name below kpoclf."""
    return path.relative_to(ROOT).with_suffix("").parts[0]


def wrong(part, name):
    """Whether a module of `part` may not import `name`."""
    target = name.split(".")[1]
    if target == "__version__" or part == target:
        return False
    return LEVEL[target] >= LEVEL[part] and (part, target) not in SIDEWAYS


def test_every_part_of_the_package_has_its_step():
    doors = {"__init__", "__main__"}
    assert {part_of(path) for path in MODULES} - doors == set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_from_below_only(path):
    part = part_of(path)
    if part in ("__init__", "__main__"):
        return
    package = ["kpoclf", *path.relative_to(ROOT).parts[:-1]]
    names = imports(path.read_text(encoding="utf-8"), package)
    assert [name for name in names if wrong(part, name)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("text", "from kpoclf.model.weights import STOP"),
        ("text", "from kpoclf.corpus.rows import read_corpus"),
        ("model", "def f():\n    import kpoclf.judge.model"),
        ("tables", "from kpoclf.learn import train"),
        ("judge", "from ..cli import main"),
        ("errors", "from kpoclf import taxonomy"),
        ("learn", "if not TYPE:\n    from kpoclf.cli.main import main"),
    ],
)
def test_an_import_up_the_stairs_is_seen(part, source):
    (name,) = imports(source, ["kpoclf", part])
    assert wrong(part, name)


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("learn", "from kpoclf.tables.labelled import read_labelled"),
        ("corpus", "from kpoclf.text.words import split_words"),
        ("learn", "from kpoclf import __version__"),
        ("model", "from kpoclf.files import replace_folder"),
    ],
)
def test_an_import_down_the_stairs_is_let_through(part, source):
    (name,) = imports(source, ["kpoclf", part])
    assert not wrong(part, name)


def test_an_import_for_type_checking_is_not_counted():
    source = "if TYPE_CHECKING:\n    from kpoclf.cli.main import main"
    assert imports(source, ["kpoclf", "text"]) == []
