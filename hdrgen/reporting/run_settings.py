"""What was run: methods, data, versions, and every setting that made the numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hdrgen.markup import Markup, element, joined
from hdrgen.reporting.runs import CONFIG, Run, Test
from hdrgen.reporting.score_tables import breakable, header

_HEADS = ("run", "method", "data", "protocol", "scenes", "checkpoint", "commit", "versions")
_MOST = 60
"""Most differences between configurations that are listed."""
_LONGEST = 300
"""Characters of a setting's name that are shown: a long name over many settings would be repeated for each."""
_UNKNOWN = "\N{EN DASH}"


def overview(runs: Sequence[Run]) -> Markup:
    """A row for each test, and for each training that was not tested."""
    rows = [row for run in runs for row in ([_tested(test) for test in run.tests] or [_trained(run)])]
    body = (
        element("tr", element("th", name, scope="row"), *(element("td", breakable(cell)) for cell in cells))
        for name, *cells in rows
    )
    table = element("table", header(_HEADS), element("tbody", *body), class_="settings")
    return element("div", table, class_="wide", tabindex="0", role="region", aria_label="What was run")


def details(runs: Sequence[Run]) -> Markup:
    """Everything that `metrics.json` and `config.yaml` say, folded."""
    folded = []
    for run in runs:
        for test in run.tests:
            settings = {key: value for key, value in test.about.items() if key not in ("means", "deviations")}
            folded.append(_folded(f"{test.name}: protocol, method, data and software", _listed(settings)))
        if run.config:
            folded.append(_folded(f"{run.name}: {CONFIG}", element("pre", run.config, tabindex="0")))
    return joined(folded)


def differences(runs: Sequence[Run]) -> Markup | None:
    """The settings in which the configurations of several runs differ; None where there is nothing to compare."""
    configs = {run.name: dict(flattened(run.settings)) for run in runs if run.config}
    if len(configs) < 2:
        return None
    keys = dict.fromkeys(key for config in configs.values() for key in config)
    differing = [key for key in keys if len({config.get(key) for config in configs.values()}) > 1]
    if not differing:
        return element("p", "The configurations are the same.", class_="note")
    rows = (
        element("tr", element("th", key, scope="row"), *(element("td", c.get(key, _UNKNOWN)) for c in configs.values()))
        for key in differing[:_MOST]
    )
    more = f"{len(differing) - _MOST} more settings differ." if len(differing) > _MOST else ""
    table = element("table", header(("setting", *configs)), element("tbody", *rows), class_="settings")
    return _folded(
        "In what the configurations differ", joined([element("div", table, class_="wide"), element("p", more)])
    )


def flattened(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Settings by dotted names.

    >>> dict(flattened({"model": {"rate": 0.1, "sizes": [1, 2]}}))
    {'model.rate': '0.1', 'model.sizes': '1, 2'}
    """
    if isinstance(value, Mapping) and value:
        for key, own in value.items():
            yield from flattened(own, (f"{path}.{key}" if path else str(key))[:_LONGEST])
    elif isinstance(value, list) and not any(isinstance(one, Mapping | list) for one in value):
        yield path, ", ".join(map(str, value)) or "none"
    else:
        yield path, "none" if value is None else str(value)


def class_name(described: Any) -> str:
    """The short name of a class as configurations and `metrics.json` have it."""
    path = described.get("class_path", _UNKNOWN) if isinstance(described, Mapping) else described or _UNKNOWN
    return str(path).rpartition(".")[2]


def part(settings: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A group of settings; empty where a file holds none, or something else."""
    group = settings.get(key)
    return group if isinstance(group, Mapping) else {}


def _tested(test: Test) -> list[str]:
    about, protocol, software = test.about, part(test.about, "protocol"), part(test.about, "software")
    return [
        test.name,
        class_name(about.get("method")),
        class_name(about.get("data")),
        str(protocol.get("name", _UNKNOWN)),
        str(about.get("scenes", _UNKNOWN)),
        str(about.get("ckpt_path") or _UNKNOWN),
        *_made_with(software),
    ]


def _made_with(software: Mapping[str, Any]) -> tuple[str, str]:
    """Commit and versions."""
    return str(software.get("commit") or _UNKNOWN), ", ".join(_versions(software)) or _UNKNOWN


def _versions(software: Mapping[str, Any]) -> Iterator[str]:
    for name in ("hdrgen", "python"):
        if name in software:
            yield f"{name} {software[name]}"
    packages = part(software, "packages")
    yield from (f"{name} {packages[name]}" for name in ("torch", "pytorch-lightning") if name in packages)


def _trained(run: Run) -> list[str]:
    config, first = run.settings, run.config.partition("\n")[0]
    train = part(config, "data").get("train")
    commit, versions = _made_with(run.software)
    if not run.software and first.startswith("#"):  # what Lightning notes
        versions = first.removeprefix("#").strip()
    return [run.name, class_name(config.get("model")), class_name(train), *[_UNKNOWN] * 3, commit, versions]


def _listed(settings: Mapping[str, Any]) -> Markup:
    rows = (element("tr", element("th", key, scope="row"), element("td", value)) for key, value in flattened(settings))
    return element("div", element("table", element("tbody", *rows), class_="settings"), class_="wide")


def _folded(title: str, content: Markup) -> Markup:
    return element("details", element("summary", title), content)
