"""The sizes that docs/architecture.md promises; what imports what is the linter's (`make lint`)."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 350
"""Lines."""
LARGEST_FOLDER = 24
"""Files."""
FOLDERS = ("hdrgen", "tests", "benchmarks")


def files_in(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_is_long(folder):
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in files_in(folder)
        if path.suffix == ".py"
    }
    assert lengths
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_folder_is_crowded(folder):
    counts = Counter(path.parent.relative_to(ROOT).as_posix() for path in files_in(folder))
    assert {path: count for path, count in counts.items() if count > LARGEST_FOLDER} == {}


def annotations(tree: ast.AST) -> Iterator[ast.expr]:
    """Of arguments and results, and of fields: those that Python works out when it imports a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [argument for argument in ast.walk(node.args) if isinstance(argument, ast.arg)]
            yield from (argument.annotation for argument in arguments if argument.annotation)
            yield from [node.returns] if node.returns else []
        elif isinstance(node, ast.ClassDef):
            yield from (field.annotation for field in node.body if isinstance(field, ast.AnnAssign))


def needs_future(tree: ast.Module) -> bool:
    """Whether annotations name what only type checkers import, or a class that is not complete yet."""
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom | ast.Import)]
    for_checkers = {name.asname or name.name for node in imports for name in node.names}
    ends = {node.name: node.end_lineno or 0 for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    names = [node for one in annotations(tree) for node in ast.walk(one) if isinstance(node, ast.Name)]
    return any(name.id in for_checkers or name.lineno <= ends.get(name.id, 0) for name in names)


def test_annotations_are_put_off_where_they_must_be_and_nowhere_else():
    """docs/adding.md has the rule; a name in quotes would be the other way."""
    wrong = {}
    for path in (ROOT / "hdrgen").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        has = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
        quoted = [one.value for one in annotations(tree) if isinstance(one, ast.Constant) and one.value]
        if has != needs_future(tree) or quoted:
            wrong[path.relative_to(ROOT).as_posix()] = quoted or ("needs it" if not has else "does without")
    assert wrong == {}
