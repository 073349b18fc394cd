"""The pages of the site: those of the repository, where they lie there, and what is made of the code.

MkDocs reads one folder; these files come from all over the repository and keep their places, so that links between them
are the same on the site as in a checkout. Made of the code are the reference, a page for each room that users import,
and the zoo (`zoo.py`).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zoo
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = ("*.md", "docs/*.md", "docs/images/**/*.*", "experiments/*.md", "notebooks/*.md", "hdrgen/**/README.md")
ROOMS = (
    *("", "camera", "fusion", "tonemap", "metrics", "losses", "data", "io", "methods", "nn", "tiling"),
    *("callbacks", "weights", "comparison", "reporting"),
)
"""Of `hdrgen`: those that users import from, the face first."""
ELSEWHERE = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)\s#]+)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages that are made here into the navigation."""
    made = {"Methods": [*_methods()], "Notebooks": [*_notebooks()], "Reference": [*_reference()]}
    for entry in config.nav or []:
        for title in made.keys() & entry.keys():
            entry[title] = [{name: uri} if name else uri for name, uri, _ in made[title]]
    config["made"] = [page for pages in made.values() for page in pages]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the repository, at their own places, and those made of the code."""
    for path in sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern)):
        uri = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    for _, uri, content in config["made"]:
        if content is not None:
            files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, files: Files) -> str:
    """Links to what is no page, such as a licence or a script, become its name; those to notebooks their page."""

    def replaced(link: re.Match[str]) -> str:
        text, target, anchor = link[1], link[2], link[3] or ""
        place = (ROOT / page.file.src_uri).parent / target
        uri = place.resolve().relative_to(ROOT).as_posix() if place.exists() else ""
        if uri.endswith(".ipynb"):
            return f"[{text}]({target}.md{anchor})"
        known = not uri or files.get_file_from_path(uri) or files.get_file_from_path(f"{uri}/README.md")
        return link[0] if known else text

    return ELSEWHERE.sub(replaced, markdown)


def _reference() -> Iterator[tuple[str, str, str]]:
    """A page for each room that users import from."""
    for room in ROOMS:
        name = f"hdrgen.{room}" if room else "hdrgen"
        folder = ROOT / "hdrgen" / room
        face = [f"::: {name}", "    options:", "      show_root_heading: false", "      show_submodules: false"]
        listed = re.search(r"^__all__ = \[(.*?)^\]", (folder / "__init__.py").read_text(), re.DOTALL | re.MULTILINE)
        if listed is None:  # names that are imported when first used
            names = re.findall(r"^    from (\S+) import (\w+) as (\w+)$", (folder / "__init__.py").read_text(), re.M)
            parts = [f"::: {home}.{own}\n    options:\n      heading_level: 2" for home, own, _ in names]
            yield name, f"reference/{name}.md", "\n".join([f"# {name}\n", *face, "      members: []", "", *parts])
        else:
            yield name, f"reference/{name}.md", "\n".join([f"# {name}\n", *face, ""])


def _notebooks() -> Iterator[tuple[str, str, str | None]]:
    """Each notebook as a page: its text, and its cells as code."""
    yield "", "notebooks/README.md", None
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        parts = [_cell(each["cell_type"], "".join(each["source"])) for each in cells]
        title = next(line for line in parts[0].splitlines() if line.startswith("# "))[2:]
        yield title, f"notebooks/{path.name}.md", "\n\n".join(parts)


def _cell(kind: str, source: str) -> str:
    return source if kind == "markdown" else f"```python\n{source}\n```"


def _methods() -> Iterator[tuple[str, str, str | None]]:
    """The zoo, then the page of each method."""
    yield "Zoo", zoo.PAGE, zoo.text()
    for path in sorted(ROOT.glob("hdrgen/methods/*/README.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        yield title, path.relative_to(ROOT).as_posix(), None
