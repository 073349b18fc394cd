"""Photographs of phones: HEIC, as HEVC pictures in HEIF files are called."""

from hdrgen.io.codecs.heif.codec import Heic

__all__ = ["Heic"]
