"""What runs left behind, as one HTML page that needs nothing else: no network, no server, no other file.

Read by `runs`, compared in `score_tables` and `curves`, looked at in `viewers`, put together by `page`. Nothing here
imports torch.
"""

from hdrgen.reporting.page import write_page
from hdrgen.reporting.runs import Run, Test, read_runs

__all__ = ["Run", "Test", "read_runs", "write_page"]
