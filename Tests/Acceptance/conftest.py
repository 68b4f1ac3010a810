"""Servers and files that the acceptance tests share.

Every server is the built executable, on a free loopback port, with a folder of its own, and is ended by its process id.
COLLIMATOR_BINARY names another executable than the debug one.
"""

import os
import secrets
from pathlib import Path

import pytest

from support import output
from support.corpus import Report
from support.servers import Emulator, Gateway

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def binary() -> Path:
    path = Path(os.environ.get("COLLIMATOR_BINARY", ROOT / ".build/debug/collimator"))
    if not path.is_file():
        pytest.exit(f"{path} is not built; 'make build' builds it", returncode=3)
    return path


@pytest.fixture(scope="session")
def emulator(binary, tmp_path_factory):
    """One emulator for all tests that do not break it; each makes a DICOM store of its own."""
    with Emulator(binary, tmp_path_factory.mktemp("emulator")) as server:
        yield server


@pytest.fixture
def store(emulator):
    """A new, empty DICOM store."""
    return emulator.make_store("s-" + secrets.token_hex(6))


@pytest.fixture(scope="session")
def gateway(binary, tmp_path_factory):
    """`collimator serve`: the gateway and an emulator in one process."""
    with Gateway(binary, tmp_path_factory.mktemp("gateway")) as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_written():
    """The outermost of all fixtures, so that every server has ended when it ends."""
    yield
    assert not output.found, "\n".join(sorted({f"{kind} in {where}" for kind, where in output.found}))


@pytest.fixture(scope="session")
def report(request) -> Report:
    return request.config.stash.setdefault(REPORT, Report())


REPORT = pytest.StashKey[Report]()


def pytest_terminal_summary(terminalreporter, config):
    """Shows what became of pydicom's files: the sums, and each row that is not simply fine."""
    report = config.stash.get(REPORT, None)
    if report is None or not report.rows:
        return
    path = ROOT / ".build/acceptance/pydicom.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report.table(report.rows))
    terminalreporter.section("pydicom's files")
    terminalreporter.write(report.summary())
