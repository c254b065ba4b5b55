"""The house's own rules, checked: small files and functions, documented doors, nothing left lying about."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("core", "graphql", "scanner", "bot", "app", "bench")
ENTRY_POINTS = {"pickmesh.app.cli", "pickmesh.core.db.migrations.env"}
"""Modules that are run by name and not imported by anything."""


def tracked(*patterns: str) -> list[Path]:
    """Return the files git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in sorted(set(listed.stdout.split("\n"))) if name and (ROOT / name).is_file()]


def ours() -> list[Path]:
    return [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in ROOMS]


def is_migration(path: Path) -> bool:
    return "versions" in path.parts


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def name_of(path: Path) -> str:
    relative = path.relative_to(ROOT).with_suffix("")
    return ".".join(("pickmesh", *relative.parts)).removesuffix(".__init__")


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in tracked("*.py")}


def where(path: Path, line: int = 1) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_no_file_is_too_long() -> None:
    def limit(path: Path) -> int:
        return 600 if path.relative_to(ROOT).parts[0] == "tests" else 400

    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in tracked("*.py")}
    assert [where(path) for path, length in lengths.items() if length > limit(path) and not is_migration(path)] == []


def test_no_function_is_too_long(trees: dict[Path, ast.Module]) -> None:
    long = []
    for path, tree in trees.items():
        limit = 80 if path.relative_to(ROOT).parts[0] == "tests" else 50
        if is_migration(path):
            continue
        long += [
            f"{where(path, node.lineno)} {node.name}"
            for node in functions(tree)
            if (node.end_lineno or node.lineno) - node.lineno + 1 > limit
        ]
    assert long == []


def test_no_import_hides_in_a_function(trees: dict[Path, ast.Module]) -> None:
    hidden = [
        where(path, inner.lineno)
        for path, tree in trees.items()
        for node in functions(tree)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_init_files_hold_one_docstring_and_no_code(trees: dict[Path, ast.Module]) -> None:
    wrong = [
        where(path)
        for path, tree in trees.items()
        if path.name == "__init__.py" and not (len(tree.body) == 1 and ast.get_docstring(tree))
    ]
    assert wrong == []


def test_the_root_graphql_folder_is_no_package() -> None:
    assert not (ROOT / "graphql" / "__init__.py").exists()


def test_everything_public_says_what_it_promises(trees: dict[Path, ast.Module]) -> None:
    silent = []
    for path in ours():
        tree = trees[path]
        nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
        silent += [
            f"{where(path, node.lineno)} {node.name}"
            for node in nodes
            if not node.name.startswith("_") and not ast.get_docstring(node) and not is_migration(path)
        ]
        silent += [] if ast.get_docstring(tree) or path.name == "__init__.py" else [where(path)]
    assert silent == []


def test_nothing_is_left_to_do() -> None:
    marks = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
    left = []
    for path in tracked("*.py", "*.ts", "*.tsx", "*.md", "Makefile"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            left += [where(path, number)] if marks.search(line) else []
    assert left == []


def test_every_module_is_used(trees: dict[Path, ast.Module]) -> None:
    used = set(ENTRY_POINTS)
    for path, tree in trees.items():
        if path.relative_to(ROOT).parts[0] == "tests":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                used |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                used |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                used.add(node.value.split(":")[0])  # lazy command paths name their module
    dead = [
        where(path)
        for path in ours()
        if path.name != "__init__.py" and not is_migration(path) and name_of(path) not in used
    ]
    assert dead == []


def test_nothing_names_this_machine_or_a_registry() -> None:
    private = re.compile(r"(?:^|[^\w./-])/(?:work|farm|root|tmp/bash_jobs)/")
    registry = re.compile(r"https?://[^\s\"']*(?:pypi|pythonhosted|npmjs|debian\.org)")
    found = []
    for path in tracked():
        if path.suffix in {".png", ".jpg", ".pdf", ".ttf", ".otf"} or path.is_symlink():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [where(path)] if private.search(text) or registry.search(text) else []
    assert found == []


def test_lock_files_carry_no_address() -> None:
    locks = [*(ROOT / "requirements").glob("*.txt"), *ROOT.glob("**/pnpm-lock.yaml")]
    assert [where(path) for path in locks if "://" in path.read_text(encoding="utf-8")] == []


def test_the_rooms_are_linked_into_one_package() -> None:
    links = {path.name: path.readlink() for path in (ROOT / "src" / "pickmesh").iterdir() if path.is_symlink()}
    assert links == {room: Path("..") / ".." / room for room in ROOMS}
