"""DNG as a format of results: radiance for programs that develop RAW."""

from hdrgen.io.codecs.dng.codec import Dng

__all__ = ["Dng"]
