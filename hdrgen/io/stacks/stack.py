"""An exposure stack on disk: which files, and how much light each received."""

import itertools
import statistics
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.io.codecs.orientation import upright_size
from hdrgen.io.exposure import SAME_EXPOSURE, Exposure, Frame, check_span
from hdrgen.io.formats import is_result
from hdrgen.io.headers import Header, known_header
from hdrgen.io.metadata.shutter_times import is_exact, series_of
from hdrgen.io.stacks.exposure_lists import (
    ListedExposure,
    exposure_list_for,
    exposure_list_of_series,
    names_files,
    read_exposure_list,
)
from hdrgen.io.stacks.exposure_names import exposure_from_name
from hdrgen.io.stacks.finding import images_in
from hdrgen.io.stacks.originals import frames_among, named_originals, photographs_among, without_frames

_DISAGREEMENT = 1 / 3  # stops
_ZOOMED = 1.01  # times the focal length: cameras round it


class UnknownExposureError(InputError):
    """Frames of a stack whose exposure nothing gives; a caller may know another way to give it."""


@dataclass(frozen=True)
class _Candidate:
    """A file with everything that is known of its exposure, in the order of precedence."""

    header: Header
    listed: ListedExposure | None
    named: Exposure

    @property
    def path(self) -> Path:
        return self.header.path

    @property
    def measured(self) -> Exposure:
        return self.header.reading.exposure

    def exposure(self) -> Exposure:
        """The list's values, completed from EXIF; else EXIF; else the file name."""
        if self.listed is not None:
            return _completed(self.listed.exposure, self.measured)
        return self.measured if self.measured.stops is not None else self.named

    def frame(self) -> Frame:
        """With the exposure, and whether a list gives it."""
        return Frame(self.path, self.exposure(), listed=self.listed is not None)

    def describe_unknown(self) -> str:
        """What the file holds instead of an exposure, for the error message."""
        known = str(self.measured) if self.measured != Exposure() else "no exposure metadata"
        bias = self.header.reading.bias
        biased = () if bias is None else (f"ExposureBiasValue {bias:+g}, which alone tells no exposure",)
        return "; ".join((known, *self.header.reading.unreadable, *biased))


def read_stack(
    source: str | Path | Sequence[str | Path],
    exposures: Mapping[Path, Exposure] | None = None,
    *,
    bracket: bool = False,
) -> list[Frame]:
    """The frames of an exposure stack, dark to bright by measured exposure; headers only, no pixels.

    Each frame's exposure comes from the list in its folder (`exposure_list_for`), else from its metadata, else from its
    name; it is never guessed. In a folder with a list the listed files are the stack; without one, all its images but
    .hdr, .exr, .avif, .jxl and .uhdr.jpg, which are results rather than exposures, and pictures that hdrgen made; of a
    `bracket` that has nothing else these are the frames, but for what hdrgen made.

    Args:
        source: A folder, or the files.
        exposures: Of each of the given files, in place of any list.
        bracket: A photographer's own: several frames may have the same exposure; shutter times as cameras print them
            become the even steps that they stand for (1/60, 1/15, 1/4 s: 1/64, 1/16, 1/4); and ExposureBiasValue tells
            frames apart that have no other exposure, with a warning.

    Warns:
        UserWarning: List and EXIF differ by more than a third of a stop after the offset that all frames share is
            removed; f-number or ISO known of some frames only; lenses, or focal lengths, of a bracket that differ;
            images of the folder that its list leaves out; exposures from ExposureBiasValue.

    Raises:
        InputError: Fewer than two images; listed files missing; an image that cannot be read; sizes that differ;
            frames without exposure data; exposures that cannot be compared; frames of the same exposure, unless
            `bracket`.
    """
    paths, lists = _members(source, known=exposures is not None, bracket=bracket)
    if exposures is not None:
        lists = {path: ListedExposure(exposures[path]) for path in paths}
    if len(paths) < 2:
        shown = ", ".join(path.name for path in paths) or "none"
        others = without_frames(images_in(Path(source)), own=True) if isinstance(source, str | Path) else ""
        beside = f" beside {others}; name files one by one to have them merged" if others else ""
        beside += "; an HDR image needs no merge" if paths and all(map(is_result, paths)) else ""
        raise InputError(
            f"{_shown(source)}: expected a stack of at least 2 images, found {len(paths)} ({shown}){beside}"
        )
    candidates = [_Candidate(known_header(path), lists.get(path), exposure_from_name(path)) for path in paths]
    _check_sizes(candidates)
    if bracket:
        candidates = _biased(candidates)
    _check_known(candidates)
    frames = comparable([candidate.frame() for candidate in candidates])
    _warn_disagreement(candidates)
    if bracket:
        _warn_lenses(candidates)
    frames.sort(key=_stops)
    if not bracket:
        _check_distinct(frames)
    elif exposures is None:
        return true_times(frames)
    return frames


