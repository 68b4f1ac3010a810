"""Study reads in front of a DICOM store, as written today: FastAPI, dicomweb-client and google-auth.

It gives the same members as the gateway's `/api/v1/stores/{store}/studies`, from the same calls upstream.
"""

import os
import secrets

from dicomweb_client import DICOMwebClient
from fastapi import Depends, FastAPI, Header, HTTPException
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account
from requests.adapters import HTTPAdapter

SCOPE = "https://www.googleapis.com/auth/cloud-healthcare"
credentials = service_account.Credentials.from_service_account_file(os.environ["STUDIES_KEY_FILE"], scopes=[SCOPE])
session = AuthorizedSession(credentials)
session.mount("http://", HTTPAdapter(pool_maxsize=64))
store = DICOMwebClient(os.environ["STUDIES_STORE"], session=session)
app = FastAPI()


def caller(authorization: str = Header("")):
    if not secrets.compare_digest(authorization, f"Bearer {os.environ['STUDIES_API_KEY']}"):
        raise HTTPException(401)


def value(data, tag):
    return next(iter(data.get(tag, {}).get("Value", [])), None)


def iso(date):
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if date and len(date) == 8 else None


def person(name):
    if not name or not name.get("Alphabetic"):
        return None
    family, given = (name["Alphabetic"].split("^") + [""])[:2]
    return {
        "display": f"{family}, {given}" if given else family, "family": family, "given": given or None,
        "ideographic": name.get("Ideographic"), "phonetic": name.get("Phonetic"),
    }


def study_body(name, data, series=None):
    uid = value(data, "0020000D")
    path = f"/api/v1/stores/{name}/studies/{uid}"
    return {
        "key": f"{name}/{uid}", "uid": uid, "store": name,
        "patient": {
            "id": value(data, "00100020"), "issuer": value(data, "00100021"), "name": person(value(data, "00100010")),
            "birthDate": iso(value(data, "00100030")), "sex": value(data, "00100040"),
        },
        "date": iso(value(data, "00080020")), "time": value(data, "00080030"),
        "timezoneOffset": value(data, "00080201"), "description": value(data, "00081030"),
        "accessionNumber": value(data, "00080050"), "referringPhysician": person(value(data, "00080090")),
        "modalities": sorted({value(one, "00080060") for one in series}) if series is not None else None,
        "seriesCount": len(series) if series is not None else None, "instanceCount": None, "scope": "study",
        "updatedAt": None, "links": {"self": path, "series": f"{path}?include=series"},
    }


@app.get("/api/v1/stores/{name}/studies", dependencies=[Depends(caller)])
def studies(name: str, patientId: str | None = None, limit: int = 50):
    filters = {"PatientID": patientId} if patientId else None
    found = store.search_for_studies(search_filters=filters, fields=["StudyDescription"], limit=limit + 1)
    return {"items": [study_body(name, data) for data in found[:limit]], "nextCursor": None}


@app.get("/api/v1/stores/{name}/studies/{uid}", dependencies=[Depends(caller)])
def study(name: str, uid: str):
    found = store.search_for_studies(search_filters={"StudyInstanceUID": uid}, fields=["StudyDescription"])
    if not found:
        raise HTTPException(404)
    return study_body(name, found[0], store.search_for_series(uid))
