"""What several rooms' tests share."""

from pathlib import Path

import pytest
import torchmetrics  # noqa: F401 (before colour, whose stand-in for matplotlib it cannot be imported beside)


def pytest_configure(config: pytest.Config) -> None:
    """Keep colour's warning at import from the controller of pytest-xdist.

    The controller would import colour to read it, which leaves a stand-in for matplotlib behind that Lightning's own
    warnings then fail on, and the whole run with them.
    """
    config.addinivalue_line("filterwarnings", "ignore:.*related API features are not available")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of local research data beside the checkout; nothing in it is needed to pass."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip(f"local research data not found at {folder}")
    return folder
