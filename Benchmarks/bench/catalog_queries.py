"""The searches, made from what the catalog holds: real names, days and numbers, by how often they occur."""

import collections
import datetime
import json
import random
import sqlite3
from pathlib import Path
from urllib.parse import urlencode

SAMPLE = 20_000
# How often each kind comes in the mixed load.
WEIGHTS = {
    "newest": 6, "rare name": 12, "common name": 10, "name prefix": 12, "whole name": 8, "name in another script": 4,
    "busy week": 10, "modality in a week": 10, "modality and common name": 5, "description word": 4,
    "referring physician": 3, "patient id": 6, "accession number": 6, "q": 8, "next page": 8,
}
# What is shown as the catalog grows, in this order.
GROWING = [
    "newest", "rare name", "common name", "name prefix", "busy week", "modality in a week", "accession number", "q",
]


class Sample:
    """Some studies of a filled catalog, evenly from all of it."""

    def __init__(self, folder: Path, studies: int):
        database = sqlite3.connect(f"file:{folder / 'catalog.db'}?mode=ro", uri=True)
        step = max(1, studies // SAMPLE)
        rows = database.execute("SELECT attributes FROM study WHERE id % ? = 0", (step,)).fetchall()
        database.close()
        self.studies = [json.loads(row[0]) for row in rows]
        self.chance = random.Random(11)
        families = collections.Counter(name.split("^")[0] for name in map(patient, self.studies))
        latin = [family for family, _ in families.most_common() if family.isascii()]
        self.common = latin[:10]
        self.rare = latin[len(latin) // 2:]
        self.other_scripts = [family for family, _ in families.most_common() if not family.isascii()][:20]
        weeks = collections.Counter(monday(value(study, "00080020")) for study in self.studies)
        self.busy = [week for week, _ in weeks.most_common(12)]
        self.modalities = ["CR", "DX", "CT", "MR", "US", "MG", "PT", "NM", "XA"]

    def query(self, kind: str) -> dict[str, str]:
        study = self.chance.choice(self.studies)
        name = patient(study)
        family, given = (name.split("^") + [""])[:2]
        match kind:
            case "newest":
                return {}
            case "rare name":
                return {"patientName": self.chance.choice(self.rare)}
            case "common name":
                return {"patientName": self.chance.choice(self.common)}
            case "name prefix":
                return {"patientName": family[: self.chance.randint(2, 4)]}
            case "whole name":
                return {"patientName": f"{family} {given}"}
            case "name in another script":
                return {"patientName": self.chance.choice(self.other_scripts)}
            case "busy week":
                return week(self.chance.choice(self.busy))
            case "modality in a week":
                return week(monday(value(study, "00080020"))) | {"modality": self.chance.choice(self.modalities)}
            case "modality and common name":
                return {"modality": self.chance.choice(self.modalities), "patientName": self.chance.choice(self.common)}
            case "description word":
                return {"description": self.chance.choice(["chest", "abdomen", "knee", "brain", "screening", "pet"])}
            case "referring physician":
                return {"referringPhysician": name_of(study, "00080090").split("^")[0]}
            case "patient id":
                return {"patientId": value(study, "00100020")}
            case "accession number":
                return {"accessionNumber": value(study, "00080050") or "A000000000"}
            case "q":
                return {"q": self.chance.choice([family, f"{family} {given}", value(study, "00080050") or family])}
            case "leading wildcard":
                text = self.chance.choice([self.chance.choice(self.rare)[-4:], self.chance.choice(self.common)[-4:], "qx"])
                return {self.chance.choice(["patientName", "description"]): f"*{text}*"}
        raise ValueError(kind)

    def line(self, kind: str) -> str:
        return path(self.query(kind))

    def mixed(self, count: int, pages: list[str]) -> list[tuple[str, str]]:
        """So many searches with their kinds, in random order."""
        kinds = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)
        return [(kind, self.chance.choice(pages) if kind == "next page" else self.line(kind)) for kind in kinds]

    def pages(self, get) -> list[str]:
        """The second to fifth pages of some lists; `get` answers a path with the parsed body."""
        pages = []
        for kind in ["newest", "common name", "name prefix", "busy week", "modality in a week", "description word"] * 5:
            query = self.query(kind)
            cursor = get(path(query)).get("nextCursor")
            for _ in range(4):
                if cursor is None:
                    break
                pages.append(path(query | {"cursor": cursor}))
                cursor = get(pages[-1]).get("nextCursor")
        return pages


def path(query: dict[str, str]) -> str:
    return "/api/v1/studies" + (f"?{urlencode(query)}" if query else "")


def value(study: dict, tag: str) -> str | None:
    return next(iter(study.get(tag, {}).get("Value", [])), None)


def name_of(study: dict, tag: str) -> str:
    name = value(study, tag)
    return (name or {}).get("Alphabetic", "") if not isinstance(name, str) else name


def patient(study: dict) -> str:
    return name_of(study, "00100010")


def monday(day: str) -> datetime.date:
    date = datetime.date(int(day[:4]), int(day[4:6]), int(day[6:]))
    return date - datetime.timedelta(days=date.weekday())


def week(first: datetime.date) -> dict[str, str]:
    return {"from": first.isoformat(), "to": (first + datetime.timedelta(days=6)).isoformat()}
