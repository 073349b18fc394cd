"""The pages of the site: those of the repository, where they lie there, and what is made of the code.

MkDocs reads one folder; these files come from all over the repository and keep their places, so that links between them
are the same on the site as in a checkout. Made of the code are the reference, a page for each room that users import,
and the zoo: `hdrgen methods`, the cards of the packaged weights, and the pictures of `benchmarks.pictures.zoo`.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = ("*.md", "docs/*.md", "docs/images/**/*.*", "experiments/*.md", "notebooks/*.md", "hdrgen/**/README.md")
ROOMS = (
    *("", "camera", "fusion", "tonemap", "metrics", "losses", "data", "io", "methods", "nn", "tiling"),
    *("callbacks", "weights", "comparison", "reporting"),
)
"""Of `hdrgen`: those that users import from, the face first."""
COMPARED = {
    "one photograph": "All systems of one photograph",
    "three photographs of a moving scene": "All systems for moving scenes",
}
"""What methods take, and the section of `docs/results.md` whose table has all of them under one protocol."""
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
    yield "Zoo", "hdrgen/methods/README.md", _zoo()
    for path in sorted(ROOT.glob("hdrgen/methods/*/README.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        yield title, path.relative_to(ROOT).as_posix(), None


def _zoo() -> str:
    """All methods by what they take, and what the packaged weights of each reach."""
    entries = json.loads((ROOT / "hdrgen/methods/listing.json").read_text())["entries"]
    rooms = dict(_rooms_of_classes())
    cards = list(_cards())
    parts = ["# The methods", "What each takes and makes, its size, and what its packaged weights reach."]
    known = [entry for entry in entries if entry["name"] in rooms]
    for taken in dict.fromkeys(entry["input"] for entry in known):
        parts += [f"## From {taken}", *_comparison(COMPARED[taken])]
        for entry in known:
            if entry["input"] == taken:
                parts += _entry(
                    entry, rooms[entry["name"]], [card for card in cards if card["method"] == entry["name"]]
                )
    return "\n\n".join(parts)


def _comparison(section: str) -> Iterator[str]:
    """All methods side by side: the table of a section of the results, and where that says what it means."""
    text = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    content = re.split(r"\n#+ ", text.partition(f"### {section}\n")[2])[0]
    table = re.search(r"(?:^\|.*\n)+", content, re.MULTILINE)
    if table is None:
        raise SystemExit(f"docs/results.md: expected a section called {section!r} with a table, found none")
    anchor = re.sub(r"\W+", "-", section.lower())
    yield table[0]
    yield (
        "Means under the protocol `hdrgen`, with 95 % bootstrap intervals over scenes; bold: the best of a column, and"
        f" those not shown to be worse. [Scenes, commands and what the numbers say](../../docs/results.md#{anchor})."
    )


def _entry(entry: dict[str, Any], room: str, cards: list[dict[str, str]]) -> Iterator[str]:
    yield f"### {entry['name']}"
    yield f"{entry['summary']} [More]({room}/README.md)"
    yield f"{entry['paper'] or 'Ours: no paper.'} {entry['parameters']:,} parameters at the paper's width."
    for card in cards:
        name = card["name"]
        if (ROOT / f"docs/images/zoo/{name}.jpg").exists():
            yield f"![{_shown(entry)}, and what {name} makes of it](../../docs/images/zoo/{name}.jpg)"
        rows = {"size": f"{int(card['size']) / 1e6:.1f} MB", "score": card["score"], "terms": card["terms"]}
        table = "".join(f"| {key} | {value} |\n" for key, value in rows.items())
        yield f"| packaged weights | `{name}` |\n|---|---|\n{table}"
        yield f"```\npip install 'hdrgen[{_extra(room)}]'\n{_command(entry, name)}\n```"


def _shown(entry: dict[str, Any]) -> str:
    """What a picture begins with."""
    return "The example photograph" if entry["input"] == "one photograph" else "A moving scene, a merge with ghosts"


def _extra(room: str) -> str:
    """What a method needs installed, as its page says where that is more than all networks need."""
    page = (ROOT / "hdrgen/methods" / room / "README.md").read_text(encoding="utf-8")
    said = re.search(r"pip install 'hdrgen\[([\w,]+)\]'", page)
    return said[1] if said else "train"


def _command(entry: dict[str, Any], name: str) -> str:
    """What uses the weights."""
    if entry["input"] == "one photograph":
        return f"hdrgen expand photo.jpg --weights {name}"
    return f"hdrgen merge one.jpg two.jpg three.jpg --method {name} -o {name}.exr"


def _cards() -> Iterator[dict[str, str]]:
    for path in sorted(ROOT.glob("hdrgen/weights/packaged/**/*.md"), key=lambda path: path.stem):
        head = path.read_text(encoding="utf-8").split("---\n")[1]
        pairs = (line.partition(": ") for line in head.splitlines())
        yield {"name": path.stem, **{key: value for key, _, value in pairs}}


def _rooms_of_classes() -> Iterator[tuple[str, str]]:
    """Name of a method's class: its folder."""
    for path in sorted(ROOT.glob("hdrgen/methods/*/__init__.py")):
        if not (path.parent / "README.md").exists():  # the baselines
            continue
        for name in re.findall(r"import (.*)", path.read_text()):
            for each in name.replace("(", "").replace(")", "").split(","):
                yield each.strip(), path.parent.name