def exposures_of(paths: Sequence[Path]) -> dict[Path, Exposure]:
    """The exposures of those files that have one, as `read_stack` takes them, comparable with each other.

    Files that cannot be read, and those of a damaged list, count as unknown.
    """
    try:
        lists = _lists_beside(list(paths))
    except InputError:
        return {}
    frames = []
    for path in paths:
        with suppress(InputError):
            exposure = _Candidate(known_header(path), lists.get(path), exposure_from_name(path)).exposure()
            if exposure.stops is not None:
                frames.append(Frame(path, exposure))
    with warnings.catch_warnings(), suppress(InputError):
        warnings.simplefilter("ignore")  # `read_stack` tells it of the frames that it is asked for
        return {frame.path: frame.exposure for frame in comparable(frames)}
    return {}


def _shown(source: str | Path | Sequence[str | Path]) -> str:
    return str(source) if isinstance(source, (str, Path)) else "the given files"


def _members(
    source: str | Path | Sequence[str | Path], *, known: bool, bracket: bool
) -> tuple[list[Path], dict[Path, ListedExposure]]:
    if not isinstance(source, (str, Path)):
        paths = list(dict.fromkeys(Path(path) for path in source))
        lists = _lists_beside(paths)
        if not (known or all(path in lists for path in paths)):
            paths = named_originals(paths)
        return paths, lists
    folder = Path(source)
    if not folder.is_dir():
        kind = "a file" if folder.exists() else "nothing"
        raise InputError(f"{folder}: expected a folder with an exposure stack, found {kind}")
    return _members_of_folder(folder, bracket)


def _members_of_folder(folder: Path, bracket: bool) -> tuple[list[Path], dict[Path, ListedExposure]]:
    images = (frames_among if bracket else photographs_among)(images_in(folder))
    beside = exposure_list_for(folder)
    if beside is None:
        return images, {}
    listed = read_exposure_list(beside)
    missing = [path.name for path in listed if not path.is_file()]
    if missing:
        raise InputError(f"{beside}: lists files that do not exist: {', '.join(missing)}; correct the list")
    left_out = [path.name for path in images if path not in listed]
    if left_out and names_files(beside):  # others belong to a series of the folder
        warnings.warn(f"{beside}: does not list {', '.join(left_out)}; left out of the stack", stacklevel=4)
    return list(listed), listed


def _lists_beside(paths: list[Path]) -> dict[Path, ListedExposure]:
    """Files may come from several folders, each with its list; what a list says of other files is no concern."""
    folders = dict.fromkeys(path.parent for path in paths if path.parent.is_dir())
    lists = dict.fromkeys([*map(exposure_list_for, folders), *map(exposure_list_of_series, paths)])
    listed = [read_exposure_list(beside) for beside in lists if beside is not None]
    return {path: entries[path] for entries in listed for path in paths if path in entries}


