"""The servers that are measured, each as a child process with a folder of its own."""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

from google.auth.transport.requests import Request
from google.oauth2 import service_account

SCOPE = "https://www.googleapis.com/auth/cloud-healthcare"
ORTHANC_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def http_status(port: int, path: str, headers: str = "") -> int:
    """One request on a connection of its own; 0 where nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n".encode())
            answer = connection.recv(64)
            return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else 0
    except OSError:
        return 0


def access_token(key: Path) -> str:
    """A token of the emulator for its service-account key, by Google's own library."""
    credentials = service_account.Credentials.from_service_account_file(key, scopes=[SCOPE])
    credentials.refresh(Request())
    return credentials.token


class Peer:
    """A server: started, ready after `ready_seconds`, and ended by its process id."""

    name = ""
    ready_path = "/"
    # Where its DICOMweb service is.
    dicomweb = ""

    def __init__(self, folder: Path):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process: subprocess.Popen | None = None
        self.ready_seconds = 0.0

    def command(self) -> list:
        raise NotImplementedError

    def start(self):
        log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        began = time.monotonic()
        self.process = subprocess.Popen(
            [str(word) for word in self.command()], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        while http_status(self.port, self.ready_path) != 200:
            if self.process.poll() is not None or time.monotonic() > began + 120:
                self.stop()
                raise SystemExit(f"{self.name} did not start; see {log.name}")
            time.sleep(0.002)
        self.ready_seconds = time.monotonic() - began
        return self

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def memory(self) -> dict[str, int]:
        """Resident and anonymous bytes, of the process and its children."""
        total = {"rss": 0, "anonymous": 0}
        for line in Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name == "Rss":
                total["rss"] = int(rest.split()[0]) * 1024
            if name == "Anonymous":
                total["anonymous"] = int(rest.split()[0]) * 1024
        return total

    def processor_seconds(self) -> float:
        """What it has had of the processor, and what its threads have."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def headers(self) -> dict[str, str]:
        return {}

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Orthanc(Peer):
    """Orthanc and its DICOMweb plugin as Debian ships them: everything at its default but ports, paths and login."""

    name = "Orthanc"
    ready_path = "/system"

    def command(self):
        configuration = {
            "Name": "bench", "StorageDirectory": str(self.folder / "db"), "IndexDirectory": str(self.folder / "db"),
            "HttpPort": self.port, "DicomPort": free_port(), "AuthenticationEnabled": False,
            "RemoteAccessAllowed": False, "Plugins": [str(ORTHANC_PLUGIN)], "DicomWeb": {"Enable": True},
        }
        path = self.folder / "orthanc.json"
        path.write_text(json.dumps(configuration))
        return ["Orthanc", path]

    dicomweb = "/dicom-web"


class Emulator(Peer):
    """`collimator emulator`, with the check of tokens on."""

    name = "Collimator"
    ready_path = "/healthz"
    binary: Path

    def command(self):
        return [self.binary, "emulator", "--port", self.port, "--data-dir", self.folder]

    def start(self):
        super().start()
        self.token = access_token(next(self.folder.rglob("service-account-key.json")))
        return self

    def headers(self):
        return {"Authorization": f"Bearer {self.token}"}

    dicomweb = "/v1/projects/local/locations/local/datasets/imaging/dicomStores/radiology/dicomWeb"


class Gateway(Peer):
    """`collimator serve`: gateway and emulator in one process."""

    name = "Collimator serve"
    ready_path = "/readyz"
    binary: Path
    key = "clm_admin_" + secrets.token_urlsafe(32)
    dicomweb = "/dicomweb/radiology"
    store_path = Emulator.dicomweb

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.emulator_port = free_port()

    def command(self):
        os.environ["COLLIMATOR_ADMIN_KEY"] = self.key
        return [
            self.binary, "serve", "--port", self.port, "--emulator-port", self.emulator_port, "--data-dir", self.folder
        ]

    def headers(self):
        return {"Authorization": f"Bearer {self.key}"}

    def key_file(self) -> Path:
        return next(self.folder.rglob("service-account-key.json"))

    def emulator_token(self) -> str:
        return access_token(self.key_file())
