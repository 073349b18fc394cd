"""Pairs of images measured against each other: which belong together, their numbers, and tables of these."""