def _completed(listed: Exposure, measured: Exposure) -> Exposure:
    """A list that gives only times leaves f-number and ISO to EXIF; one that gives stops is complete."""
    if listed.ev is not None:
        return listed
    return replace(listed, fnumber=listed.fnumber or measured.fnumber, iso=listed.iso or measured.iso)


def _place(files: Sequence[_Candidate] | Sequence[Frame]) -> Path:
    """The folder of a stack, for messages: by its name where it is the current one, of which "." says nothing."""
    folder = files[0].path.parent
    return folder if folder.name else Path(folder.absolute().name or folder)


def _check_sizes(candidates: list[_Candidate]) -> None:
    by_size: dict[str, list[str]] = {}
    headers = [candidate.header for candidate in candidates]
    for header in headers:
        by_size.setdefault(f"{header.width} x {header.height}", []).append(header.path.name)
    stored = {upright_size(header.width, header.height, header.orientation) for header in headers}
    if len(by_size) > 1 and len(stored) > 1:  # of one size as stored, `turned_alike` turns them alike
        shown = "; ".join(f"{size}: {', '.join(names)}" for size, names in by_size.items())
        raise InputError(f"{_place(candidates)}: expected one image size within a stack, found {shown}")


def _check_known(candidates: list[_Candidate]) -> None:
    if all(candidate.exposure().stops is not None for candidate in candidates):
        return
    by_words: dict[str, list[str]] = {}  # of a whole folder that says nothing the same words would come many times
    for one in candidates:
        words = one.describe_unknown() if one.exposure().stops is None else str(one.exposure())
        by_words.setdefault(words, []).append(one.path.name)
    shown = "; ".join(f"{', '.join(names)}: {words}" for words, names in by_words.items())
    hdr = all(is_result(one.path) for one in candidates)
    about = "; HDR images need no merge, but linear frames of one scene do, with their exposures" if hdr else ""
    raise UnknownExposureError(
        f"{_place(candidates)}: no exposure data for every image ({shown}){about};"
        " put a list exposures.csv with the columns file,time (seconds) beside them"
    )


def _warn_disagreement(candidates: list[_Candidate]) -> None:
    """Compare list and EXIF after their common offset, which no merge depends on, is removed."""
    differences = {c.path: d for c in candidates if (d := _list_minus_exif(c)) is not None}
    if not differences:
        return
    offset = statistics.median(differences.values())
    limit = _DISAGREEMENT / 2 if len(differences) == 2 else _DISAGREEMENT  # two frames stand evenly about their median
    worst = [
        f"{c.path.name} (list {c.exposure()}, EXIF {_exif(c)}: {differences[c.path] - offset:+.2f} stops)"
        for c in candidates
        if c.path in differences and abs(differences[c.path] - offset) > limit
    ]
    if worst:
        warnings.warn(
            f"{_place(candidates)}: exposure list and EXIF disagree: {', '.join(worst)}; the list is used", stacklevel=3
        )


def _exif(candidate: _Candidate) -> Exposure:
    """The file's own metadata, or what the list's maker noted of it."""
    if candidate.measured.time is None and candidate.listed is not None and candidate.listed.exif_time is not None:
        return replace(candidate.exposure(), time=candidate.listed.exif_time, ev=None)
    return candidate.measured


def _list_minus_exif(candidate: _Candidate) -> float | None:
    listed, exif = candidate.exposure(), _exif(candidate)
    if candidate.listed is None or listed.stops is None or exif.stops is None:
        return None
    return listed.stops - exif.stops


def comparable(frames: list[Frame]) -> list[Frame]:
    """Frames whose stops have one origin: all in settings or all in EV, and with the same settings known.

    Raises:
        InputError: Some frames are given in EV and others in seconds, or lie too far apart.
    """
    in_stops = [frame.path.name for frame in frames if frame.exposure.ev is not None]
    if in_stops and len(in_stops) < len(frames):
        shown = "; ".join(f"{frame.path.name}: {frame.exposure}" for frame in frames)
        raise InputError(f"{_place(frames)}: exposures in stops and in seconds cannot be compared ({shown})")
    for name in ("fnumber", "iso"):
        frames = _known_of_all(frames, name)
    check_span([frame for frame in frames if frame.exposure.stops is not None], _place(frames) if frames else "")
    return frames


