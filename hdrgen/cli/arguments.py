"""Arguments before the parsers see them: packaged configs by name, several files after one option."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hdrgen import configs
from hdrgen.errors import InputError, suggest
from hdrgen.plain_files import OWN, read_yaml

CONFIG_OPTIONS = ("--config", "-c")
PROTOCOL_OPTIONS = ("--evaluation", "--validation")
OUTPUT_OPTIONS = ("-o", "--output")
TABLE_OPTION = "--table"
LIST_OPTIONS = ("--data.predict",)
"""Options that take every value up to the next option, as a shell's `*.jpg` gives them."""


_ESCAPED = re.compile("[\\x7f-\\xa0\\u2028\\u2029\\ud800-\\udfff\\ufeff\\ufffe\\uffff]")
"""Line ends and what YAML does not read as it is."""


def options_in(text: str) -> list[str]:
    """The options that a help text names.

    >>> options_in("usage: hdrgen methods [-h] [--json]")
    ['--json']
    """
    return sorted({name for name in re.findall(r"--[\w.]*\w", text) if not name.endswith(".help")})


def resolve_config(value: str) -> str:
    """Path of a configuration: `value` itself when such a file exists, else what is packaged under that name.

    Raises:
        InputError: There is none.
    """
    if file := _existing(value, configs.path_of(value)):
        return file
    prefix = f"{configs.EXPERIMENTS}/" if value.startswith(f"{configs.EXPERIMENTS}/") else ""
    experiments = [f"{prefix}{name}" for name in configs.experiment_names()]
    raise _unknown(value, "configuration", configs.names(), experiments)


def resolve_protocol(value: str) -> str:
    """Path of an evaluation protocol: `value` itself when such a file exists, else the packaged one of that name.

    Raises:
        InputError: There is neither.
    """
    if file := _existing(value, configs.protocol_path(value)):
        return file
    raise _unknown(value, "protocol", configs.protocol_names())


def _existing(value: str, packaged: Path) -> str | None:
    if Path(value).is_file():
        return value
    return str(packaged) if packaged.is_file() else None


def _unknown(value: str, kind: str, names: Sequence[str], others: Sequence[str] = ()) -> InputError:
    near = suggest(value, [*names, *others])
    rest = "; overlays: see hdrgen configs" if others else ""
    return InputError(f"no {kind} file and no packaged {kind} {value!r}{near} (packaged: {', '.join(names)}{rest})")


def prepare(arguments: Sequence[str]) -> list[str]:
    """Arguments in the form that a LightningCLI parser reads.

    `--config NAME` becomes the path of the packaged file, `--evaluation NAME` that of a protocol on top of a blank one,
    and `--data.predict a.jpg b.jpg` one list. Options win from left to right, but for the output folder, which a saved
    configuration after it would reset.

    Raises:
        InputError: An argument that is no UTF-8, but for one of several photographs, which is left out with a warning.

    >>> prepare(["--data.predict", "a.jpg", "b.jpg", "--seed_everything=1"])
    ['--data.predict=["a.jpg", "b.jpg"]', '--seed_everything=1']
    """
    output = value_of(arguments, *OUTPUT_OPTIONS)
    last = [] if output is None else [f"{OUTPUT_OPTIONS[1]}={output}"]
    tokens = [token for option, values in _options(arguments) for token in _rewrite(option, values)] + last
    return [_in_utf8(token) for token in tokens]


def as_value(value: object) -> str:
    r"""Plain data as the value of an option, which is read as YAML.

    YAML takes JSON but for characters beyond 16 bits: JSON escapes them in two halves, which YAML reads as two.

    >>> print(as_value(["a.jpg", "\N{SUNRISE}.jpg", "\x85"]))
    ["a.jpg", "🌅.jpg", "\u0085"]
    """
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _in_utf8(argument: str) -> str:
    try:
        argument.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{argument!a}: expected a name in UTF-8, found other bytes; rename it") from error
    return argument


def _usable(files: list[str]) -> list[str]:
    if len(files) == 1:
        return [_in_utf8(files[0])]
    from hdrgen.io import with_usable_names  # with NumPy, for which no help should wait

    usable = with_usable_names("the files", map(Path, files))
    return [file for file in files if Path(file) in usable]


def value_of(arguments: Sequence[str], *names: str) -> str | None:
    """The last value given for an option, under any of its names.

    >>> value_of(["--ckpt_path=a", "-o", "b", "--ckpt_path", "c"], "--ckpt_path")
    'c'
    """
    return next((value for value in reversed(list(_values(arguments, names)))), None)


def without(arguments: Sequence[str], name: str, words: bool = False) -> list[str]:
    """The arguments without an option and its value; what else follows it stays, unless its `words` go, too.

    >>> without(["--ckpt_path", "a", "-o", "b", "--ckpt_path=c", "d"], "--ckpt_path")
    ['-o', 'b', 'd']
    """
    kept = list[str]()
    for option, values in _options(arguments):
        if option.partition("=")[0] != name:
            kept += [option] * bool(option) + values
        else:
            kept += [] if words else values if "=" in option else values[1:]
    return kept


