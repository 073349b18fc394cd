"""Pixels and exposure metadata in and out of files, as NumPy arrays."""

from hdrgen.io.exposure import Exposure, Frame
from hdrgen.io.exposure_lists import read_exposure_list
from hdrgen.io.finding import find_images
from hdrgen.io.headers import Header, read_exposure, read_header
from hdrgen.io.image import Image
from hdrgen.io.readers import read_image
from hdrgen.io.stack import read_stack
from hdrgen.io.writers import write_image

__all__ = [
    "Exposure",
    "Frame",
    "Header",
    "Image",
    "find_images",
    "read_exposure",
    "read_exposure_list",
    "read_header",
    "read_image",
    "read_stack",
    "write_image",
]
