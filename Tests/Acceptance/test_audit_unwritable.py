"""Case 46 with a running server: the audit's file takes nothing any more, then its spool neither."""

import sqlite3
from pathlib import Path

import pytest

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway

STUDIES = "/api/v1/stores/radiology/studies"
PATIENT = "Unwritten^Ursula"


class Audit:
    """The files of the audit, as somebody else who is at the disk changes them."""

    def __init__(self, folder: Path):
        [self.database] = folder.rglob("audit.db")
        self.spool = self.database.with_name("audit-spool.jsonl")

    def do(self, *statements: str):
        with sqlite3.connect(self.database, timeout=30) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def fill(self):
        """What a full disk does: nothing can be added or changed, everything can be read."""
        self.do(
            "CREATE TRIGGER fullOfRows BEFORE INSERT ON auditRecord BEGIN SELECT RAISE(ABORT, 'full'); END",
            "CREATE TRIGGER fullOfAnchors BEFORE UPDATE ON auditAnchor BEGIN SELECT RAISE(ABORT, 'full'); END",
        )

    def empty(self):
        self.do("DROP TRIGGER fullOfRows", "DROP TRIGGER fullOfAnchors")


@pytest.fixture
def server(binary, tmp_path):
    with Gateway(binary, tmp_path) as server:
        yield server


def store(server: Gateway, name: str) -> str:
    study = new_uid(name, "study")
    dataset = slice_of(name, study=study, series=new_uid(name, "series"), PatientName=PATIENT)
    stored = server.call("POST", STUDIES, data=file_bytes(dataset), headers={"Content-Type": "application/dicom"})
    assert stored.status_code == 201, stored.text
    return study


def looks(study: str) -> list[str]:
    return [
        f"{STUDIES}/{study}", f"{STUDIES}/{study}/metadata", f"{STUDIES}/{study}/archive",
        f"/dicomweb/radiology/studies/{study}", f"/dicomweb/radiology/studies/{study}/metadata",
        f"/dicomweb/radiology/studies?StudyInstanceUID={study}", f"{STUDIES}?patientName=unwritten",
    ]


def seen(server: Gateway, study: str) -> list[str]:
    answer = server.call("GET", f"/api/v1/audit?study={study}&outcome=success")
    assert answer.status_code == 200, answer.text
    return [item["requestId"] for item in answer.json()["items"]]


def test_case_46_looks_go_to_the_spool_and_from_there_into_the_audit(server, tmp_path):
    study, audit = store(server, "spooled"), Audit(tmp_path)
    audit.fill()
    look = server.call("GET", f"{STUDIES}/{study}")
    assert look.status_code == 200
    # It was on the disk before the answer.
    assert look.headers["Request-Id"] in audit.spool.read_text()
    assert audit.spool.stat().st_mode & 0o077 == 0
    audit.empty()
    assert server.call("GET", f"{STUDIES}/{study}/metadata").status_code == 200
    assert look.headers["Request-Id"] in seen(server, study)
    assert not audit.spool.exists()
    assert server.call("GET", "/api/v1/audit/verification").json()["intact"] is True


def test_case_46_without_a_spool_patient_data_is_refused_until_it_can_be_written_again(server, tmp_path):
    study, audit = store(server, "refused"), Audit(tmp_path)
    audit.fill()
    # A file that nobody can write, whoever runs the test.
    audit.spool.mkdir()
    for path in looks(study):
        answer = server.call("GET", path)
        assert answer.status_code == 503, path
        assert int(answer.headers["Retry-After"]) > 0, path
        assert b"Ursula" not in answer.content and b"DICM" not in answer.content, path
    # What cannot be written down is not done either, and who asks for no patient is answered.
    assert server.call("DELETE", f"{STUDIES}/{study}").status_code == 503
    assert server.call("GET", "/healthz", key=None).status_code == 200
    audit.empty()
    audit.spool.rmdir()
    answer = server.call("GET", f"{STUDIES}/{study}")
    assert answer.status_code == 200 and b"Ursula" in answer.content
    assert answer.headers["Request-Id"] in seen(server, study)


def test_case_46_what_is_in_the_spool_outlives_a_kill(binary, tmp_path):
    server = Gateway(binary, tmp_path)
    with server:
        study, audit = store(server, "killed"), Audit(tmp_path)
        audit.fill()
        look = server.call("GET", f"{STUDIES}/{study}")
        assert look.status_code == 200
        server.kill()
    audit.empty()
    with server:
        assert server.call("GET", f"{STUDIES}/{study}/metadata").status_code == 200
        assert look.headers["Request-Id"] in seen(server, study)
