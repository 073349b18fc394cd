"""Everything with a side effect: prediction files, image grids, metric tables, the saved config."""

from hdrgen.callbacks.csv_log import go_on
from hdrgen.callbacks.end_line import EndLine
from hdrgen.callbacks.ending import EarlyEnd
from hdrgen.callbacks.extremes import Extremes
from hdrgen.callbacks.folders import run_folder
from hdrgen.callbacks.grid import ImageGrid, contact_sheet
from hdrgen.callbacks.last import LastCheckpoint
from hdrgen.callbacks.not_finite import NotFinite
from hdrgen.callbacks.progress import PlainProgress
from hdrgen.callbacks.recomputation import ActivationCheckpointing
from hdrgen.callbacks.result_files import ResultFiles, file_name
from hdrgen.callbacks.save_config import SaveConfig
from hdrgen.callbacks.table import MetricsTable
from hdrgen.callbacks.writer import PredictionWriter

__all__ = [
    "ActivationCheckpointing",
    "EarlyEnd",
    "EndLine",
    "Extremes",
    "ImageGrid",
    "LastCheckpoint",
    "MetricsTable",
    "NotFinite",
    "PlainProgress",
    "PredictionWriter",
    "ResultFiles",
    "SaveConfig",
    "contact_sheet",
    "file_name",
    "go_on",
    "run_folder",
]
