"""Methods, metrics, tone mappers and data sets of other installed packages, which name them as entry points.

What there is stands in the metadata of the packages; none is imported before it is used.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from hdrgen.errors import InputWarning

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUPS = ("methods", "metrics", "tonemap", "data")
"""Of entry points: `hdrgen.methods` and so on, after the rooms that they join."""


class Plugin(NamedTuple):
    """A class of another package.

    Attributes:
        group: One of `GROUPS`.
        name: Of a metric or a tone mapper, as it is asked for; methods and data sets go by the name of the class.
        package: Name and version.
        place: `module:Class`.
    """

    group: str
    name: str
    package: str
    place: str

    @property
    def class_name(self) -> str:
        """Without the module."""
        return self.place.rpartition(":")[2]

    @property
    def class_path(self) -> str:
        """As configurations name it."""
        return self.place.replace(":", ".")


def plugins(*groups: str) -> list[Plugin]:
    """What installed packages offer, by name, the first of each name; all groups if none is named."""
    from importlib.metadata import entry_points  # which takes twice as long as a help text to import

    try:
        every = entry_points()
        offered = [_plugin(each, group) for group in groups or GROUPS for each in every.select(group=f"hdrgen.{group}")]
    except Exception as error:  # whatever damaged metadata raise
        warnings.warn(InputWarning(f"entry points of installed packages cannot be read ({error})"), stacklevel=2)
        return []
    first = {(each.group, each.name): each for each in sorted(offered, reverse=True)}
    return sorted(first.values())


def _plugin(entry: EntryPoint, group: str) -> Plugin:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown package"
    return Plugin(group, entry.name, package, entry.value.partition("[")[0].replace(" ", ""))


def loaded(plugin: Plugin, kind: type) -> type | None:
    """The class, imported; None, and a warning that names the package, where that fails or it is of another kind."""
    module, _, name = plugin.place.partition(":")
    try:
        found = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:  # whatever the code of others raises
        _tell(plugin, f"{type(error).__name__}: {error}")
        return None
    if not (isinstance(found, type) and issubclass(found, kind)):
        _tell(plugin, f"expected a subclass of {kind.__module__}.{kind.__qualname__}, found {plugin.place}")
        return None
    return found


def _tell(plugin: Plugin, reason: str) -> None:
    message = f"{plugin.name} of the package {plugin.package} cannot be used ({reason}); update or remove that package"
    warnings.warn(InputWarning(message), stacklevel=3)


def class_named(group: str, name: str, kind: type) -> type | None:
    """The class that a group has under a name; None where there is none, or where it cannot be used."""
    return next((loaded(each, kind) for each in plugins(group) if each.name == name), None)


def load_named_in(text: str, kinds: Mapping[str, type], own: Collection[str] = ()) -> Iterator[type]:
    """Import the classes whose names are words of a text, and yield them.

    Args:
        text: A command line, or a configuration.
        kinds: Of the groups to look at, what their classes derive from.
        own: Names that are hdrgen's: a class of another package that has one would be taken in its place.
    """
    words = set(re.findall(r"\w+", text)).difference(own)
    for plugin in plugins(*kinds):
        if plugin.class_name in words and (found := loaded(plugin, kinds[plugin.group])):
            yield found
