"""What `predict` settles between method, data and writer before any weights are loaded."""

from functools import partial

from hdrgen.callbacks import PredictionWriter
from hdrgen.cli.output import all_exist
from hdrgen.data import ExposureStackDataModule
from hdrgen.methods import HDRModule


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
