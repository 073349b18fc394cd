"""Scenes in, batches out: one data module, one file per dataset layout, rendering and sampling of stacks."""

from hdrgen.data.augmentation import Augmentation
from hdrgen.data.collation import Batch, collate
from hdrgen.data.dataset import SelectedExposures, StackDataset
from hdrgen.data.drtmo import DrTMO, DrTMOPairs, write_pairs
from hdrgen.data.folder import ExposureStackFolder
from hdrgen.data.module import ExposureStackDataModule
from hdrgen.data.motion import Motion
from hdrgen.data.moving import MovingScenes
from hdrgen.data.panorama import Views
from hdrgen.data.photographs import Photographs
from hdrgen.data.procedural import ProceduralScenes
from hdrgen.data.rendered import RenderedStacks
from hdrgen.data.rendering import StackCamera
from hdrgen.data.sample import Sample
from hdrgen.data.selection import (
    EveryStep,
    RandomPair,
    Selection,
    ThreeExposures,
    WholeStack,
    WholeStackByRank,
    whole_steps,
)
from hdrgen.data.stack_files import write_stack

__all__ = [
    "Augmentation",
    "Batch",
    "DrTMO",
    "DrTMOPairs",
    "EveryStep",
    "ExposureStackDataModule",
    "ExposureStackFolder",
    "Motion",
    "MovingScenes",
    "Photographs",
    "ProceduralScenes",
    "RandomPair",
    "RenderedStacks",
    "Sample",
    "SelectedExposures",
    "Selection",
    "StackCamera",
    "StackDataset",
    "ThreeExposures",
    "Views",
    "WholeStack",
    "WholeStackByRank",
    "collate",
    "whole_steps",
    "write_pairs",
    "write_stack",
]
