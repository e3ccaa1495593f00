"""The rooms of the house: who may know whom, and what every room must have."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from kodomo.paths import ROOT

LIBRARY = sorted(path for path in (ROOT / "kodomo").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module name a file imports, dotted and in full."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def knows(path: Path, module: str) -> bool:
    return any(name == module or name.startswith(module + ".") for name in imports(path))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", LIBRARY, ids=short)
def test_only_the_ui_imports_streamlit(path):
    if (ROOT / "kodomo" / "ui") not in path.parents:
        assert not knows(path, "streamlit")
        assert not knows(path, "streamlit_authenticator")
        assert not knows(path, "kodomo.ui")


@pytest.mark.parametrize(
    ("room", "stranger"),
    [
        ("intake", "judge"),
        ("intake", "linkage"),
        ("linkage", "judge"),
        ("judge", "cases"),
        ("items", "rules"),
        ("synth", "linkage"),
        ("synth", "normalize"),
        ("linkage", "synth"),
        ("normalize", "synth"),
    ],
)
def test_rooms_that_must_not_know_each_other(room, stranger):
    files = [path for path in LIBRARY if path.stem == room or (ROOT / "kodomo" / room) in path.parents]
    assert files
    assert not [short(path) for path in files if knows(path, f"kodomo.{stranger}")]


@pytest.mark.parametrize("path", PAGES, ids=short)
def test_every_page_begins_with_a_permission(path):
    tree = ast.parse(path.read_text("utf-8"))
    body = [
        node
        for node in tree.body
        if not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    first = ast.unparse(body[0])
    assert first.startswith(("user = require(", "user = session.require(")), first


@pytest.mark.parametrize("path", PAGES, ids=short)
def test_pages_hold_no_logic(path):
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    functions = [
        node.name
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, kinds) and not node.decorator_list
    ]
    assert not functions, f"move {functions} into kodomo/"
    text = path.read_text("utf-8")
    assert "select " not in text, "SQL lives in sql/ or kodomo/"


@pytest.mark.parametrize("path", LIBRARY, ids=short)
def test_every_module_and_public_function_says_what_it_is_for(path):
    tree = ast.parse(path.read_text("utf-8"))
    if path.name != "__init__.py" or tree.body:
        assert ast.get_docstring(tree), "a module says in one sentence what it is for"
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not any(ast.unparse(mark) == "overload" for mark in getattr(node, "decorator_list", []))
    ]
    assert not silent


def test_nothing_names_another_host():
    allowed = ("127.0.0.1", "localhost")
    found = []
    for path in [*LIBRARY, *PAGES, ROOT / "app.py"]:
        for line in path.read_text("utf-8").splitlines():
            for scheme in ("http://", "https://"):
                for part in line.split(scheme)[1:]:
                    if not part.startswith((*allowed, "{")):
                        found.append(f"{short(path)}: {line.strip()}")
    assert not found
