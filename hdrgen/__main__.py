"""`python -m hdrgen` is the `hdrgen` command (DDP relaunches the process this way)."""

import sys

from hdrgen.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
