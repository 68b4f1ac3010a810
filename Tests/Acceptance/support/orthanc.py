"""Orthanc with its DICOMweb plugin, both from Debian, as another DICOMweb server and as the door for modalities."""

import json
from pathlib import Path

import requests

from support.servers import Server, free_port

EXECUTABLE = Path("/usr/sbin/Orthanc")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
DEPLOYED = Path(__file__).resolve().parents[3] / "deploy/orthanc"


def is_installed() -> bool:
    return EXECUTABLE.is_file() and PLUGIN.is_file()


class Orthanc(Server):
    """An archive on loopback, with nothing configured but where it listens, and what a test wants of it."""

    def __init__(self, folder: Path, **more):
        super().__init__(EXECUTABLE, folder)
        self.port = free_port()
        self.more = more

    @property
    def configuration(self) -> Path:
        path = self.folder / "orthanc.json"
        path.write_text(json.dumps({
            "Name": "test", "HttpPort": self.port, "DicomServerEnabled": False, "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False, "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"), "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
        } | self.more))
        return path

    def command(self):
        return [self.configuration]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self):
        return requests.get(f"{self.url}/system", timeout=5).status_code == 200


class ModalityDoor(Orthanc):
    """Orthanc with the configuration that we ship, ports and addresses apart."""

    def __init__(self, folder: Path, dicomweb: str, key: str):
        super().__init__(folder)
        self.dicom_port = free_port()
        self.dicomweb = dicomweb
        self.key = key

    @property
    def configuration(self):
        return DEPLOYED / "orthanc.json"

    def environment(self):
        return super().environment() | {
            "ORTHANC_STORAGE": str(self.folder / "storage"), "ORTHANC_HTTP_PORT": str(self.port),
            "ORTHANC_DICOM_PORT": str(self.dicom_port), "COLLIMATOR_FORWARD_SCRIPT": str(DEPLOYED / "forward.lua"),
            "COLLIMATOR_STABLE_SECONDS": "1", "COLLIMATOR_DICOMWEB": self.dicomweb, "COLLIMATOR_KEY": self.key,
        }
