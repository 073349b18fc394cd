"""Packaged configurations: one YAML per method, the defaults of every verb, the evaluation protocols, and experiments.

They lie here and in the folders of `BY_INPUT`; all are found by name. Experiments are overlays, what changes such a
configuration in one respect; they lie in the folder `experiments` of a checkout, which setup.py puts here in a wheel.
"""

from importlib import resources
from pathlib import Path

DEFAULTS = "defaults"
"""Configurations whose name starts with this are always applied, and are not chosen by name."""
PROTOCOL = f"{DEFAULTS}_protocol"
"""What a protocol starts from that is given on the command line."""
PROTOCOLS = "protocols"
"""Folder of the evaluation protocols."""
BY_INPUT = ("one_photograph", "three_exposures")
"""Folders of further configurations, by what their methods take."""
EXPERIMENTS = "experiments"
"""Folder of the experiments, and how their names may begin."""


def folder() -> Path:
    """Where the packaged configurations lie."""
    return Path(str(resources.files(__name__)))


def names() -> list[str]:
    """Names of the configurations that `--config NAME` understands, sorted; beside them, it takes experiments."""
    files = (path for place in _places() for path in place.glob("*.yaml"))
    return sorted(path.stem for path in files if not path.stem.startswith(DEFAULTS))


def path_of(name: str) -> Path:
    """File of the packaged configuration or experiment `name`, which need not exist."""
    files = [place / f"{name}.yaml" for place in _places()]
    return next((path for path in [*files, experiment_path(name)] if path.is_file()), files[0])


def experiment_names() -> list[str]:
    """Names of the experiments that `--config NAME` understands: GROUP/NAME, or NAME of those in no group; sorted."""
    place = experiments_folder()
    return sorted(path.relative_to(place).with_suffix("").as_posix() for path in place.rglob("*.yaml"))


def experiment_path(name: str) -> Path:
    """File of an experiment, which need not exist.

    Args:
        name: As in `experiment_names`, or as its file is called in a checkout: experiments/GROUP/NAME.yaml. Scripts
            (slurm.sbatch) with their endings.
    """
    short = name.removeprefix(f"{EXPERIMENTS}/")
    return experiments_folder() / (short if short.endswith((".yaml", ".sbatch")) else f"{short}.yaml")


def experiment_of(path: str) -> str | None:
    """The name of an experiment by its file: experiments/GROUP/NAME; of other files none."""
    place, file = experiments_folder().resolve(), Path(path).resolve()
    inside = file.is_relative_to(place)
    return f"{EXPERIMENTS}/{file.relative_to(place).with_suffix('').as_posix()}" if inside else None


def experiments_folder() -> Path:
    """Where the experiments lie: here in an installed wheel, at the root of a checkout."""
    packaged = folder() / EXPERIMENTS
    return packaged if packaged.is_dir() else folder().parents[1] / EXPERIMENTS


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
    """First comment line of a configuration or a script: what it is for."""
    with path.open(encoding="utf-8") as lines:
        comments = (line for line in lines if line.startswith("#") and not line.startswith("#!"))
        return next((line.lstrip("# ").strip() for line in comments), "")


def _places() -> list[Path]:
    """The folders of configurations, the one of this file first."""
    return [folder(), *(folder() / name for name in BY_INPUT)]
