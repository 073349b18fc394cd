"""What Lightning and torch say that tells a user of hdrgen nothing."""

import contextlib
import logging
import warnings
from collections.abc import Iterator

HARMLESS = (
    "The dirpath has changed",
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",
    "You have overridden `on_before_batch_transfer` in `LightningModule`",
    "The number of training batches .* is smaller than the logging interval",
    "The .* does not have many workers",
    "This DataLoader will create .* worker processes",
    "Total length of `list` across ranks is zero",
    "Detected pickle protocol",
    "Be aware that when using `ckpt_path`, callbacks used to create the checkpoint",
)
"""Beginnings of warnings, as regular expressions."""
NO_NEWS = ("💡", "TPU available: False", "`Trainer(limit_", "Seed set to")
"""Beginnings of log messages."""
TALKERS = ("pytorch_lightning.utilities.rank_zero", "lightning_fabric.utilities.seed")


@contextlib.contextmanager
def less_noise(verb: str) -> Iterator[None]:
    """Leave out what Lightning says about itself, and outside training all but its warnings."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        for message in HARMLESS:
            warnings.filterwarnings("ignore", message)
        for name in TALKERS:
            stack.enter_context(_quieter(logging.getLogger(name), verb))
        yield


@contextlib.contextmanager
def _quieter(logger: logging.Logger, verb: str) -> Iterator[None]:
    level = logger.level
    logger.addFilter(_is_news)
    if verb != "fit":
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.removeFilter(_is_news)
        logger.setLevel(level)


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(NO_NEWS)
