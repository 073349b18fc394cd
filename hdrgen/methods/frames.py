"""The three frames of a moving scene that some methods merge, dark to bright."""

FRAMES = 3
REFERENCE = 1
"""Place of the middle exposure among the three, which sets the geometry of the result."""
