"""Le et al., "Single-Image HDR Reconstruction by Multi-Exposure Generation", WACV 2023."""

from hdrgen.methods.multi_exposure.module import MultiExposureGeneration
from hdrgen.methods.multi_exposure.network import MultiExposureNetwork

__all__ = ["MultiExposureGeneration", "MultiExposureNetwork"]
