"""Faces whose names are imported on first use: complete, in step with what type checkers see, and light."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

LAZY = [
    *("hdrgen", "hdrgen.api", "hdrgen.bracket", "hdrgen.camera", "hdrgen.cli", "hdrgen.comparison", "hdrgen.fusion"),
    *("hdrgen.tiling", "hdrgen.weights"),
]


def declared(package) -> dict[str, str]:
    """What the block under TYPE_CHECKING says: public name, module and attribute."""
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name: f"{node.module}:{alias.name}" for node in imports for alias in node.names}


@pytest.mark.parametrize("name", LAZY)
def test_the_lists_agree_and_every_name_is_there(name):
    package = importlib.import_module(name)
    assert declared(package) == package._PUBLIC
    assert set(package.__all__) == package._PUBLIC.keys()
    assert set(package.__all__) <= set(dir(package))
    assert not {"Any", "TYPE_CHECKING", "lazy_face"} & set(dir(package))
    for public, place in package._PUBLIC.items():
        module, _, attribute = place.partition(":")
        assert getattr(package, public) is getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("name", LAZY)
def test_no_name_is_that_of_a_file(name):
    """The import of the file would put the module in the place of the name."""
    package = importlib.import_module(name)
    files = {path.stem for path in Path(package.__file__).parent.glob("*.py")}
    assert not files & set(package.__all__)


@pytest.mark.parametrize("name", LAZY)
def test_the_import_is_light(name):
    code = f"import sys, {name}; print([heavy for heavy in ('numpy', 'torch', 'argparse') if heavy in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_other_names_are_attribute_errors():
    import hdrgen.bracket

    with pytest.raises(AttributeError, match=r"module 'hdrgen\.bracket' has no attribute 'Brackets'"):
        hdrgen.bracket.Brackets  # noqa: B018
