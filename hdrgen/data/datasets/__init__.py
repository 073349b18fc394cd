"""A file per layout of published data sets, and what all photographed ones share."""
