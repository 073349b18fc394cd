"""Tests of several networks at once."""

from hdrgen.cli.scoring.several import each_network, score_each

__all__ = ["each_network", "score_each"]
