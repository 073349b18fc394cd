"""Packaged configurations: one YAML per method, the defaults of every verb, and the evaluation protocols.

Those of methods for one photograph lie here, those for three exposures in `three_exposures/`; both are found by name.
"""

from importlib import resources
from pathlib import Path

DEFAULTS = "defaults"
"""Configurations whose name starts with this are always applied, and are not chosen by name."""
PROTOCOL = f"{DEFAULTS}_protocol"
"""What a protocol starts from that is given on the command line."""
PROTOCOLS = "protocols"
"""Folder of the evaluation protocols."""
BY_INPUT = ("three_exposures",)
"""Folders of configurations of methods that take something else than one photograph."""


def folder() -> Path:
    """Where the packaged configurations lie."""
    return Path(str(resources.files(__name__)))


def names() -> list[str]:
    """Names of the configurations that `--config NAME` understands, sorted."""
    files = (path for place in _places() for path in place.glob("*.yaml"))
    return sorted(path.stem for path in files if not path.stem.startswith(DEFAULTS))


def path_of(name: str) -> Path:
    """File of the packaged configuration `name`, which need not exist."""
    files = [place / f"{name}.yaml" for place in _places()]
    return next((path for path in files if path.is_file()), files[0])


def protocol_names() -> list[str]:
    """Names of the protocols that `--evaluation NAME` understands, sorted."""
    return sorted(path.stem for path in (folder() / PROTOCOLS).glob("*.yaml"))


def protocol_path(name: str) -> Path:
    """File of the packaged protocol `name`, which need not exist."""
    return folder() / PROTOCOLS / f"{name}.yaml"


def defaults_of(verb: str) -> list[Path]:
    """The defaults that `verb` starts from; a later file wins."""
    return [path for path in (path_of(DEFAULTS), path_of(f"{DEFAULTS}_{verb}")) if path.is_file()]


def title_of(path: Path) -> str:
    """First comment line of a configuration: what it is for."""
    with path.open(encoding="utf-8") as lines:
        return next((line.lstrip("# ").strip() for line in lines if line.startswith("#")), "")


def _places() -> list[Path]:
    """The folders of configurations, the one of this file first."""
    return [folder(), *(folder() / name for name in BY_INPUT)]
