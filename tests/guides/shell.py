"""What the pages of the documentation say to type, as a shell would read it."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.pages import PAGES, ROOT, links_of
from tests.pages import text_of as text_of_file

SHELLS = ("", "bash", "sh", "console")
"""Languages of blocks that may hold commands; without one it may also be a listing."""
FIRST = re.compile(
    r"(?:[A-Z_]+=\S* )*(?:\S*/)?(?:time )?"
    r"(?:hdrgen|python|make|pip|git|cd|docker|conda|torchrun|sbatch|export|jupyter)(?: |$)"
)
"""How a line begins by which a block is one of commands."""
SETTING = re.compile(r'(?:export )?([A-Z]\w*)=(?:"([^"]*)"|(\S*))$')
LOOP = re.compile(r"for (\w+) in ([^;]+); do(.*?)(?:;|\n)\s*done", re.DOTALL)
COMMENT = re.compile(r"(^|\s)#.*")


_SPEC = importlib.util.spec_from_file_location("zoo", ROOT / "docs/site/zoo.py")
zoo = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(zoo)
ZOO = ROOT / zoo.PAGE
"""A page of the site that is made of the code, and no file."""


def text_of(page: Path) -> str:
    return zoo.text() if page == ZOO else text_of_file(page)


class Typed(NamedTuple):
    """A command of a page: its words, the file that its output goes to, and whether `...` stands for some of it."""

    page: str
    words: tuple[str, ...]
    output: str = ""
    abridged: bool = False

    @property
    def line(self) -> str:
        """For tables and messages."""
        return " ".join(self.words)


def pages_in_order() -> list[Path]:
    """README.md, then the guides as the index has them, then all others, the zoo last."""
    index = ROOT / "docs/README.md"
    guides = [(index.parent / link.partition("#")[0]).resolve() for link in links_of(index) if "://" not in link]
    template = ROOT / "docs/template/README.md"
    order = dict.fromkeys([ROOT / "README.md", *(page for page in guides if page in PAGES), *PAGES, template, ZOO])
    return list(order)


def typed_on(page: Path) -> list[Typed]:
    """The commands of its blocks, variables and loops replaced by what they stand for.

    Raises:
        AssertionError: A line among commands that is none.
    """
    fences = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text_of(page), flags=re.DOTALL | re.MULTILINE)
    name = page.relative_to(ROOT).as_posix()
    return [typed for language, text in fences if language in SHELLS for typed in _of_block(name, text)]


def _of_block(page: str, text: str) -> Iterator[Typed]:
    text = text.replace("\\\n", " ")
    if not any(FIRST.match(line.strip()) for line in text.splitlines()):
        return
    variables, whole = dict[str, str](), tuple[str, ...]()
    for line in _lines(text):
        for name, quoted, plain in SETTING.findall(line):
            variables[name] = _with(quoted or plain, variables)
        if SETTING.match(line):
            continue
        assert FIRST.match(line), f"{page}: among commands, a line that is none: {line}"
        words = shlex.split(_with(line, variables), comments=True)
        while words and ("=" in words[0] or words[0] == "time"):
            del words[0]
        words, output = (words[:-2], words[-1]) if words[-2:-1] == [">"] else (words, "")
        abridged = "..." in words
        if words[2:3] == ["..."]:  # as the whole one before, and more
            words[2:3] = whole[2 : whole.index("-o")]
        typed = (words[0].rpartition("/")[2], *(word for word in words[1:] if word != "..."))
        whole = whole if abridged else typed
        yield Typed(page, typed, output, abridged)


def _lines(text: str) -> Iterator[str]:
    """One command each."""
    loops = LOOP.sub(lambda loop: "\n".join(_with(loop[3], {loop[1]: each}) for each in loop[2].split()), text)
    pending = ""
    for line in loops.splitlines():
        pending = f"{pending} {line.strip()}".strip()
        if pending.count('"') % 2 == 0:  # else the next line belongs to it
            yield from (part.strip() for part in re.split(r";|&&", COMMENT.sub("", pending)) if part.strip())
            pending = ""


def _with(text: str, variables: dict[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda found: variables.get(found[1], found[0]), text)


def mentioned_on(page: Path) -> list[str]:
    """Commands in backticks within sentences."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    return [" ".join(found.split()) for found in re.findall(r"`(hdrgen [^`]+)`", prose)]
