"""Blocks that two or more methods share."""

from hdrgen.nn.attention import AttentionTo, ChannelAttention
from hdrgen.nn.bicubic import enlarge
from hdrgen.nn.conv_gru import ConvGRU
from hdrgen.nn.filling import LOG_FLOOR, FillingNetwork, blend_weight
from hdrgen.nn.folding import FoldedSequential, convolved
from hdrgen.nn.mish import Mish
from hdrgen.nn.residual import ResidualBlock, small_kaiming_
from hdrgen.nn.sft import SFT
from hdrgen.nn.squeezenet import SQUEEZENET_CHANNELS, SqueezeNetFeatures
from hdrgen.nn.swin import SwinBlock, SwinLayer, WindowAttention
from hdrgen.nn.unet import ConvBlock, SubPixelUp, UNet, icnr_
from hdrgen.nn.vgg import IMAGENET_MEAN, IMAGENET_STD, VGG_CHANNELS, VGGEncoder, VGGFeatures, load_vgg16, pretrained_vgg
from hdrgen.nn.warping import warped
from hdrgen.tiling import TileSize, Tiling, fitted, group_norm, mean_of_whole, of_whole_image, pad_to_multiple
from hdrgen.weights import load_imagenet, read_checkpoint, read_weights, weights_in

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "LOG_FLOOR",
    "SFT",
    "SQUEEZENET_CHANNELS",
    "VGG_CHANNELS",
    "AttentionTo",
    "ChannelAttention",
    "ConvBlock",
    "ConvGRU",
    "FillingNetwork",
    "FoldedSequential",
    "Mish",
    "ResidualBlock",
    "SqueezeNetFeatures",
    "SubPixelUp",
    "SwinBlock",
    "SwinLayer",
    "TileSize",
    "Tiling",
    "UNet",
    "VGGEncoder",
    "VGGFeatures",
    "WindowAttention",
    "blend_weight",
    "convolved",
    "enlarge",
    "fitted",
    "group_norm",
    "icnr_",
    "load_imagenet",
    "load_vgg16",
    "mean_of_whole",
    "of_whole_image",
    "pad_to_multiple",
    "pretrained_vgg",
    "read_checkpoint",
    "read_weights",
    "small_kaiming_",
    "warped",
    "weights_in",
]
