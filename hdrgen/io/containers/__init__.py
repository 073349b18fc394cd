"""How bytes are laid out in files: segments of JPEG, boxes of ISO media files, directories of TIFF, numbers of bits."""
