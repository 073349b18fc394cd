"""The trained networks that come with hdrgen: NAME.safetensors, and NAME.md, which says what it is.

Those that merge three exposures lie in a folder of their own, as their configurations do.
"""
