"""Protocols from YAML."""

import functools
from pathlib import Path

from jsonargparse import ArgumentError, ArgumentParser

from hdrgen import configs
from hdrgen.errors import InputError
from hdrgen.metrics.protocol import EvaluationProtocol
from hdrgen.plain_files import OWN, read_yaml


@functools.cache
def load_protocol(protocol: str) -> EvaluationProtocol:
    """A protocol by name or file; in a notebook, for `model.protocols["test"]`.

    Args:
        protocol: Name of a packaged one, or a YAML file.

    Raises:
        InputError: There is neither, or the file does not describe a protocol.

    >>> load_protocol("quick").directions()["psnr"]
    True
    """
    path = Path(protocol) if Path(protocol).is_file() else configs.protocol_path(protocol)
    if not path.is_file():
        raise InputError(f"no protocol {protocol!r} (packaged: {', '.join(configs.protocol_names())})")
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(EvaluationProtocol, "protocol")
    try:
        settings = parser.parse_object({"protocol": read_yaml(path, OWN)})
    except ArgumentError as error:
        raise InputError(f"expected a protocol in {path}, found: {' '.join(str(error).split())}") from error
    loaded: EvaluationProtocol = parser.instantiate(settings).protocol
    return loaded