def beyond_the_value(arguments: Sequence[str], name: str) -> list[str]:
    """Words that follow the value of an option that has one, as a shell's pattern leaves them.

    >>> beyond_the_value(["--ckpt_path", "a.ckpt", "b.ckpt", "-o", "c"], "--ckpt_path")
    ['b.ckpt']
    """
    found = ((option, values) for option, values in _options(arguments) if option.partition("=")[0] == name)
    return [word for option, values in found for word in (values if "=" in option else values[1:])]


def named_method(arguments: Sequence[str]) -> str | None:
    """The class that the arguments name as `--model`, or that their configurations do; the last one wins.

    >>> named_method(["--model", "LinearGain", "--model.gamma", "2.4"])
    'LinearGain'
    """
    named = None
    for option, values in _options(arguments):
        option, _, value = option.partition("=")
        value = value or next(iter(values), "")
        if option in ("--model", "--model.class_path"):
            named = value
        elif option in CONFIG_OPTIONS and value:
            named = _method_of_config(Path(resolve_config(value))) or named
    return named


def overlay_alone(arguments: Sequence[str]) -> str | None:
    """The configuration that changes a method which nothing before names, or the last one where nothing names any."""
    named, unnamed = False, None
    for option, values in _options(arguments):
        option, _, value = option.partition("=")
        value = value or next(iter(values), "")
        if option in CONFIG_OPTIONS and value:
            path = Path(resolve_config(value))
            named = named or _method_of_config(path) is not None
            if not named and _settings_of(path).get("model"):
                return value
            unnamed = value
        named = named or option in ("--model", "--model.class_path")
    return None if named else unnamed


def in_configs(arguments: Sequence[str], name: str) -> str | None:
    """What the configurations among the arguments say of a setting of the verb itself; the last one wins."""
    said = [_settings_of(file).get(name) for file in config_files(arguments)]
    return next((str(value) for value in reversed(said) if value is not None), None)


def config_files(arguments: Sequence[str]) -> list[Path]:
    """The files of all configurations among the arguments."""
    options = ((option.partition("="), values) for option, values in _options(arguments))
    files = [value or next(iter(values), "") for (option, _, value), values in options if option in CONFIG_OPTIONS]
    return [Path(resolve_config(file)) for file in files if file]


def _method_of_config(path: Path) -> str | None:
    model = _settings_of(path).get("model")
    return model.get("class_path") if isinstance(model, dict) else model


def _settings_of(path: Path) -> dict[str, Any]:
    content = read_yaml(path, OWN)
    if not isinstance(content, dict):
        raise InputError(f"expected settings in {path}, `key: value` in each line, found {content or 'nothing'}")
    return content


def _values(arguments: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    for option, values in _options(arguments):
        option, equals, value = option.partition("=")
        if option in names and (equals or values):
            yield value if equals else values[0]


def _options(arguments: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option with the values that follow it; the values before the first option belong to the empty one."""
    option, values = "", list[str]()
    for argument in arguments:
        if argument.startswith("-") and not _is_number(argument):
            yield option, values
            option, values = argument, []
        else:
            values.append(argument)
    yield option, values


def _rewrite(option: str, values: list[str]) -> list[str]:
    name, equals, value = option.partition("=")
    if name in (*CONFIG_OPTIONS, *LIST_OPTIONS, *PROTOCOL_OPTIONS) and equals:
        option, values = name, [value, *values]
    if option in CONFIG_OPTIONS and values:
        file = resolve_config(values[0])
        return [*_blank_protocols(Path(file)), option, file, *values[1:]]
    if option in PROTOCOL_OPTIONS and values:
        return [f"{option}={configs.path_of(configs.PROTOCOL)}", f"{option}={resolve_protocol(values[0])}", *values[1:]]
    if name == TABLE_OPTION and (value or values):  # its format, by far the most frequent of its settings
        return [f"{TABLE_OPTION}.format={value or values[0]}", *values[not value :]]
    if option in LIST_OPTIONS and values and not values[0].startswith("["):
        return [f"{option}={as_value(_usable(values))}"]
    return [option, *values] if option else values


def _blank_protocols(config: Path) -> list[str]:
    """What a configuration saved by an earlier hdrgen starts from: its protocols have no settings of today's own."""
    given = _settings_of(config) if config.is_file() else {}
    blank = configs.path_of(configs.PROTOCOL)
    whole = [name for name in PROTOCOL_OPTIONS if _is_whole(given.get(name.lstrip("-")))]
    return [f"{name}={blank}" for name in whole]


def _is_whole(protocol: object) -> bool:
    """Whether it says all that an evaluation protocol said before some numbers were given twice."""
    known = protocol.keys() if isinstance(protocol, dict) else set[str]()
    return {"name", "luminance_metrics"} <= known and "crf_correction" not in known


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
