"""The version, where everything can read it without the package's public face."""

__version__ = "0.1.0"
