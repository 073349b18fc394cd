"""Importing the room costs little."""

import subprocess
import sys


def test_import_leaves_the_libraries_alone():
    code = (
        "import sys, hdrgen.io; print([m for m in ('torch','OpenImageIO','imageio','rawpy','PIL') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
