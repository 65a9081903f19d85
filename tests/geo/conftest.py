"""One gazetteer for all tests of this folder: building it takes seconds."""

import pytest

import geo


@pytest.fixture(scope="session")
def gazetteer() -> geo.Gazetteer:
    return geo.build()
