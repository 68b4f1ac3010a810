"""openapi.yaml against a running server: schemathesis calls every operation that it describes.

The paths in the examples are those of the made-up archive, so that they find something. Deletes, and what else would take
the archive from under the other operations, get identifiers that are nowhere.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

from support.servers import Gateway

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "openapi.yaml"
SEED = 7
EXAMPLES_MAX = 4
# A tree takes a minute or two; on a busy machine many more.
SECONDS_MAX = 900

CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth",
]
# Not asked, and why: positive_data_acceptance (a cursor, an order of two dates or what a store can match is in no
# schema), use_after_free and ensure_resource_availability (an upload is looked at in other tests).

# A head too long for this service is refused before it is read, which is a refusal as good as any.
CONFIGURATION = """[checks]
negative_data_rejection.expected-statuses = [
    "400", "401", "403", "404", "405", "406", "409", "412", "415", "422", "428", "429", "431", "5xx",
]
"""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")


def example_path() -> str:
    parameters = yaml.safe_load(DOCUMENT.read_text())["components"]["parameters"]
    study, series, instance = (parameters[name]["example"] for name in ("Study", "Series", "Instance"))
    return f"/api/v1/stores/radiology/studies/{study}/series/{series}/instances/{instance}/rendered"


@pytest.fixture(scope="module")
def archive(binary, tmp_path_factory, demo_folder):
    """A gateway on the made-up studies."""
    folder = shutil.copytree(demo_folder, tmp_path_factory.mktemp("described") / "data")
    with Gateway(binary, folder, "--demo") as server:
        yield server


@pytest.fixture(scope="module")
def document() -> dict:
    return yaml.safe_load(DOCUMENT.read_text())


def local() -> str:
    """The document with the names of local mode in its examples."""
    return DOCUMENT.read_text().replace("my-project", "local").replace("us-central1", "local")


def run(server: Gateway, document: str, folder: Path, *words: str, key: str | None = "") -> str:
    """Runs schemathesis and returns what it printed, which is shown where it found something."""
    path = folder / "openapi.yaml"
    path.write_text(document)
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run", str(path), "--url", server.url,
        "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES_MAX),
        "--seed", str(SEED), "--generation-database", "none", "--continue-on-failure", "--max-failures", "200",
        "--warnings", "off", "--request-timeout", "60", "--no-color", *words,
    ]
    if key is not None:
        command += ["--header", f"Authorization: Bearer {key or server.key}"]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "support.schemathesis_hooks", "PYTHONPATH": str(ROOT / "Tests/Acceptance"),
    }
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, cwd=folder, env=environment)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-2000:]
    assert server.is_alive()
    return done.stdout


# What would take the archive from under the other operations.
HARMFUL = ("--{0}-method", "DELETE", "--{0}-method", "PATCH")
# What the local Healthcare API does not have answers 501, as it should; and a stream of events does not end.
NOT_LOCAL = r":(import|export|deidentify|setBlobStorageSettings)$|^/api/v1/events/stream$"


# One after the other, so that none is near the end of its time.
TREES = {"api": "^/api/", "dicomweb": "^/dicomweb/", "v1": "^/v1/", "rest": "^/(?!api/|dicomweb/|v1/)"}


@pytest.mark.timeout(SECONDS_MAX + 60)
@pytest.mark.parametrize("tree", TREES)
def test_reading_and_storing(archive, tmp_path, tree):
    """Every operation that leaves the archive as it is, on studies that are there."""
    words = [word.format("exclude") for word in HARMFUL]
    words += ["--include-path-regex", TREES[tree], "--exclude-path-regex", NOT_LOCAL]
    run(archive, local(), tmp_path, *words)


def test_every_path_is_in_one_tree(document):
    for path in document["paths"]:
        assert sum(bool(re.search(tree, path)) for tree in TREES.values()) == 1, path


@pytest.mark.timeout(SECONDS_MAX + 60)
def test_deleting_and_changing(archive, tmp_path):
    """The others, on studies, stores and datasets that are nowhere."""
    text = re.sub(r"2\.25\.\d{30,}", "1.2.826.0.1.3680043.10.1511.404", local())
    text = text.replace("radiology", "nowhere").replace("imaging", "nowhere")
    before = archive.call("GET", "/api/v1/stores/radiology/studies", params={"limit": 200}).json()
    run(archive, text, tmp_path, *(word.format("include") for word in HARMFUL))
    after = archive.call("GET", "/api/v1/stores/radiology/studies", params={"limit": 200}).json()
    assert {study["uid"] for study in before["items"]} <= {study["uid"] for study in after["items"]}


def test_the_examples_are_there(archive):
    """A reader of the documentation who copies a line sees something."""
    answer = archive.call("GET", example_path(), headers={"Accept": "image/png"})
    assert answer.status_code == 200, answer.text


def test_the_file_is_served_unchanged(archive):
    answer = requests.get(f"{archive.url}/openapi.yaml", timeout=30)
    assert answer.headers["Content-Type"] == "application/yaml"
    assert answer.content == DOCUMENT.read_bytes()
    again = requests.get(f"{archive.url}/openapi.yaml", headers={"If-None-Match": answer.headers["ETag"]}, timeout=30)
    assert again.status_code == 304 and again.content == b""


def test_the_page_for_people(archive, document):
    answer = requests.get(f"{archive.url}/docs", timeout=30)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for item in document["paths"].values():
        for method in METHODS:
            if method in item:
                assert f'id="{item[method]["operationId"]}"' in answer.text
    for resource in ("<script", "<img", "<link", "src="):
        assert resource not in answer.text
