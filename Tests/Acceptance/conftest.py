"""Servers and files that the acceptance tests share.

Every server is the built executable, on a free loopback port, with a folder of its own, and is ended by its process id.
COLLIMATOR_BINARY names another executable than the debug one.
"""

import dataclasses
import fcntl
import os
import secrets
import shutil
import time
from pathlib import Path

import pytest

from support import output
from support.corpus import Report, Row
from support.servers import Emulator, Gateway

ROOT = Path(__file__).resolve().parents[2]
DEMO_SECONDS_MAX = 500
TEST_SECONDS_MAX = 600

# The files that take longest, longest first: where several processes share the files, none is left with one at the end.
LONGEST = (
    "test_openapi", "test_killed_emulator", "test_catalog", "test_catalog_search", "test_search", "test_command_line",
    "test_change_feed", "test_access", "test_app_admin", "test_search_orthanc", "test_every_route", "test_app_webhooks",
    "test_deployment", "test_app_signin", "test_app_policy", "test_seed_orthanc", "test_login", "test_events_google",
    "test_webhooks", "test_picture_troubles", "test_push",
)


def pytest_collection_modifyitems(items):
    """The files that take longest come first, the others as they are.

    Whichever test is first to need the made-up studies may wait for another process that fails to make them up, and then
    makes them up itself: that does not count against its own time.
    """
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
    for item in items:
        if "demo_folder" in item.fixturenames:
            own = item.get_closest_marker("timeout")
            seconds = own.args[0] if own else TEST_SECONDS_MAX
            item.add_marker(pytest.mark.timeout(2 * DEMO_SECONDS_MAX + seconds), append=False)


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


@pytest.fixture(scope="session")
def demo_folder(binary, tmp_path_factory) -> Path:
    """The data folder of an ended `serve --demo` that has stored all made-up studies, to be copied and not to be served.

    Making them up takes a minute. It is done once, by whichever process of a run needs them first.
    """
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    folder, done = place / "demo", place / "demo-done"
    with (place / "demo-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            # A process that failed half-way has left what it had.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            with Gateway(binary, folder, "--demo") as server:
                deadline = time.monotonic() + DEMO_SECONDS_MAX
                while not (folder / "demo-filled").exists():
                    assert server.is_alive() and time.monotonic() < deadline, server.tail()
                    time.sleep(0.1)
                server.look_through()
                assert server.stop() == 0
            done.touch()
    return folder


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_written():
    """The outermost of all fixtures, so that every server has ended when it ends."""
    yield
    assert not output.found, "\n".join(sorted({f"{kind} in {where}" for kind, where in output.found}))


@pytest.fixture(scope="session")
def report(request) -> Report:
    return request.config.stash.setdefault(REPORT, Report())


REPORT = pytest.StashKey[Report]()


def pytest_sessionfinish(session):
    """A process that runs a part of the tests hands its rows to the one that started it."""
    report = session.config.stash.get(REPORT, None)
    output_of_worker = getattr(session.config, "workeroutput", None)
    if report is not None and output_of_worker is not None:
        output_of_worker["rows"] = [dataclasses.asdict(row) for row in report.rows]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    rows = getattr(node, "workeroutput", {}).get("rows")
    if rows:
        node.config.stash.setdefault(REPORT, Report()).rows += [Row(**row) for row in rows]


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
