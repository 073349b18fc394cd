"""What a checkpoint says of the files of its run: nothing outside the run's own folders is believed.

Lightning's ModelCheckpoint removes the files that its state names, a folder with all that is in it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")
SCORES = ("best_model_score", "current_score", "kth_value")
BEST = "best_k_models"


def own_states(states: Mapping[str, Any], folders: Sequence[str], folder: str | Path | None = None) -> dict[str, Any]:
    """The states of callbacks, without files that lie elsewhere.

    Args:
        states: Of each callback, by its key, as a checkpoint holds them.
        folders: Where the run that goes on keeps its checkpoints.
        folder: Of the checkpoint. Where it is one of these, files beside it count as such, though they were noted by
            another name of the folder: relative to another place, or from before the run was moved.
    """
    here = next(
        (own for own in folders if folder and "://" not in own and Path(own).resolve() == Path(folder).resolve()), None
    )
    if here is not None:
        states = {key: _moved(state, here) if _is_of_files(state) else state for key, state in states.items()}
    return {key: _own(state, folders) if _is_of_files(state) else state for key, state in states.items()}


def _is_of_files(state: Any) -> bool:
    return isinstance(state, dict) and any(name in state for name in (*PATHS, BEST, "dirpath"))


def _moved(state: dict[str, Any], here: str) -> dict[str, Any]:
    """The state with another folder in the place of the one that it names."""
    before, best = state.get("dirpath"), state.get(BEST)

    def renamed(path: Any) -> Any:
        beside = isinstance(path, str) and isinstance(before, str) and Path(path).parent == Path(before)
        return str(Path(here) / Path(path).name) if beside else path

    moved = state | {name: renamed(state[name]) for name in PATHS if name in state}
    moved |= {BEST: {renamed(path): score for path, score in best.items()}} if isinstance(best, dict) else {}
    return moved | ({"dirpath": here} if isinstance(before, str) else {})


def _own(state: dict[str, Any], folders: Sequence[str]) -> dict[str, Any]:
    own = dict(state)
    own |= {name: _path_within(state[name], folders) for name in PATHS if name in state}
    own |= {name: state[name] if _is_score(state[name]) else None for name in SCORES if name in state}
    if not isinstance(state.get("dirpath", ""), str):
        del own["dirpath"]
    if BEST in state:
        noted = state[BEST] if isinstance(state[BEST], dict) else {}
        best = {path: score for path, score in noted.items() if _path_within(path, folders) and _is_score(score)}
        # ModelCheckpoint looks the worst of them up. Where one is missing, it begins anew.
        own[BEST] = best if len(best) == len(noted) and own.get("kth_best_model_path", "") in (*best, "") else {}
    return own


def _is_score(value: Any) -> bool:
    return value is None or isinstance(value, float | int) or (isinstance(value, Tensor) and value.numel() == 1)


def _path_within(path: Any, folders: Sequence[str]) -> str:
    """A path that lies below one of the folders, as it is; of all others nothing."""
    return path if isinstance(path, str) and any(_lies_in(path, folder) for folder in folders) else ""


def _lies_in(path: str, folder: str) -> bool:
    if "://" in folder:  # of the user's own, such as s3://bucket/run
        return path.startswith(f"{folder.rstrip('/')}/") and "::" not in path and ".." not in path.split("/")
    if "::" in path or "://" in path or "\0" in path:
        return False
    try:
        return Path(folder).resolve() in Path(path).resolve().parents
    except (OSError, RuntimeError):  # a name too long, links in a circle
        return False
