"""`hdrgen merge`: exposures of a scene to one HDR image."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdrgen.cli import (
    LEARNED_MERGES,
    CommandParser,
    add_bracket_arguments,
    add_colour_argument,
    add_config_argument,
    add_network_arguments,
    add_output_arguments,
    add_raw_arguments,
    add_size_argument,
    add_skip_argument,
    add_white_argument,
    asked_network,
    bracket_of,
    bracket_scenes,
    for_each,
    joined,
    left_to_do,
    output_files,
    with_config,
)
from hdrgen.commands.finishing import FORMATS, PictureOptions, add_picture_arguments, format_of, wants_plain_help
from hdrgen.commands.merge_scene import DISPLAY, cost_since, merge_scene, merge_scene_learned, needs_torch, preview_of
from hdrgen.errors import InputError
from hdrgen.lazy import import_meanwhile
from hdrgen.text_table import text_table

if TYPE_CHECKING:
    from hdrgen.io import Scene

METHODS = ("debevec", "linear", "robertson", "mertens", *LEARNED_MERGES)
"""The last ones are trained networks; `hdrgen predict` merges with them."""
LEARNED = "hdr_gan"
"""The one that `--deghost learned` means."""
PATCHES = "patches"
"""The word after `--deghost` that fills the place of what moves."""
KINDS = ("learned", PATCHES)
"""All words after `--deghost`."""
PICTURES = (".png", ".jpg", ".jpeg")
"""What is a finished picture by its suffix; .tif is radiance unless --format says otherwise."""


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Merge exposures of a scene to one HDR image, or with -o NAME.jpg or .png to a finished picture."
        " Radiance 1 is what just reaches white in the middle exposure (EV 0), unless --scale-like says otherwise. Of a"
        " folder with several scenes, each is merged, and a table at the end says which were.",
    )
    add_bracket_arguments(options)
    add_output_arguments(
        options, "file (.exr .hdr .tif .dng .. .jpg .png); a folder for several scenes (default: SCENE.exr here)"
    )
    add_skip_argument(options)
    options.add_argument(
        "--method",
        choices=METHODS,
        default="debevec",
        help="mertens makes a picture, of 16 bits where photographs and format have them (default: %(default)s)",
    )
    _add_ways(options)
    options.add_argument("--preview", action="store_true", help="also write NAME_preview.jpg, tone-mapped")
    add_picture_arguments(
        options, "make finished pictures, also of scenes into a folder; png16 and tif have 16 bits (default: by -o)"
    )
    add_white_argument(options)
    add_raw_arguments(options)
    add_colour_argument(
        options, "that of the photographs; of .avif, .jxl and .pq.png bt2020, of finished pictures bt709"
    )
    add_network_arguments(options, "network of --method, where that is one (default: the weights of its name)")
    add_size_argument(options)
    add_config_argument(options, "align: none")
    return options


def _add_ways(options: CommandParser) -> None:
    """How exposures are decoded, aligned, weighed and scaled."""
    options.add_argument(
        "--response",
        default="auto",
        help="estimate, linear, srgb, gamma:2.2, or a FILE that `hdrgen crf` wrote; auto is linear for RAW and float,"
        " else estimate (default: %(default)s)",
    )
    options.add_argument(
        "--align",
        choices=("homography", "mtb", "none"),
        default="homography",
        help="mtb finds shifts only (default: %(default)s)",
    )
    options.add_argument(
        "--deghost",
        action="store_true",
        help="leave out what moves: only one exposure shows it. `--deghost patches` fills its place (seconds for each"
        " megapixel), `--deghost learned` is --method hdr_gan, a network",
    )
    options.add_argument(
        "--fit-exposures", action="store_true", help="by the pixels: where shutter times are rounded, or light changes"
    )
    options.add_argument(
        "--scale-like",
        type=Path,
        metavar="EXR",
        help="one scale for all sets of a panorama: that of an image merged before, such as first.exr",
    )


def run(verb: str, arguments: Sequence[str]) -> None:
    """Merge every bracket, and say what was done with each file.

    Raises:
        InputError: Options that contradict each other, exposures that are unknown or cannot be merged; of several
            scenes, those that can be merged are.
    """
    typed = with_config(arguments)
    options = _parsed(verb, joined(_one_word(typed)))
    if options.deghost and _deghosts(typed, PATCHES):
        options.deghost = PATCHES
    _check(options)
    if needs_torch(options):
        import_meanwhile("torch")
    from hdrgen.bracket import known_response

    known_response(options.response)  # before photographs are read for one that is none
    scenes = bracket_scenes(options)
    suffix = ".png" if options.method == DISPLAY else ".exr"
    suffix = FORMATS[options.format].suffix if options.format else suffix
    outputs = output_files(options.output, [scene.name for scene in scenes], suffix)
    _check_outputs(options, outputs)
    every = list(zip(scenes, outputs, strict=True))
    start = time.monotonic()
    sources = [path for scene in scenes for path in (*scene.photographs, *scene.single)]
    sources += [options.scale_like] if options.scale_like else []
    pairs = left_to_do(every, partial(_files_of, options), options, "scenes", sources)
    if not pairs:
        return
    if options.method in LEARNED_MERGES:
        from hdrgen.cli import trained

        network = trained(asked_network(options) or options.method, LEARNED_MERGES[options.method])
        _check_network(network, options.method)
        merge_one = partial(merge_scene_learned, options, network)
    else:
        merge_one = partial(merge_scene, options)

    def merge_pair(pair: tuple[Scene, Path]) -> None:
        merge_one(bracket_of(options, pair[0]), pair[1])

    for_each(pairs, "scenes", merge_pair, partial(_summarise, every, pairs, start))


def _parsed(verb: str, arguments: Sequence[str]) -> Namespace:
    """The options, with how pictures are finished, where some are asked for, as `finish`, and their bits."""
    asks_for_help = bool({"-h", "--help"} & set(arguments))
    if not asks_for_help or wants_plain_help(arguments):
        options, _ = parser(verb).parse_known_args(arguments)
        if not _finished(options):
            options = parser(verb).parse_args(arguments)
            options.finish, options.bits = None, format_of(options).bits if options.format else None
            return options
    options, finish = PictureOptions(parser(verb), arguments).parse_finish(arguments)
    options.finish, options.bits = finish, format_of(options).bits
    return options


def _finished(options: Namespace) -> bool:
    """Whether pictures are asked for that a tone mapper makes of radiance."""
    from hdrgen.io import suffix_of

    if options.method == DISPLAY:
        return False
    output: Path | None = options.output
    named = output is not None and not output.is_dir() and suffix_of(output) in PICTURES
    return named or options.format is not None


def _summarise(
    every: Sequence[tuple[Scene, Path]],
    tried: Sequence[tuple[Scene, Path]],
    start: float,
    failed: Sequence[tuple[Any, str]],
) -> None:
    """Say of several scenes which were merged, why others were not, and what it took."""
    reasons = {id(pair): reason for pair, reason in failed}
    rows = []
    for pair in every:
        scene, output = pair
        state = "failed" if id(pair) in reasons else "done" if pair in tried else "there already"
        rows.append((scene.name, str(len(scene.photographs)), state, reasons.get(id(pair), str(output))))
    states = [row[2] for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    if len(every) > 1:
        print("\n".join(text_table([("scene", "photographs", "", "file, or why not"), *rows], right=[1])))
        print(f"{len(every)} scenes: {counts}; {cost_since(start)}", flush=True)
    from hdrgen.io import of_no_bracket

    if told := of_no_bracket([scene for scene, _ in every]):
        print(told, flush=True)


def _one_word(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--deghost learned` as the method that it means, and `--deghost patches` as the switch.

    A word after a switch would be a photograph.

    >>> _one_word(["a.jpg", "b.jpg", "--deghost", "learned"])
    ['a.jpg', 'b.jpg', '--method=hdr_gan']
    >>> _one_word(["--deghost=patches", "a.jpg", "b.jpg"])
    ['--deghost', 'a.jpg', 'b.jpg']
    """
    words = list(arguments)
    _refuse_misspelt(words)
    for kind, whole in (("learned", f"--method={LEARNED}"), (PATCHES, "--deghost")):
        for at in reversed(_deghosts(words, kind)):
            words[at : at + 1 + ("=" not in words[at])] = [whole]
    return words


