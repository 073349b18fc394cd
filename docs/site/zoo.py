"""The page of all methods: `hdrgen methods`, the cards of the packaged weights, pictures of `benchmarks.pictures.zoo`.

`tests/guides` types its commands. MkDocs is not imported here, which the tests go without.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = "hdrgen/methods/README.md"
"""Where it is on the site, beside the pages of the methods; a checkout has no such file."""
COMPARED = {
    "one photograph": "All systems of one photograph",
    "three photographs of a moving scene": "All systems for moving scenes",
}
"""What methods take, and the section of `docs/results.md` whose table has all of them under one protocol."""


def text() -> str:
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
