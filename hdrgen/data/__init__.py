"""Scenes in, batches out: one data module, one file per dataset layout, rendering and sampling of stacks."""

from hdrgen.data.augmentation import Augmentation
from hdrgen.data.brackets import Brackets
from hdrgen.data.collation import Batch, collate
from hdrgen.data.dataset import SelectedExposures, StackDataset
from hdrgen.data.drtmo import DrTMO, DrTMOPairs, write_pairs
from hdrgen.data.fairchild import Fairchild
from hdrgen.data.folder import ExposureStackFolder
from hdrgen.data.hdreye import HDREye
from hdrgen.data.kalantari import Kalantari
from hdrgen.data.module import ExposureStackDataModule
from hdrgen.data.motion import Motion
from hdrgen.data.moving import MovingScenes
from hdrgen.data.ntire import NTIRE2021
from hdrgen.data.optimal import optimal_exposures
from hdrgen.data.panorama import Views
from hdrgen.data.photographs import Photographs, PhotographSource
from hdrgen.data.procedural import ProceduralScenes
from hdrgen.data.raise_ import RAISE
from hdrgen.data.rendered import RenderedStacks
from hdrgen.data.rendering import StackCamera
from hdrgen.data.sample import Sample
from hdrgen.data.selection import (
    EveryStep,
    FromReference,
    RandomPair,
    Selection,
    TheseExposures,
    ThreeExposures,
    WholeStack,
    WholeStackByRank,
    whole_steps,
)
from hdrgen.data.sen import Sen
from hdrgen.data.sice import SICE
from hdrgen.data.stack_files import write_stack
from hdrgen.data.tursun import Tursun
from hdrgen.data.vds import VDS

__all__ = [
    "NTIRE2021",
    "RAISE",
    "SICE",
    "VDS",
    "Augmentation",
    "Batch",
    "Brackets",
    "DrTMO",
    "DrTMOPairs",
    "EveryStep",
    "ExposureStackDataModule",
    "ExposureStackFolder",
    "Fairchild",
    "FromReference",
    "HDREye",
    "Kalantari",
    "Motion",
    "MovingScenes",
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
    "Views",
    "WholeStack",
    "WholeStackByRank",
    "collate",
    "optimal_exposures",
    "whole_steps",
    "write_pairs",
    "write_stack",
]
