"""Scenes in, batches out: one data module, one file per dataset layout, rendering and sampling of stacks.

Imports go down: `module`, then `prediction`, `datasets`, `virtual` and `shards`, and below them the files that all
of these share (`dataset`, `reading`, `selection`, `sample`, ...), which import none of the former.
"""

from hdrgen.data.augmentation import Augmentation
from hdrgen.data.collation import Batch, collate
from hdrgen.data.dataset import SelectedExposures, StackDataset, derived_generator, local_reference
from hdrgen.data.datasets.drtmo import DrTMO, DrTMOPairs, write_pairs
from hdrgen.data.datasets.fairchild import Fairchild
from hdrgen.data.datasets.folder import ExposureStackFolder
from hdrgen.data.datasets.folder_writing import write_stack
from hdrgen.data.datasets.hdreye import HDREye
from hdrgen.data.datasets.kalantari import Kalantari
from hdrgen.data.datasets.ntire import NTIRE2021
from hdrgen.data.datasets.raise_ import RAISE
from hdrgen.data.datasets.sen import Sen
from hdrgen.data.datasets.sice import SICE
from hdrgen.data.datasets.tursun import Tursun
from hdrgen.data.datasets.vds import VDS
from hdrgen.data.decoded import DecodedCache, cached_in, clear_cache
from hdrgen.data.module import ExposureStackDataModule
from hdrgen.data.optimal import optimal_exposures
from hdrgen.data.prediction.brackets import Brackets
from hdrgen.data.prediction.single import Photographs, PhotographSource
from hdrgen.data.reading import photograph_of, read_photograph
from hdrgen.data.sample import GAIN_MAP, LINEAR, RESPONSE_LEVELS, Sample
from hdrgen.data.selection import (
    EV_TOLERANCE,
    EveryStep,
    FromReference,
    NeighbouringPair,
    RandomPair,
    Selection,
    TheseExposures,
    ThreeExposures,
    WholeStack,
    WholeStackByRank,
    whole_steps,
)
from hdrgen.data.shards.checking import check_packed
from hdrgen.data.shards.stacks import PackedStacks
from hdrgen.data.shards.writing import Packed, Packing, pack
from hdrgen.data.virtual.finish import Finish
from hdrgen.data.virtual.motion import Motion
from hdrgen.data.virtual.moving_scenes import MovingScenes, bracket_camera
from hdrgen.data.virtual.panorama import Views
from hdrgen.data.virtual.procedural import ProceduralScenes, procedural_radiance
from hdrgen.data.virtual.rendered import RenderedStacks
from hdrgen.data.virtual.stack_camera import StackCamera
from hdrgen.data.virtual.variation import Variation

__all__ = [
    "EV_TOLERANCE",
    "GAIN_MAP",
    "LINEAR",
    "NTIRE2021",
    "RAISE",
    "RESPONSE_LEVELS",
    "SICE",
    "VDS",
    "Augmentation",
    "Batch",
    "Brackets",
    "DecodedCache",
    "DrTMO",
    "DrTMOPairs",
    "EveryStep",
    "ExposureStackDataModule",
    "ExposureStackFolder",
    "Fairchild",
    "Finish",
    "FromReference",
    "HDREye",
    "Kalantari",
    "Motion",
    "MovingScenes",
    "NeighbouringPair",
    "Packed",
    "PackedStacks",
    "Packing",
    "PhotographSource",
    "Photographs",
    "ProceduralScenes",
    "RandomPair",
    "RenderedStacks",
    "Sample",
    "SelectedExposures",
    "Selection",
    "Sen",
    "StackCamera",
    "StackDataset",
    "TheseExposures",
    "ThreeExposures",
    "Tursun",
    "Variation",
    "Views",
    "WholeStack",
    "WholeStackByRank",
    "bracket_camera",
    "cached_in",
    "check_packed",
    "clear_cache",
    "collate",
    "derived_generator",
    "local_reference",
    "optimal_exposures",
    "pack",
    "photograph_of",
    "procedural_radiance",
    "read_photograph",
    "whole_steps",
    "write_pairs",
    "write_stack",
]
