"""What runs left behind, or HDR images, as one HTML page that needs nothing else: no network, no server, no other file.

Runs are read by `runs`, compared in `score_tables` and `curves`, looked at in `viewers`, put together by `page`;
`view_page` shows images in the same viewer. Nothing here imports torch.
"""

from hdrgen.reporting.page import write_page
from hdrgen.reporting.runs import Run, Test, read_runs
from hdrgen.reporting.view_page import write_view

__all__ = ["Run", "Test", "read_runs", "write_page", "write_view"]
