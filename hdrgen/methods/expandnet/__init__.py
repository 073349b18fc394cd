"""Marnerides et al. 2018: three branches, local, dilated and global, expand a photograph."""

from hdrgen.methods.expandnet.module import ExpandNet
from hdrgen.methods.expandnet.network import ExpansionNetwork

__all__ = ["ExpandNet", "ExpansionNetwork"]
