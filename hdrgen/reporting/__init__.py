"""What runs left behind, or HDR images, as one HTML page that needs nothing else: no network, no server, no other file.

Runs are read by `runs`, compared in `score_tables` and `curves`, looked at in `viewers`, put together by `page`; of
many tests, `boards` ranks the methods, as far as `significance` tells them apart; `view_page` shows images in the
viewer of the report. Nothing here imports torch.
"""

from hdrgen.reporting.board_texts import as_tables
from hdrgen.reporting.boards import SEEDS, Board, read_boards
from hdrgen.reporting.leaderboard import write_leaderboard
from hdrgen.reporting.page import write_page
from hdrgen.reporting.runs import Run, Test, read_runs, short_names
from hdrgen.reporting.significance import comparisons, interval, leaders
from hdrgen.reporting.view_page import write_view

__all__ = [
    "SEEDS",
    "Board",
    "Run",
    "Test",
    "as_tables",
    "comparisons",
    "interval",
    "leaders",
    "read_boards",
    "read_runs",
    "short_names",
    "write_leaderboard",
    "write_page",
    "write_view",
]
