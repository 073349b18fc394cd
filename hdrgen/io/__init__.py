"""Pixels and exposure metadata in and out of files, as NumPy arrays."""

from hdrgen.io.colour import BT709, BT2020, COLOUR_SPACES, DISPLAY_P3, ColourSpace, colour_space_named
from hdrgen.io.exposure import Camera, Exposure, Frame
from hdrgen.io.headers import Header, read_exposure, read_header
from hdrgen.io.image import Image
from hdrgen.io.metadata.tags import read_tags
from hdrgen.io.output import Tags, complete_or_nothing
from hdrgen.io.readers import read_image
from hdrgen.io.stacks.exposure_lists import read_exposure_list
from hdrgen.io.stacks.exposure_names import exposure_from_name
from hdrgen.io.stacks.finding import find_images, images_in
from hdrgen.io.stacks.ordering import natural_key
from hdrgen.io.stacks.stack import read_stack
from hdrgen.io.writers import check_writable, write_image

__all__ = [
    "BT709",
    "BT2020",
    "COLOUR_SPACES",
    "DISPLAY_P3",
    "Camera",
    "ColourSpace",
    "Exposure",
    "Frame",
    "Header",
    "Image",
    "Tags",
    "check_writable",
    "colour_space_named",
    "complete_or_nothing",
    "exposure_from_name",
    "find_images",
    "images_in",
    "natural_key",
    "read_exposure",
    "read_exposure_list",
    "read_header",
    "read_image",
    "read_stack",
    "read_tags",
    "write_image",
]
