"""High dynamic range images from learned exposure stacks."""

__version__ = "0.1.0"
