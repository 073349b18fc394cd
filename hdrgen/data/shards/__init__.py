"""Data sets as shards: tar files that are written once, and streamed from a disk or from object storage."""
