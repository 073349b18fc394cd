"""Scenes in, batches out: one data module, one file per dataset layout, rendering and sampling of stacks."""

from hdrgen.data.augmentation import Augmentation
from hdrgen.data.collation import Batch, collate
from hdrgen.data.dataset import SelectedExposures, StackDataset
from hdrgen.data.drtmo import DrTMO, DrTMOPairs, write_pairs
from hdrgen.data.folder import ExposureStackFolder
from hdrgen.data.module import ExposureStackDataModule
from hdrgen.data.panorama import Views
from hdrgen.data.photographs import Photographs
from hdrgen.data.procedural import ProceduralScenes
from hdrgen.data.rendered import RenderedStacks
from hdrgen.data.rendering import StackCamera
from hdrgen.data.sample import Sample
from hdrgen.data.selection import RandomPair, Selection, WholeStack, WholeStackByRank
from hdrgen.data.stack_files import write_stack

__all__ = [
    "Augmentation",
    "Batch",
    "DrTMO",
    "DrTMOPairs",
    "ExposureStackDataModule",
    "ExposureStackFolder",
    "Photographs",
    "ProceduralScenes",
    "RandomPair",
    "RenderedStacks",
    "Sample",
    "SelectedExposures",
    "Selection",
    "StackCamera",
    "StackDataset",
    "Views",
    "WholeStack",
    "WholeStackByRank",
    "collate",
    "write_pairs",
    "write_stack",
]
