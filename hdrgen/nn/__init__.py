"""Blocks that two or more methods share."""

from hdrgen.nn.attention import ChannelAttention
from hdrgen.nn.bicubic import enlarge
from hdrgen.nn.checkpoint import read_checkpoint
from hdrgen.nn.conv_gru import ConvGRU
from hdrgen.nn.padding import pad_to_multiple
from hdrgen.nn.swin import SwinBlock, SwinLayer, WindowAttention
from hdrgen.nn.unet import ConvBlock, SubPixelUp, UNet, icnr_
from hdrgen.nn.vgg import VGG_CHANNELS, VGGEncoder, VGGFeatures, load_vgg16_bn, pretrained_vgg

__all__ = [
    "VGG_CHANNELS",
    "ChannelAttention",
    "ConvBlock",
    "ConvGRU",
    "SubPixelUp",
    "SwinBlock",
    "SwinLayer",
    "UNet",
    "VGGEncoder",
    "VGGFeatures",
    "WindowAttention",
    "enlarge",
    "icnr_",
    "load_vgg16_bn",
    "pad_to_multiple",
    "pretrained_vgg",
    "read_checkpoint",
]
