"""kill -9 while an upload is between the store and our note of who stored it: it is still the uploader's own, and only then."""

import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Emulator, Gateway

STUDIES = "/api/v1/stores/radiology/studies"
PATIENCE_SECONDS = 60


class Between:
    """Passes on to the emulator; an upload is held where `held` says: before the store has it, or its answer."""

    def __init__(self, host: str):
        self.held: str | None = None
        self.is_held = threading.Event()
        self.release = threading.Event()
        between = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.body()
                is_upload = self.command == "POST" and "/dicomWeb/studies" in self.path
                if is_upload and between.held == "before":
                    return self.hold()
                headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
                answer = requests.request(self.command, host + self.path, data=body, headers=headers, timeout=60)
                if is_upload and between.held == "after":
                    assert answer.status_code == 200, answer.text
                    return self.hold()
                self.send_response(answer.status_code)
                for name in ("Content-Type", "ETag"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                if answer.status_code != 204:
                    self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length", "0")))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def hold(self):
                between.is_held.set()
                between.release.wait(PATIENCE_SECONDS)
                self.close_connection = True

            do_GET = do_POST = do_DELETE = do_PUT = pass_on

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


DROPPED = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}


class Scene:
    def __init__(self, binary, folder):
        (folder / "emulator").mkdir()
        (folder / "home").mkdir()
        self.emulator = Emulator(binary, folder / "emulator")
        self.emulator.start()
        self.store = self.emulator.make_store("own")
        self.between = Between(self.emulator.host)
        configuration = folder / "home.yaml"
        configuration.write_text(
            f"stores:\n  names: [radiology]\n  radiology:\n    resource: {self.store.path}\n"
            f"    credentials: {self.emulator.key_file}\nendpoints:\n  healthcare: {self.between.url}\n"
            # What the store does not have is given up after this time.
            "catalog:\n  sweepInterval: 1\n  uploadWait: 1\n"
        )
        self.gateway = Gateway(binary, folder / "home", "--config", str(configuration))
        self.gateway.start()
        self.keys = {}
        for name in ("vendor", "other"):
            made = self.gateway.call("POST", "/api/v1/access/keys", json={"id": name, "name": "A vendor"})
            self.keys[name] = made.json()["key"]
            for role, condition in (("uploader", {}), ("viewer", {"condition": {"ownUploads": True}})):
                rule = {
                    "id": f"{name}-{role}", "effect": "allow", "principal": f"client:{name}", "role": role,
                    "resource": "stores/radiology",
                } | condition
                added = self.gateway.call("POST", "/api/v1/access/rules", json=rule)
                assert added.status_code == 201, added.text

    def upload(self, dataset, path: str = STUDIES) -> requests.Response:
        return self.gateway.call(
            "POST", path, key=self.keys["vendor"], data=file_bytes(dataset),
            headers={"Content-Type": "application/dicom"},
        )

    def killed_while_held(self, dataset, where: str, path: str = STUDIES):
        """An upload that is under way when the process is killed; the service runs again afterwards."""
        self.between.held = where

        def send():
            try:
                self.upload(dataset, path)
            except requests.RequestException:
                pass

        sender = threading.Thread(target=send)
        sender.start()
        assert self.between.is_held.wait(PATIENCE_SECONDS)
        self.gateway.kill()
        self.between.held = None
        self.between.release.set()
        sender.join(PATIENCE_SECONDS)
        self.gateway.start()

    def status(self, dataset, who="vendor") -> int:
        return self.gateway.call("GET", f"{STUDIES}/{dataset.StudyInstanceUID}", key=self.keys[who]).status_code

    def unsettled(self) -> int:
        """Uploads of which the service does not know what became."""
        with sqlite3.connect(f"file:{self.gateway.folder / 'catalog.db'}?mode=ro", uri=True, timeout=10) as database:
            row = database.execute("SELECT COUNT(*) FROM uploadIntent").fetchone()
        database.close()
        return row[0]

    def known(self, dataset):
        """Waits until the catalog has the study, as the administrator sees it."""
        until(lambda: self.gateway.call("GET", f"{STUDIES}/{dataset.StudyInstanceUID}").status_code == 200)

    def close(self):
        self.gateway.kill()
        self.emulator.kill()
        self.between.server.shutdown()


def until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def scene(binary, tmp_path):
    scene = Scene(binary, tmp_path)
    yield scene
    scene.close()


def made(name: str):
    return slice_of(name, study=new_uid(name, "study"), series=new_uid(name, "series"))


@pytest.mark.parametrize("path", [STUDIES, "/dicomweb/radiology/studies", "/dicomweb/radiology/studies/{study}"])
def test_what_the_store_had_taken_when_the_process_was_killed_is_the_uploaders_own(scene, path):
    dataset = made("taken")
    scene.killed_while_held(dataset, "after", path.format(study=dataset.StudyInstanceUID))
    until(lambda: scene.status(dataset) == 200)
    assert scene.status(dataset, "other") == 404
    shown = scene.gateway.call("GET", STUDIES, key=scene.keys["vendor"]).json()["items"]
    assert [study["uid"] for study in shown] == [dataset.StudyInstanceUID]
    # It goes on in its own series.
    more = slice_of("taken", 2, study=dataset.StudyInstanceUID, series=dataset.SeriesInstanceUID)
    assert scene.upload(more).status_code == 201
    assert scene.status(dataset) == 200


@pytest.mark.parametrize("path", [STUDIES, "/dicomweb/radiology/studies/{study}"])
def test_what_the_store_had_not_taken_is_nobodys_when_somebody_else_stores_it(scene, path):
    dataset = made("not-taken")
    scene.killed_while_held(dataset, "before", path.format(study=dataset.StudyInstanceUID))
    until(lambda: scene.unsettled() == 0)
    assert scene.store.post(file_bytes(dataset)).status_code == 200
    scene.known(dataset)
    for _ in range(10):
        assert scene.status(dataset) == 404
        time.sleep(0.1)
