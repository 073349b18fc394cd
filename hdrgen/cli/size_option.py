"""`--max-megapixels` of the verbs that read photographs."""

import argparse

USUAL = 500


def add_size_argument(parser: argparse.ArgumentParser) -> None:
    """Larger images are refused from their header, and so are those that memory does not hold."""
    parser.add_argument(
        "--max-megapixels", type=float, default=USUAL, help="refuse larger images (default: %(default)s)"
    )
