"""Numbers as TIFF files pack them where no library here unpacks them: radiance in logarithms, short floats."""
