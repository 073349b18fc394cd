"""Response curves in files: DoRF text and .mat, EMoR text, our own JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hdrgen.camera.matlab_files import tables_in
from hdrgen.camera.tabulated import TabulatedResponse
from hdrgen.errors import InputError
from hdrgen.io import write_complete
from hdrgen.plain_files import OWN, read_json, read_text

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = ("red", "green", "blue")
_VARIABLES = ("I", "B", "invI", "invB")
_HEADER = re.compile(r"^\s*([A-Za-z]\w*(?:\(\d{1,9}\))?)\s*=\s*(.*)$")  # `I =`, `B =`, `f0 =`, `h(12)=`


def load_curves(path: Path | str) -> list[TabulatedResponse]:
    """Every response curve of a file.

    Formats: the original DoRF text (per curve: name, type, `I =`, values, `B =`, values); DoRF in MATLAB files
    (`I, B` or the inverse `invI, invB`, one curve per row, which carry no names: they are called after the file
    and row); JSON as `save_curve` writes it.

    Raises:
        InputError: The file is missing, unreadable, or holds no curve.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"expected a file of response curves, found none at {path}")
    readers = {".mat": _load_mat, ".json": _load_json}
    curves = readers.get(path.suffix.lower(), _load_dorf_text)(path)
    if not curves:
        raise InputError(f"{path}: expected DoRF text, DoRF .mat or our JSON, found no response curve")
    return curves


def save_curve(curve: TabulatedResponse, path: Path | str) -> Path:
    """Write one curve as JSON: `{"name", "irradiance", "brightness"}`.

    Raises:
        InputError: The response is a batch of curves.
    """
    path = Path(path)
    if curve.irradiance.ndim != 1:
        raise InputError(f"{path}: expected one curve, found a batch of {tuple(curve.irradiance.shape[:-1])}: pick one")
    record = {
        "name": curve.name,
        "irradiance": curve.irradiance.tolist(),
        "brightness": curve.brightness.tolist(),
    }
    write_complete(path, json.dumps(record, indent=1) + "\n")
    return path


def save_response(response: TabulatedResponse, path: Path | str, facts: Mapping[str, object] | None = None) -> Path:
    """Write the curves of the three channels as JSON, for `load_response`.

    Args:
        response: With tables (3, N).
        path: The file to write.
        facts: Further entries of every curve, such as how well it fits.

    Raises:
        InputError: The response has other than three curves.
    """
    path = Path(path)
    if response.irradiance.ndim != 2 or len(response.irradiance) != len(CHANNELS):
        raise InputError(f"{path}: expected a curve per channel, found tables {tuple(response.irradiance.shape)}")
    tables = zip(CHANNELS, response.irradiance, response.brightness, strict=True)
    records = [
        {"name": name, "irradiance": x.tolist(), "brightness": y.tolist()} | dict(facts or {}) for name, x, y in tables
    ]
    write_complete(path, json.dumps(records) + "\n")
    return path


def load_response(path: Path | str) -> TabulatedResponse:
    """The one response of a file: a single curve for all channels, or one for each of red, green and blue.

    Raises:
        InputError: See `load_curves`; or the file holds another number of curves.
    """
    curves = load_curves(path)
    if len(curves) == 1:
        return curves[0]
    sizes = {len(curve.irradiance) for curve in curves}
    if len(curves) != len(CHANNELS) or len(sizes) > 1:
        raise InputError(
            f"{path}: expected one curve or one for each channel, found {len(curves)}; name one of them:"
            f" response='{path}:CURVE'",
            argument="response",
        )
    import torch

    irradiance, brightness = (
        torch.stack([getattr(curve, name) for curve in curves]) for name in ("irradiance", "brightness")
    )
    return TabulatedResponse(irradiance, brightness, Path(path).name)


def emor_curve(coefficients: Sequence[float], path: Path | str) -> TabulatedResponse:
    r"""A curve of the empirical model of response: :math:`f = f_0 + \sum_k c_k h_k`.

    A sum of the basis curves may leave [0, 1] or fall; it is clipped, and made monotone by its running maximum.
    Source: Grossberg and Nayar, "What is the space of camera response functions?", 2003.

    Args:
        coefficients: The first weights of the basis, at most as many as the file holds (25).
        path: The `emor.txt` of the DoRF data base.

    Raises:
        InputError: No such file, not an EMoR file, too many coefficients, or not finite.
    """
    blocks = _numeric_blocks(Path(path))
    basis = [blocks[key] for key in sorted((k for k in blocks if k.startswith("h(")), key=_basis_index)]
    if not {"E", "f0"} <= blocks.keys() or not basis:
        raise InputError(f"{path}: expected an EMoR file with E, f0, h(1).., found {', '.join(blocks) or 'no block'}")
    weights = np.asarray(coefficients, dtype=np.float64)
    if len(weights) > len(basis) or not np.isfinite(weights).all():
        raise InputError(f"{path}: expected up to {len(basis)} finite coefficients, found {list(coefficients)}")
    if len({len(values) for values in (blocks["f0"], *basis)}) > 1 or not len(blocks["f0"]):
        raise InputError(f"{path}: expected f0, h(1).. of equal length, found others")
    curve = blocks["f0"] + weights @ np.stack(basis)[: len(weights)]
    curve = np.maximum.accumulate(curve.clip(0, 1))
    curve[[0, -1]] = 0, 1
    name = "emor " + " ".join(f"{value:g}" for value in weights)
    return _curve(blocks["E"], curve, name, Path(path))


