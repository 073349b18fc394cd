"""What shells need to complete verbs and options."""

from hdrgen.cli.shells.completion import SHELLS, completion_of

__all__ = ["SHELLS", "completion_of"]