def _known_of_all(frames: list[Frame], name: str) -> list[Frame]:
    """A setting known of some frames only would shift just those; leave it out, which takes it as constant."""
    unknown = [frame.path.name for frame in frames if getattr(frame.exposure, name) is None]
    if not unknown or len(unknown) == len(frames) or frames[0].exposure.ev is not None:
        return frames
    folder = frames[0].path.parent
    warnings.warn(f"{folder}: {name} unknown of {', '.join(unknown)}; taken as the same in all frames", stacklevel=4)
    return [replace(frame, exposure=replace(frame.exposure, **{name: None})) for frame in frames]


def true_times(frames: list[Frame]) -> list[Frame]:
    """Frames, dark to bright, with the shutter times that their printed ones stand for, where one series has them all.

    Times in even steps of whole thirds or halves stay as they are: somebody may have set them exactly.
    """
    times = [frame.exposure.time for frame in frames if frame.exposure.time is not None and frame.exposure.ev is None]
    if len(times) < len(frames) or is_exact(times):
        return frames
    meant = series_of(times)
    if meant is None:
        return frames
    pairs = zip(frames, meant, strict=True)
    changed = [replace(frame, exposure=replace(frame.exposure, time=time)) for frame, time in pairs]
    return sorted(changed, key=_stops)


def _biased(candidates: list[_Candidate]) -> list[_Candidate]:
    """With ExposureBiasValue as the exposure of frames that have no other, if it tells them apart."""
    biases = [candidate.header.reading.bias for candidate in candidates]
    if any(one.exposure().stops is not None for one in candidates) or None in biases or len(set(biases)) == 1:
        return candidates
    shown = ", ".join(f"{one.path.name} {bias:+g}" for one, bias in zip(candidates, biases, strict=True))
    warnings.warn(f"{_place(candidates)}: no exposure times; ExposureBiasValue is taken: {shown}", stacklevel=3)
    return [replace(candidate, named=Exposure(ev=bias)) for candidate, bias in zip(candidates, biases, strict=True)]


def _warn_lenses(candidates: list[_Candidate]) -> None:
    """Tell where somebody zoomed, or changed the lens, between the frames: no alignment makes them one scene."""
    focal = {one.path.name: one.header.reading.focal_length for one in candidates}
    lengths = {name: length for name, length in focal.items() if length}
    lenses = {one.path.name: one.header.reading.lens for one in candidates if one.header.reading.lens}
    if lengths and max(lengths.values()) > _ZOOMED * min(lengths.values()):
        shown = ", ".join(f"{name} {length:g} mm" for name, length in lengths.items())
        what = "zoomed between the frames"
    elif len(set(lenses.values())) > 1:
        shown, what = ", ".join(f"{name} {lens}" for name, lens in lenses.items()), "several lenses"
    else:
        return
    warnings.warn(f"{_place(candidates)}: {what} ({shown}); leave out those that do not belong", stacklevel=3)


def _stops(frame: Frame) -> float:
    stops = frame.exposure.stops
    assert stops is not None, "checked by _check_known"
    return stops


def _check_distinct(frames: list[Frame]) -> None:
    pairs = itertools.pairwise(frames)
    same = [
        f"{a.path.name} and {b.path.name} ({b.exposure})" for a, b in pairs if _stops(b) - _stops(a) < SAME_EXPOSURE
    ]
    if same:
        place = _place(frames)
        raise InputError(
            f"{place}: expected different exposures, found the same in {'; '.join(same)}; remove one of each"
        )
