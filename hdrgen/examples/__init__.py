"""The photograph that comes with hdrgen; `README.md` beside it says where it is from."""

from importlib import resources
from pathlib import Path


def example_photograph() -> Path:
    """The JPEG file: a hall at night, whose lamps and stage are clipped.

    >>> example_photograph().name
    'circus_arena.jpg'
    """
    return Path(str(resources.files(__name__))) / "circus_arena.jpg"
