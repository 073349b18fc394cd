"""The page of a report: its sections."""

from collections.abc import Sequence
from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.markup import Markup, element, joined
from hdrgen.reporting import run_settings, score_tables
from hdrgen.reporting.curves import charts
from hdrgen.reporting.html_file import html_file, made_by, write_html
from hdrgen.reporting.run_files import or_warn
from hdrgen.reporting.runs import Run, Test, comparable
from hdrgen.reporting.viewers import palette, viewer, with_pictures

Section = tuple[str, str, Markup]
"""Its anchor, its title and what it says."""
_SPACE = "\n"
_NAMED = 3
"""Most runs whose names are the title of the page."""


def write_page(runs: Sequence[Run], path: Path, *, scenes: Sequence[str] = (), count: int = 6, side: int = 384) -> int:
    """Write the report, whole or not at all.

    Args:
        runs: In the order of the page.
        path: Of the HTML file.
        scenes: Names of those to look at; none: the worst and best of each test, alternately.
        count: Most of them in each comparison.
        side: Longer side of their pictures in pixels.

    Returns:
        The number of scenes on the page.

    Raises:
        InputError: A scene that no run has pictures of, or a file that cannot be written.

    Warns:
        InputWarning: A picture that cannot be read.
    """
    compared = comparable([test for run in runs for test in run.tests])
    _check_scenes(compared, scenes)
    viewers = [[*_viewers(tests, scenes, count, side, f"{at}-")] for at, tests in enumerate(compared)]
    write_html(path, _document(runs, compared, viewers))
    return sum(map(len, viewers))


def _check_scenes(compared: Sequence[Sequence[Test]], scenes: Sequence[str]) -> None:
    available = dict.fromkeys(one.scene for tests in compared for test in tests for one in test.pictures)
    missing = [scene for scene in scenes if scene not in available]
    if missing:
        raise InputError(
            f"no pictures of scene {missing[0]!r}, only of {', '.join(available) or 'none'}; tests draw the worst"
            " and best scenes, and those that the callback `Extremes` is given by name",
            argument="scenes",
        )


def _viewers(tests: Sequence[Test], scenes: Sequence[str], count: int, side: int, start: str) -> list[Markup]:
    pictures = with_pictures(tests, scenes, count)
    drawn = (
        or_warn(None, viewer, scene, own, side, f"{start}{at}") for at, (scene, own) in enumerate(pictures.items())
    )
    return [one for one in drawn if one is not None]


def _document(runs: Sequence[Run], compared: Sequence[Sequence[Test]], viewers: Sequence[Sequence[Markup]]) -> Markup:
    named = len(runs) <= _NAMED
    title = f"hdrgen: {', '.join(run.name for run in runs) if named else f'{len(runs)} runs'}"
    sections = [_what_was_run(runs)]
    sections += [_comparison(at, tests, seen) for at, (tests, seen) in enumerate(zip(compared, viewers, strict=True))]
    curves = charts(runs)
    if curves is not None:
        sections.append(("training", "Training", curves))
    return written(title, sections)


def written(title: str, sections: Sequence[Section]) -> Markup:
    """A page with these sections, and links to them."""
    links = element(
        "nav", *(element("a", name, href=f"#{target}") for target, name, _ in sections), aria_label="Sections"
    )
    parts = (element("section", element("h2", name), content, id=target) for target, name, content in sections)
    main = element("main", element("h1", title), made_by(), links, *parts, palette())
    return html_file(title, main, ("viewer.js", "page.js"))


def _what_was_run(runs: Sequence[Run]) -> Section:
    bare = [element("p", _NO_NUMBERS.format(run.name), class_="note") for run in runs if not (run.curves or run.tests)]
    parts = [run_settings.overview(runs), *bare, run_settings.differences(runs), run_settings.details(runs)]
    content = joined(parts, _SPACE)
    return "runs", "What was run", content


def _comparison(at: int, tests: Sequence[Test], viewers: Sequence[Markup]) -> Section:
    """Numbers and pictures of tests under the same protocol on the same data."""
    about = tests[0].about
    name = run_settings.part(about, "protocol").get("name", "unnamed")
    title = f"Protocol {name} on {run_settings.class_name(about.get('data'))}"
    scenes = by_scene(tests)
    unmarked = None if any(test.higher for test in tests) else "These tests do not say which direction is better."
    content = [
        element("p", unmarked, class_="note") if unmarked else None,
        score_tables.summary(tests),
        element("p", score_tables.MARKS, class_="note") if len(tests) > 1 and not unmarked else None,
        score_tables.by_exposure(tests),
        scenes,
        element("h3", "Scenes") if viewers else element("p", _NO_PICTURES, class_="note"),
        *viewers,
    ]
    return f"protocol{at}", title, joined(content, _SPACE)


_NO_NUMBERS = (
    "{}: no numbers. Neither metrics.csv, events of TensorBoard nor records of W&B say what its training logged, and no"
    " test lies in its folder: these are its settings alone."
)
_NO_PICTURES = "No pictures: these tests drew no scenes (`extremes.count` was 0), or an earlier hdrgen made them."


def by_scene(tests: Sequence[Test]) -> Markup | None:
    """The table of all scenes, folded; None where the tests left no `metrics.csv`."""
    if not any(test.scenes for test in tests):
        return None
    return element("details", element("summary", "Scene by scene"), score_tables.by_scene(tests))
