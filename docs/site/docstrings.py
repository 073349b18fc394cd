"""What docstrings hold that Markdown has no word for: examples, which would be quotations, and formulas."""

import re
from typing import Any

from griffe import Extension, Object
from latex2mathml.converter import convert

EXAMPLE = re.compile(r"^(?P<indent> *)>>> .*(?:\n(?P=indent)\S.*|\n(?P=indent) +\S.*)*", re.MULTILINE)


FORMULA = re.compile(r":math:`([^`]+)`")


class Docstrings(Extension):
    """Fences each example of a docstring, and has browsers set its formulas."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Of each module, class, function and attribute."""
        if obj.docstring:
            text = EXAMPLE.sub(_fenced, obj.docstring.value)
            obj.docstring.value = FORMULA.sub(lambda formula: convert(" ".join(formula[1].split())), text)


def _fenced(example: re.Match[str]) -> str:
    indent = example["indent"]
    text = re.sub(r" +# doctest: .*$", "", example[0], flags=re.MULTILINE)
    return f"{indent}```pycon\n{text}\n{indent}```"
