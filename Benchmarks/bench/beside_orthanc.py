"""STOW, QIDO, metadata, WADO and rendered: Collimator's emulator and Orthanc in turn, on the same files."""

import statistics
from dataclasses import dataclass
from pathlib import Path

import pydicom

from .load import Load
from .servers import Emulator, Orthanc

BOUNDARY = "benchmark-boundary"
CONNECTIONS = 8


@dataclass
class Measure:
    name: str
    unit: str
    aim: float
    accept: str
    key: str = "rate"


MEASURES = [
    Measure("STOW, one slice per request", "slices/s", 3, "application/dicom+json"),
    Measure("QIDO, all studies", "requests/s", 50, "application/dicom+json"),
    Measure("QIDO, one study by its UID", "requests/s", 50, "application/dicom+json"),
    Measure("study metadata, 80 instances", "requests/s", 50, "application/dicom+json"),
    Measure(
        "WADO study as stored, 42 MB", "MB/s", 3, 'multipart/related; type="application/dicom"; transfer-syntax=*',
        key="received_mb",
    ),
    Measure("rendered PNG", "pictures/s", 3, "image/png"),
    Measure("rendered JPEG", "pictures/s", 3, "image/jpeg"),
]


class Files:
    """The benchmark's files, and a multipart body of each on disk."""

    def __init__(self, folder: Path, bodies: Path):
        self.instances = []
        self.patients = set()
        bodies.mkdir(exist_ok=True)
        for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
            data = path.read_bytes()
            if data[128:132] != b"DICM":
                continue
            header = pydicom.dcmread(path, stop_before_pixels=True)
            self.patients.add(header.PatientID)
            body = bodies / f"{number}.multipart"
            body.write_bytes(
                f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + data
                + f"\r\n--{BOUNDARY}--\r\n".encode()
            )
            self.instances.append((header.StudyInstanceUID, header.SeriesInstanceUID, header.SOPInstanceUID, body))
        self.studies = sorted({instance[0] for instance in self.instances})

    def store_lines(self, peer):
        return [f"POST {peer.dicomweb}/studies {body}" for *_, body in self.instances]

    def lines(self, peer, measure: Measure) -> list[str]:
        root = peer.dicomweb
        match measure.name.split(",")[0].split(" ")[0], measure.name:
            case "STOW", _:
                return self.store_lines(peer)
            case "QIDO", name if "all" in name:
                return [f"GET {root}/studies"]
            case "QIDO", _:
                return [f"GET {root}/studies?StudyInstanceUID={study}" for study in self.studies]
            case "study", _:
                return [f"GET {root}/studies/{study}/metadata" for study in self.studies]
            case "WADO", _:
                return [f"GET {root}/studies/{study}" for study in self.studies]
            case _:
                return [
                    f"GET {root}/studies/{study}/series/{series}/instances/{instance}/rendered"
                    for study, series, instance, _ in self.instances
                ]


def store_all(load: Load, peer, files: Files) -> dict:
    headers = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',
        "Accept": "application/dicom+json",
    }
    return load.run(peer, files.store_lines(peer), headers, CONNECTIONS)


def measure_all(load: Load, files: Files, folder: Path, rounds: int, seconds: float, say) -> list[dict]:
    """Medians over rounds; in each round every measure is taken of one server and then of the other."""
    taken: dict[tuple[str, str], list[dict]] = {}
    for number in range(rounds):
        # Who goes first changes, so that neither always meets the warmer machine.
        kinds = [Orthanc, Emulator] if number % 2 == 0 else [Emulator, Orthanc]
        peers = [kind(folder / f"{kind.name.lower()}-{number}").start() for kind in kinds]
        try:
            for measure in MEASURES:
                for peer in peers:
                    say(f"round {number + 1} of {rounds}: {measure.name}: {peer.name}")
                    if measure.name.startswith("STOW"):
                        result = store_all(load, peer, files)
                    else:
                        result = load.run(
                            peer, files.lines(peer, measure), {"Accept": measure.accept}, CONNECTIONS, seconds
                        )
                    taken.setdefault((measure.name, peer.name), []).append(result)
        finally:
            for peer in peers:
                peer.stop()
    return [row(measure, taken) for measure in MEASURES]


def row(measure: Measure, taken) -> dict:
    figures = {}
    for kind in (Emulator, Orthanc):
        results = taken[measure.name, kind.name]
        figures[kind.name] = {
            "figure": statistics.median(result[measure.key] for result in results),
            "all": [round(result[measure.key], 1) for result in results],
            "p50": statistics.median(result["p50"] for result in results),
            "p99": statistics.median(result["p99"] for result in results),
            "bytes_per_request": results[0]["received"] // max(1, results[0]["requests"]),
        }
    ratio = figures[Emulator.name]["figure"] / figures[Orthanc.name]["figure"]
    return {"what": measure.name, "unit": measure.unit, "aim": measure.aim, "ratio": ratio, "of": figures}
