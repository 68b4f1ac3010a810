"""Starting, watching and ending the executable under test."""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

import requests
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from support import output

SCOPE = "https://www.googleapis.com/auth/cloud-healthcare"
START_SECONDS_MAX = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A child process that answers HTTP; `start` waits until it does."""

    def __init__(self, binary: Path, folder: Path):
        self.binary = binary
        self.folder = folder
        self.log = folder.parent / (folder.name + ".log")
        self.process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}

    def is_ready(self) -> bool:
        raise NotImplementedError

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in (self.binary, *self.command())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment(), cwd=self.folder,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with status {self.process.returncode} at start:\n{self.tail()}")
            try:
                if self.is_ready():
                    return self
            except (requests.ConnectionError, requests.Timeout):
                pass
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"not ready after {START_SECONDS_MAX} s:\n{self.tail()}")
            time.sleep(0.02)

    def stop(self, by=signal.SIGINT, seconds=60) -> int:
        """Asks the process to end and returns its status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(by)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there {seconds} s after signal {by}:\n{self.tail()}") from None
        self.process = None
        self.look_at_output()
        return status

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.look_at_output()

    def secrets(self) -> tuple[str, ...]:
        """What was given to the process and must not come out of it."""
        return ()

    def look_at_output(self):
        """Looks for secrets and patients in all that it has written."""
        if self.log.exists():
            output.look(self.log.read_text(errors="replace"), str(self.log), self.secrets())

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def tail(self, lines=40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()


class Emulator(Server):
    """`collimator emulator`: the local Healthcare API alone."""

    PARENT = "projects/local/locations/local"

    def __init__(self, binary: Path, folder: Path, *words: str):
        super().__init__(binary, folder)
        self.words = words
        self.port = free_port()
        self.session = requests.Session()
        self._credentials = None

    def command(self):
        return ["emulator", "--port", self.port, "--data-dir", self.folder, *self.words]

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key_file(self) -> Path:
        found = sorted(self.folder.rglob("service-account-key.json"))
        assert found, f"no service-account key below {self.folder}"
        return found[0]

    def is_ready(self):
        return requests.get(f"{self.host}/healthz", timeout=5).status_code == 200

    def start(self):
        self._credentials = None
        return super().start()

    @property
    def credentials(self):
        if self._credentials is None:
            self._credentials = service_account.Credentials.from_service_account_file(self.key_file, scopes=[SCOPE])
        if not self._credentials.valid:
            self._credentials.refresh(Request())
        return self._credentials

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.credentials.token}"} | {k.replace("_", "-"): v for k, v in more.items()}

    def call(self, method: str, path: str, **arguments) -> requests.Response:
        """A request below `/v1/`, with the token."""
        headers = self.headers() | arguments.pop("headers", {})
        return self.session.request(
            method, f"{self.host}/v1/{path}", headers=headers, timeout=arguments.pop("timeout", 60), **arguments
        )

    def make_store(self, name: str, dataset: str = "acceptance") -> "Store":
        made = self.call("POST", f"{self.PARENT}/datasets", params={"datasetId": dataset}, json={})
        assert made.status_code in (200, 409), made.text
        parent = f"{self.PARENT}/datasets/{dataset}"
        made = self.call("POST", f"{parent}/dicomStores", params={"dicomStoreId": name}, json={})
        assert made.status_code == 200, made.text
        return Store(self, f"{parent}/dicomStores/{name}")


class Store:
    """A DICOM store of an emulator."""

    def __init__(self, emulator: Emulator, path: str):
        self.emulator = emulator
        self.path = path

    @property
    def url(self) -> str:
        return f"{self.emulator.host}/v1/{self.path}/dicomWeb"

    def call(self, method: str, path: str, **arguments) -> requests.Response:
        return self.emulator.call(method, f"{self.path}/dicomWeb/{path}", **arguments)

    def post(self, data: bytes, accept="application/dicom+json") -> requests.Response:
        return self.call("POST", "studies", data=data, headers={"Content-Type": "application/dicom", "Accept": accept})

    def instance_path(self, dataset) -> str:
        return (
            f"studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
            f"/instances/{dataset.SOPInstanceUID}"
        )

    def as_stored(self, instance_path: str) -> requests.Response:
        return self.call("GET", instance_path, headers={"Accept": "application/dicom; transfer-syntax=*"})

    def metrics(self) -> dict:
        answer = self.emulator.call("GET", f"{self.path}:getDICOMStoreMetrics")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def instance_count(self) -> int:
        return int(self.metrics().get("instanceCount", "0"))


class Gateway(Server):
    """`collimator serve` with an administrator key that the tests choose."""

    def __init__(self, binary: Path, folder: Path, *words: str):
        super().__init__(binary, folder)
        self.words = words
        self.port = free_port()
        self.emulator_port = free_port()
        self.key = "clm_admin_" + secrets.token_urlsafe(32)

    def command(self):
        return [
            "serve", "--port", self.port, "--emulator-port", self.emulator_port, "--data-dir", self.folder, *self.words
        ]

    def environment(self):
        return super().environment() | {"COLLIMATOR_ADMIN_KEY": self.key}

    def secrets(self):
        return (self.key,)

    def look_through(self):
        """Looks for secrets and patients in what it says of itself, while it runs."""
        self.look_at_output()
        metrics = self.call("GET", "/metrics")
        output.look(metrics.text, f"{self.log}: metrics", self.secrets())
        audit = self.call("GET", "/api/v1/audit", params={"limit": 200})
        for record in audit.json().get("items", []):
            output.look(output.free_texts(record), f"{self.log}: audit", self.secrets())

    def __exit__(self, *exception):
        # A server that a test has broken need not answer any more.
        if self.is_alive() and exception == (None, None, None):
            try:
                self.look_through()
            except requests.RequestException:
                pass
        super().__exit__(*exception)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self):
        return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200

    def call(self, method: str, path: str, key: str | None = "", **arguments) -> requests.Response:
        """A request with the administrator's key; `key=None` shows none."""
        headers = dict(arguments.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key or self.key}"
        return requests.request(
            method, f"{self.url}{path}", headers=headers, timeout=arguments.pop("timeout", 60), **arguments
        )

    def has_whole_catalog(self) -> bool:
        """Whether its own store was walked through once. What that walk finds is no news, and told to nobody."""
        answer = self.call("GET", "/api/v1/stores/radiology")
        return answer.status_code == 200 and answer.json()["catalog"]["complete"]

    def run(self, *words, **arguments) -> subprocess.CompletedProcess:
        """A command of the executable against this server."""
        return subprocess.run(
            [str(word) for word in (self.binary, *words, "--url", self.url, "--key", self.key)],
            capture_output=True, text=True, timeout=120, env=self.environment(), **arguments,
        )


def multipart(parts: list[bytes], boundary="an-acceptance-boundary", part_type="application/dicom", closed=True) -> bytes:
    body = b"".join(
        f"--{boundary}\r\nContent-Type: {part_type}\r\n\r\n".encode() + part + b"\r\n" for part in parts
    )
    return body + (f"--{boundary}--\r\n".encode() if closed else b"")


def error_of(answer: requests.Response) -> dict:
    """The error object of an answer in Google's form, alone or as the one element of an array."""
    body = json.loads(answer.content)
    if isinstance(body, list):
        assert len(body) == 1
        body = body[0]
    error = body["error"]
    assert error["code"] == answer.status_code
    assert error["status"].isupper() and error["message"]
    return error
