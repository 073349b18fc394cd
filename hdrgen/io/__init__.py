"""Pixels and exposure metadata in and out of files, as NumPy arrays."""

from hdrgen.io.arrays import ARRAY_SUFFIX, read_array
from hdrgen.io.available_memory import free_memory
from hdrgen.io.clipping import ClipLevel, clip_levels
from hdrgen.io.codecs.jpeg_with_gain import takes_gain_map, write_with_gain
from hdrgen.io.codecs.openexr import half_holds
from hdrgen.io.codecs.png import is_hdr_png
from hdrgen.io.colour import (
    BT709,
    BT2020,
    COLOUR_SPACES,
    DISPLAY_P3,
    ColourSpace,
    Values,
    colour_space_named,
    conversion,
    converted,
    named_like,
    rgb_to_xyz,
    same_colours,
    srgb_decoded,
    srgb_encoded,
)
from hdrgen.io.development import BALANCES, DEMOSAIC, HIGHLIGHTS, RawDevelopment
from hdrgen.io.exposure import MOST_STOPS, SAME_EXPOSURE, Camera, Exposure, Frame, check_span
from hdrgen.io.formats import FileFormat, is_result, suffix_of
from hdrgen.io.headers import Header, has_gain_map, read_exposure, read_header, read_tags
from hdrgen.io.image import Image
from hdrgen.io.levels import quantised, white_of_floats
from hdrgen.io.memory import check_memory
from hdrgen.io.metadata.exif import MADE
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import notes_held
from hdrgen.io.paths import complete_or_nothing, with_usable_names, write_complete
from hdrgen.io.readers import read_image
from hdrgen.io.rows import row_slices, rows_of
from hdrgen.io.sidecars import keep_sidecars
from hdrgen.io.stacks.exposure_lists import read_exposure_list
from hdrgen.io.stacks.exposure_names import exposure_from_name
from hdrgen.io.stacks.finding import find_images, images_in
from hdrgen.io.stacks.ordering import natural_key
from hdrgen.io.stacks.originals import originals
from hdrgen.io.stacks.raw_stack import is_raw, shared_development
from hdrgen.io.stacks.scenes import Scene, grouped, of_no_bracket, tell_single
from hdrgen.io.stacks.stack import UnknownExposureError, comparable, read_stack, true_times
from hdrgen.io.stacks.turning import Turning, turned_alike
from hdrgen.io.white import White, WhiteLevel, white_level, white_values
from hdrgen.io.writers import check_writable, depth_for, write_image

__all__ = [
    "ARRAY_SUFFIX",
    "BALANCES",
    "BT709",
    "BT2020",
    "COLOUR_SPACES",
    "DEMOSAIC",
    "DISPLAY_P3",
    "HIGHLIGHTS",
    "MADE",
    "MOST_STOPS",
    "SAME_EXPOSURE",
    "Camera",
    "ClipLevel",
    "ColourSpace",
    "Exposure",
    "FileFormat",
    "Frame",
    "Header",
    "Image",
    "RawDevelopment",
    "Scene",
    "Tags",
    "Turning",
    "UnknownExposureError",
    "Values",
    "White",
    "WhiteLevel",
    "check_memory",
    "check_span",
    "check_writable",
    "clip_levels",
    "colour_space_named",
    "comparable",
    "complete_or_nothing",
    "conversion",
    "converted",
    "depth_for",
    "exposure_from_name",
    "find_images",
    "free_memory",
    "grouped",
    "half_holds",
    "has_gain_map",
    "images_in",
    "is_hdr_png",
    "is_raw",
    "is_result",
    "keep_sidecars",
    "named_like",
    "natural_key",
    "notes_held",
    "of_no_bracket",
    "originals",
    "quantised",
    "read_array",
    "read_exposure",
    "read_exposure_list",
    "read_header",
    "read_image",
    "read_stack",
    "read_tags",
    "rgb_to_xyz",
    "row_slices",
    "rows_of",
    "same_colours",
    "shared_development",
    "srgb_decoded",
    "srgb_encoded",
    "suffix_of",
    "takes_gain_map",
    "tell_single",
    "true_times",
    "turned_alike",
    "white_level",
    "white_of_floats",
    "white_values",
    "with_usable_names",
    "write_complete",
    "write_image",
    "write_with_gain",
]
