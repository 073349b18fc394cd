"""What `predict` settles between method, data and writer before any weights are loaded."""

import inspect
from functools import partial

from hdrgen.callbacks import PredictionWriter
from hdrgen.camera import response_named
from hdrgen.cli.output import all_exist
from hdrgen.data import ExposureStackDataModule
from hdrgen.errors import InputError
from hdrgen.methods import HDRModule


def take_response(method: HDRModule, name: str | None) -> None:
    """Let a method take photographs for those of this camera.

    Raises:
        InputError: It has no use for a response, or there is no such response.
    """
    if name is None:
        return
    if method.learned_merge or "response" not in inspect.signature(type(method)).parameters:
        raise InputError(f"response={name}: {type(method).__name__} takes no response; leave it out", "response")
    method.response = response_named(name)


def settle_predictions(method: HDRModule, data: ExposureStackDataModule, writer: PredictionWriter) -> None:
    """Make no exposures that nobody reads, and leave out what is there already, telling so first.

    Raises:
        SystemExit: With status 0, where all is there.
    """
    method.keeps_exposures = writer.exposures is not None
    if writer.skip_existing:
        data.is_done = partial(writer.files.complete, ev=method.stack_ev if method.generates else ())
        scenes = data.photographs_for(method)
        done = sum(data.is_done(scenes.scene(index)) for index in range(len(scenes)))
        if all_exist(done, len(scenes), "scenes"):
            raise SystemExit(0)