def _refuse_misspelt(words: Sequence[str]) -> None:
    """After a blank, only what nearly is one of the words: all else may be a photograph."""
    for word, after in pairwise([*words, ""]):
        near = word == "--deghost" and get_close_matches(after, KINDS, cutoff=0.75) and not Path(after).exists()
        found = after if near else word.partition("=")[2] if word.startswith("--deghost=") else KINDS[0]
        if found not in KINDS:
            raise InputError(f"--deghost: expected {' or '.join(KINDS)}, or no word, found {found!r}")


def _deghosts(words: Sequence[str], kind: str) -> list[int]:
    """Where `--deghost` stands with this word."""
    return [
        at
        for at, word in enumerate(words)
        if word == f"--deghost={kind}" or list(words[at : at + 2]) == ["--deghost", kind]
    ]


def _files_of(options: Namespace, pair: tuple[Scene, Path]) -> list[Path]:
    """What is written of one scene."""
    output = pair[1]
    return [output, preview_of(output)] if options.preview else [output]


def _check(options: Namespace) -> None:
    asked, method = asked_network(options), options.method
    learned = method in LEARNED_MERGES
    if asked is not None and not learned:
        meant = f"a network merges by --method {_meant(asked)} only, found --method {method}"
        raise InputError(f"{asked}: {meant}; pass both or neither")
    given = any(getattr(options, name) is not None for name in ("times", "ev", "ev_step"))
    if learned and given:
        raise InputError(f"--method {method}: expected exposures in the files or in exposures.csv beside them")
    if method == DISPLAY and options.preview:
        raise InputError(f"--preview: --method {DISPLAY} makes a picture already; leave --preview out")
    _check_picture(options)
    if (learned or method == DISPLAY) and options.response != "auto":
        raise InputError(f"--response is for merges to radiance, not for --method {method}; leave one out")
    if (learned or method == DISPLAY) and options.fit_exposures:
        raise InputError(f"--fit-exposures is for merges to radiance, not for --method {method}; leave one out")
    if learned and _develops(options):
        raise InputError(
            f"--method {method} reads photographs as they are; leave out --white and the options of camera RAW"
        )
    if (learned or method == DISPLAY) and options.deghost:
        raise InputError(f"--deghost is for merges to radiance, not for --method {method}; leave one out")
    if method == DISPLAY and options.scale_like:
        raise InputError(f"--scale-like is for radiance, of which --method {DISPLAY} makes none; leave one out")
    if options.scale_like and not options.scale_like.is_file():
        raise InputError(f"--scale-like {options.scale_like}: expected an HDR image that exists; merge that one first")


