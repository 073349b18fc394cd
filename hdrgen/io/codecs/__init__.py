"""One file format each: its header, its pixels in, its pixels out."""
