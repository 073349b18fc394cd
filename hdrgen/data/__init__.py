"""Scenes in, batches out: one data module, one file per dataset layout, rendering and sampling of stacks."""

from hdrgen.data.sample import Sample
from hdrgen.data.selection import RandomPair, Selection, WholeStack

__all__ = ["RandomPair", "Sample", "Selection", "WholeStack"]
