"""Our own method: estimate the camera of a photograph, then take the exposures with it."""

from hdrgen.methods.inverse_camera.module import InverseCamera
from hdrgen.methods.inverse_camera.network import CameraNetwork

__all__ = ["CameraNetwork", "InverseCamera"]
