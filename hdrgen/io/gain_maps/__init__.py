"""Gain maps, in whatever file they are: the arithmetic (ISO 21496-1), and their metadata as bytes."""
