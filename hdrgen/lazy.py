"""Public names that are imported when they are first used (PEP 562), for rooms that must be quick to import."""

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module

from hdrgen.errors import of_an_extra


@contextmanager
def uncollected() -> Iterator[None]:
    """Within this, Python looks for no garbage: imports make none, and the search took a quarter of their time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def import_meanwhile(module: str) -> None:
    """Import what takes long and is needed later in a thread of its own; whoever imports it then waits for the rest.

    The first import of torch takes a second of one core, in which others read and align photographs.
    """

    def load() -> None:
        with uncollected(), suppress(Exception):  # what is wrong with it, those say who need it
            import_module(module)

    if module not in sys.modules:
        threading.Thread(target=load, name=f"import {module}").start()


def lazy_face(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package whose public names are imported on first use.

    No name may be that of a file of the package: the import of the file would put the module in its place.

    Args:
        package: Import path of the package, its `__name__`.
        places: Where each public name is, as `module:attribute`; `module` where it is a module itself.

    Returns:
        Both, to be assigned at module level.

    >>> get, names = lazy_face("hdrgen", {"InputError": "hdrgen.errors:InputError"})
    >>> get("InputError")
    <class 'hdrgen.errors.InputError'>
    """
    module = vars(sys.modules[package])

    def get(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        path, _, attribute = places[name].partition(":")
        with uncollected():
            try:
                found = import_module(path)
            except ModuleNotFoundError as error:
                if (told := of_an_extra(error)) is None:
                    raise
                raise told from error
            module[name] = getattr(found, attribute) if attribute else found  # the next use finds it by itself
        return module[name]

    def names() -> list[str]:
        return sorted({*module, *places} - {"TYPE_CHECKING", "lazy_face"})

    return get, names
