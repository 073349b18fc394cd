"""What the tests of the pages share."""

import pytest

from tests.reporting.chromium import Chromium, find_chromium


@pytest.fixture(scope="module")
def browser():
    """A browser without a network."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    with Chromium(program) as chromium:
        chromium.send(
            "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0
        )
        yield chromium
