"""What a result was made with: versions, commit, machine."""

import importlib.metadata
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from hdrgen.version import __version__

PACKAGES = ("torch", "torchmetrics", "pytorch-lightning", "kornia", "numpy", "scipy", "OpenImageIO")
"""Those whose versions can move a number."""


def provenance() -> dict[str, Any]:
    """Versions of hdrgen, of Python and of the packages that numbers depend on, and the commit of hdrgen."""
    versions = {name: version for name in PACKAGES if (version := _version(name))}
    return {
        "hdrgen": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": versions,
    }


def commit() -> str | None:
    """The commit of hdrgen: of the checkout that it runs from, `-dirty` where that has changes, or what pip installed.

    Returns:
        None where neither is known, as in an installation from a wheel.
    """
    return _of_checkout(Path(__file__).resolve()) or _of_installation()


def _of_checkout(file: Path) -> str | None:
    # Tracked, because an installed package may lie within the checkout of another project.
    if not _git(file.parent, "ls-files", "--error-unmatch", file.name):
        return None
    return _git(file.parent, "describe", "--always", "--dirty", "--exclude=*")


def _of_installation() -> str | None:
    """What pip recorded of an installation from a repository (PEP 610)."""
    try:
        origin = importlib.metadata.distribution("hdrgen").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return None
    commit_id = json.loads(origin or "{}").get("vcs_info", {}).get("commit_id")
    return None if commit_id is None else str(commit_id)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):  # no git on this machine, or a slow disk
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None


def _version(package: str) -> str | None:
    version = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(version, str):  # the module's own has the build, such as torch's +cu130; pip's record does not
        return version
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
