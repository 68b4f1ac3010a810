"""What the catalog is measured with: filled folders, gateways over them, and the store that arrivals go to."""

import http.client
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from .servers import Emulator, Gateway, Peer

HERE = Path(__file__).resolve().parents[1]
KEPT = HERE.parent / ".build/bench/catalogs"


class Filler:
    """`CatalogFilling`: folders that are filled once and used by every run after."""

    binary: Path

    @classmethod
    def fill(cls, studies: int, say) -> dict:
        folder = KEPT / str(studies)
        folder.mkdir(parents=True, exist_ok=True)
        say(f"catalog: {studies:,} studies (the first time at a few thousand a second)")
        done = subprocess.run([cls.binary, folder, str(studies)], check=True, stdout=subprocess.PIPE, text=True)
        report, note = json.loads(done.stdout), folder / "filled.json"
        if report["written"] == report["studies"]:
            note.write_text(json.dumps(report))
        report["rate"] = None
        if note.exists():
            filled = json.loads(note.read_text())
            report["rate"] = filled["written"] / max(filled["seconds"], 1e-9)
        return report | {"folder": folder}

    @staticmethod
    def copy(studies: int, folder: Path):
        """What a run writes goes into a copy; its pages are on the disk before anything is measured."""
        folder.mkdir(parents=True)
        shutil.copyfile(KEPT / str(studies) / "catalog.db", folder / "catalog.db")
        os.sync()


class StandIn:
    """peers/store.c: a DICOMweb store that has only what arrives while it runs."""

    def __init__(self, folder: Path):
        self.program = folder / "store"
        compiler = shutil.which("cc") or shutil.which("clang")
        subprocess.run([compiler, "-O2", "-pthread", "-o", self.program, HERE / "peers/store.c"], check=True)

    def __enter__(self):
        self.process = subprocess.Popen([self.program], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def counts(self) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/counts")
        return json.loads(connection.getresponse().read())


class CatalogGateway(Peer):
    """`collimator serve` in front of a store that is another process."""

    name = "Collimator"
    ready_path = "/readyz"
    dicomweb = "/dicomweb/radiology"

    def __init__(self, folder: Path, store: dict[str, str], endpoint: str | None = None):
        super().__init__(folder)
        self.store = store
        self.endpoint = endpoint

    @classmethod
    def before(cls, stand_in: StandIn, folder: Path):
        return cls(folder, {"dicomwebURL": f"http://127.0.0.1:{stand_in.port}/dicom-web"})

    @classmethod
    def before_emulator(cls, emulator: Emulator, folder: Path):
        key = next(emulator.folder.rglob("service-account-key.json")).resolve()
        resource = Emulator.dicomweb.removeprefix("/v1/").removesuffix("/dicomWeb")
        return cls(folder, {"resource": resource, "credentials": str(key)}, f"http://127.0.0.1:{emulator.port}")

    def command(self):
        os.environ["COLLIMATOR_ADMIN_KEY"] = Gateway.key
        text = "stores:\n  names: [radiology]\n  radiology:\n"
        text += "".join(f"    {key}: {value}\n" for key, value in self.store.items())
        if self.endpoint:
            text += f"endpoints:\n  healthcare: {self.endpoint}\n"
        configuration = self.folder / "collimator.yaml"
        configuration.write_text(text)
        return [
            Gateway.binary, "serve", "--config", configuration, "--port", self.port, "--data-dir", self.folder,
        ]

    def headers(self):
        return {"Authorization": f"Bearer {Gateway.key}"}

    def get(self, path: str) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers=self.headers() | {"Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"{path.split('?')[0]}: status {answer.status}: {body[:300]!r}")
        return json.loads(body)

    def is_complete(self) -> bool:
        """Whether the first walk over the store is done."""
        state = self.get("/api/v1/stores/radiology").get("catalog")
        if state is not None:
            return bool(state["complete"])
        return self.get("/api/v1/studies?limit=1").get("complete", True)

    def wait_until_complete(self, seconds: float) -> float:
        """When it became complete, by the monotonic clock."""
        end = time.monotonic() + seconds
        while not self.is_complete():
            if time.monotonic() > end:
                raise SystemExit("the catalog did not become complete")
            time.sleep(0.02)
        return time.monotonic()