def _check_picture(options: Namespace) -> None:
    """Refuse what is said of finished pictures where there is none, and what contradicts them."""
    if options.finish is not None and options.preview:
        raise InputError("--preview: the result is a picture already; leave --preview out")
    maps = [name for name in ("operator", "preset") if getattr(options, name) is not None]
    if options.method == DISPLAY and maps:
        raise InputError(f"--{maps[0]} is for radiance, of which --method {DISPLAY} makes none; leave one out")
    graded = [name for name in ("saturation", "contrast") if getattr(options, f"picture_{name}") is not None]
    graded += ["quality"] * (options.quality is not None)
    if options.finish is None and options.method != DISPLAY and (maps or graded):
        expected = "such as -o NAME.jpg, or --format jpg for scenes into a folder"
        raise InputError(f"--{(maps + graded)[0]} is for finished pictures; ask for one, {expected}, or leave it out")


def _meant(asked: str) -> str:
    """The method that a network's name speaks of, or all that are networks."""
    named = [word for word in LEARNED_MERGES if Path(asked).name.startswith(word)]
    return max(named, key=len, default=", ".join(LEARNED_MERGES))


def _check_network(file: Path, method: str) -> None:
    """Refuse a file of another method's weights."""
    found, wanted = _class_in(file), LEARNED_MERGES[method]
    if found not in (None, wanted):
        words = [word for word, name in LEARNED_MERGES.items() if name == found]
        advice = f"pass --method {words[0]}" if words else "pass others, since these merge no photographs"
        raise InputError(f"{file}: expected weights of {wanted}, found {found}; {advice}")


def _class_in(file: Path) -> str | None:
    """The class that a file is of; None where it says none, or cannot be read: `hdrgen predict` then says why."""
    from hdrgen.weights import class_name_in, read_checkpoint, read_header, weights_in

    weights = weights_in(file)
    try:
        if weights.suffix == ".safetensors":  # whose header says it; its tensors are read once, to merge
            return read_header(weights).method or None
        return class_name_in(read_checkpoint(weights))
    except InputError:
        return None


def _develops(options: Namespace) -> bool:
    """Whether something was said of white, or of RAW."""
    from hdrgen.io import RawDevelopment

    usual = vars(RawDevelopment())
    return any(value != usual[name] for name, value in vars(options).items() if name in usual)


def _check_outputs(options: Namespace, outputs: Sequence[Path]) -> None:
    from hdrgen.io import check_writable, suffix_of

    for output in outputs:
        check_writable(output)
        if options.method == DISPLAY and suffix_of(output) not in (*PICTURES, ".tif", ".tiff"):
            raise InputError(f"{output}: --method {DISPLAY} makes a picture; expected .png, .jpg or .tif")
