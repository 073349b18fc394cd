"""Scenes without photographs: invented or cut from HDR images, set in motion, and taken by a virtual camera."""