def inverse_emor(path: Path | str, count: int) -> tuple[Tensor, Tensor]:
    """The empirical model of inverse responses: its mean `(N,)` and the first curves of its basis `(count, N)`.

    Args:
        path: The `invemor.txt` of the DoRF data base.
        count: How many curves.

    Raises:
        InputError: No such file, not one of inverse EMoR curves, or one of fewer curves.
    """
    blocks = _numeric_blocks(Path(path))
    names = ["g0", *(f"hinv({index})" for index in range(1, count + 1))]
    sizes = {len(blocks.get(name, ())) for name in names}
    if len(sizes) > 1 or not sizes - {0}:
        raise InputError(
            f"{path}: expected inverse EMoR curves g0, hinv(1) ... hinv({count}) of equal length, found"
            f" {', '.join(blocks) or 'no block'}; pass invemor.txt"
        )
    import torch

    curves = torch.tensor(np.stack([blocks[name] for name in names]), dtype=torch.float32)
    return curves[0], curves[1:]


def _basis_index(key: str) -> int:
    return int(key[2:-1])


def _curve(irradiance: object, brightness: object, name: str, path: Path) -> TabulatedResponse:
    import torch

    try:
        tables = [torch.tensor(np.asarray(values, dtype=np.float64)) for values in (irradiance, brightness)]
        return TabulatedResponse(tables[0], tables[1], name)
    except (InputError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path}: {error}") from error


def _load_mat(path: Path) -> list[TabulatedResponse]:
    try:
        arrays = tables_in(path, _VARIABLES, OWN)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a MATLAB file of DoRF curves, found it unreadable ({error})") from error
    for irradiance, brightness in (("I", "B"), ("invI", "invB")):
        if irradiance in arrays and brightness in arrays:
            x, y = arrays[irradiance], arrays[brightness]
            if len(x) != len(y):
                found = f"{len(x)} and {len(y)} rows"
                raise InputError(f"{path}: expected as many curves of {irradiance} as of {brightness}, found {found}")
            return [_curve(x[row], y[row], f"{path.stem} {row}", path) for row in range(len(x))]
    return []


def _load_json(path: Path) -> list[TabulatedResponse]:
    try:
        record = read_json(path, OWN)
        records = record if isinstance(record, list) else [record]
        return [_curve(r["irradiance"], r["brightness"], str(r.get("name", path.stem)), path) for r in records]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: expected JSON with name, irradiance, brightness, found {error!r}") from error


def _load_dorf_text(path: Path) -> list[TabulatedResponse]:
    """Read blocks of six: name, type, `I =`, irradiances, `B =`, brightnesses (values may wrap over lines)."""
    curves: list[TabulatedResponse] = []
    titles: list[str] = []
    tables: dict[str, list[float]] = {}
    key = ""
    for line in _lines(path):
        header = _HEADER.match(line)
        numbers = _numbers(header.group(2) if header else line)
        if header and numbers is not None:
            key = header.group(1)
            tables[key] = numbers
        elif key and numbers is not None:
            tables[key].extend(numbers)
        elif line.strip():
            curves.extend(_finished(titles, tables, path))
            titles, tables, key = ([] if tables else titles) + [line.strip()], {}, ""
    return curves + _finished(titles, tables, path)


def _finished(titles: list[str], tables: dict[str, list[float]], path: Path) -> list[TabulatedResponse]:
    if not tables:
        return []
    if not {"I", "B"} <= tables.keys():
        raise InputError(f"{path}: expected `I =` and `B =` after {' / '.join(titles)!r}, found {', '.join(tables)}")
    return [_curve(tables["I"], tables["B"], titles[0] if titles else path.stem, path)]


def _numeric_blocks(path: Path) -> dict[str, np.ndarray]:
    """All `key = values` blocks of a text file, values over any number of lines."""
    blocks: dict[str, list[float]] = {}
    key = ""
    for line in _lines(path):
        header = _HEADER.match(line)
        key = header.group(1) if header else key
        numbers = _numbers(header.group(2) if header else line)
        if not key or numbers is None:
            raise InputError(f"{path}: expected blocks of `key = numbers`, found {line.strip()[:60]!r}")
        blocks.setdefault(key, []).extend(numbers)
    return {name: np.asarray(values) for name, values in blocks.items()}


def _lines(path: Path) -> list[str]:
    return [line for line in read_text(path, OWN, "replace").splitlines() if line.strip()]


def _numbers(text: str) -> list[float] | None:
    try:
        return [float(word) for word in text.split()]
    except ValueError:
        return None
