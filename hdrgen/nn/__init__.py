"""Blocks that two or more methods share."""

from hdrgen.nn.checkpoint import read_checkpoint
from hdrgen.nn.padding import pad_to_multiple
from hdrgen.nn.unet import ConvBlock, SubPixelUp, UNet, icnr_
from hdrgen.nn.vgg import VGGFeatures, pretrained_vgg

__all__ = [
    "ConvBlock",
    "SubPixelUp",
    "UNet",
    "VGGFeatures",
    "icnr_",
    "pad_to_multiple",
    "pretrained_vgg",
    "read_checkpoint",
]
