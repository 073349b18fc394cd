"""The trained networks that come with hdrgen: NAME.safetensors, and NAME.md, which says what it is."""
