"""dicomweb-client as each kind of caller: each gets the study that a rule names for it, and nothing else."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account
from oidc_provider_mock import User

from support.dicom import file_bytes, new_uid, slice_of
from support.provider import Provider
from support.servers import SCOPE, Gateway

STUDIES = "/api/v1/stores/radiology/studies"
SCRIPT, PROJECT = "script", "4711"
OPAQUE = "ya29.of-a-script"
# As a page of the service itself asks.
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
BACK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
KINDS = ["administrator", "API key", "key file", "identity token", "session", "Google access token", "anonymous"]


class TokenInfo:
    """Where Google says whose an opaque token is."""

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                is_known = form.get("access_token") == [OPAQUE]
                told = {"aud": PROJECT, "azp": PROJECT, "sub": "script-of-ann", "scope": SCOPE, "expires_in": "1800",
                        "exp": str(int(time.time()) + 1800)} if is_known else {"error": "invalid_token"}
                body = json.dumps(told).encode()
                self.send_response(200 if is_known else 400)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/tokeninfo"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Configured(Gateway):
    provider: Provider
    token_info: TokenInfo

    def environment(self):
        return super().environment() | {
            "COLLIMATOR_IDENTITY_ISSUER_NAMES": "hospital",
            "COLLIMATOR_IDENTITY_HOSPITAL_ISSUER": self.provider.url,
            "COLLIMATOR_IDENTITY_HOSPITAL_AUDIENCE": SCRIPT,
            "COLLIMATOR_IDENTITY_HOSPITAL_TOKENS": "identity",
            "COLLIMATOR_IDENTITY_HOSPITAL_CLIENT_ID": "viewer",
            "COLLIMATOR_IDENTITY_HOSPITAL_CLIENT_SECRET_FILE": str(self.folder.parent / "client-secret"),
            "COLLIMATOR_IDENTITY_ANONYMOUS": "admitted",
            "COLLIMATOR_IDENTITY_GOOGLE_ACCESS_TOKENS_AUDIENCES": PROJECT,
            "COLLIMATOR_IDENTITY_GOOGLE_ACCESS_TOKENS_TOKEN_INFO_URL": self.token_info.url,
        }


class Service:
    def __init__(self, gateway: Configured, folder):
        self.gateway, self.provider = gateway, gateway.provider
        self.seen = {}
        self.folder = folder
        self.key = gateway.call("POST", "/api/v1/access/keys", json={"id": "app", "name": "An app"}).json()["key"]
        self.key_file = folder / "file.json"
        made = gateway.run(
            "keys", "create", "--name", "A script", "--id", "file", "--service-account-file", self.key_file
        )
        assert made.returncode == 0, made.stderr
        for kind, principal in {
            "API key": "client:app", "key file": "client:file", "identity token": "user:hospital/bob",
            "session": "user:hospital/ann", "Google access token": "user:google/script-of-ann", "anonymous": "anonymous",
        }.items():
            self.seen[kind] = self.store(kind)
            body = {
                "id": kind.replace(" ", "-").lower(), "effect": "allow", "principal": principal, "role": "viewer",
                "resource": f"stores/radiology/studies/{self.seen[kind].StudyInstanceUID}",
            }
            added = gateway.call("POST", "/api/v1/access/rules", json=body)
            assert added.status_code == 201, added.text

    def store(self, kind: str):
        dataset = slice_of(kind, study=new_uid(kind, "study"), series=new_uid(kind, "series"))
        stored = self.gateway.call(
            "POST", STUDIES, data=file_bytes(dataset), headers={"Content-Type": "application/dicom"}
        )
        assert stored.status_code == 201, stored.text
        return dataset

    def session(self, kind: str) -> requests.Session:
        """What a script or a browser has once it is somebody."""
        if kind == "key file":
            made = service_account.Credentials.from_service_account_file(self.key_file, scopes=[SCOPE])
            return AuthorizedSession(made)
        session = requests.Session()
        bearer = {
            "administrator": lambda: self.gateway.key, "API key": lambda: self.key,
            "identity token": lambda: self.identity_token("bob"), "Google access token": lambda: OPAQUE,
        }.get(kind)
        if bearer:
            session.headers["Authorization"] = f"Bearer {bearer()}"
        if kind == "session":
            session.headers.update(OWN_PAGE)
            begun = session.get(f"{self.gateway.url}/auth/login?issuer=hospital", allow_redirects=False, timeout=60)
            back = self.provider.log_in(begun.headers["Location"], "ann")
            assert session.get(back, headers=BACK, allow_redirects=False, timeout=60).status_code == 303
        return session

    def identity_token(self, name: str) -> str:
        """As a script gets one of the provider itself, without this service."""
        there = "http://localhost:1/callback"
        query = f"client_id={SCRIPT}&response_type=code&scope=openid&redirect_uri={there}&nonce={new_uid('n', time.time())}"
        back = self.provider.log_in(f"{self.provider.url}/oauth2/authorize?{query}", name)
        code = parse_qs(urlsplit(back).query)["code"][0]
        answer = requests.post(
            f"{self.provider.url}/oauth2/token", auth=(SCRIPT, "any"), timeout=30,
            data={"grant_type": "authorization_code", "code": code, "redirect_uri": there},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["id_token"]

    def client(self, kind: str) -> DICOMwebClient:
        return DICOMwebClient(url=f"{self.gateway.url}/dicomweb/radiology", session=self.session(kind))


@pytest.fixture(scope="module")
def service(binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("callers")
    (folder / "client-secret").write_text("s3cret\n")
    home = folder / "home"
    home.mkdir()
    gateway = Configured(binary, home)
    gateway.provider = Provider(User(sub="ann"), User(sub="bob"))
    gateway.token_info = TokenInfo()
    with gateway:
        yield Service(gateway, folder)
    gateway.provider.close()
    gateway.token_info.server.shutdown()


def uids(found: list[dict]) -> set[str]:
    return {study["0020000D"]["Value"][0] for study in found}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_caller_finds_and_gets_what_is_theirs(service, kind):
    client = service.client(kind)
    theirs = [service.seen[kind]] if kind in service.seen else list(service.seen.values())
    assert uids(client.search_for_studies()) == {dataset.StudyInstanceUID for dataset in theirs}
    one = theirs[0]
    place = (one.StudyInstanceUID, one.SeriesInstanceUID, one.SOPInstanceUID)
    assert client.retrieve_instance(*place).PixelData == one.PixelData
    assert len(client.retrieve_study_metadata(one.StudyInstanceUID)) == 1
    assert client.retrieve_instance_rendered(*place, media_types=("image/jpeg",))[:2] == b"\xff\xd8"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "administrator"])
def test_no_kind_of_caller_gets_what_is_another_s(service, kind):
    client = service.client(kind)
    for other, dataset in service.seen.items():
        if other == kind:
            continue
        for get in (client.retrieve_study, client.retrieve_study_metadata, client.search_for_series):
            try:
                found = get(dataset.StudyInstanceUID)
            except requests.HTTPError as error:
                assert error.response.status_code == 404
            else:
                assert found == [], f"{kind} got what is of {other}"
    with pytest.raises(requests.HTTPError) as refused:
        client.store_instances([slice_of("intruder", study=service.seen[kind].StudyInstanceUID)])
    assert refused.value.response.status_code in (401, 403, 404)


def test_what_is_no_good_credential_is_not_taken_for_anonymous(service):
    for text in ("ya29.of-nobody", "clm_key_" + "A" * 43, service.identity_token("bob")[:-4] + "AAAA"):
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {text}"
        client = DICOMwebClient(url=f"{service.gateway.url}/dicomweb/radiology", session=session)
        with pytest.raises(requests.HTTPError) as refused:
            client.search_for_studies()
        assert refused.value.response.status_code == 401


@pytest.mark.parametrize("kind", ["API key", "key file", "identity token", "Google access token"])
def test_a_signed_link_shows_each_caller_s_picture_and_no_other(service, kind):
    def path(dataset):
        return (
            f"{STUDIES}/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
            f"/instances/{dataset.SOPInstanceUID}"
        )

    session, url = service.session(kind), service.gateway.url
    own = path(service.seen[kind])
    link = session.get(f"{url}{own}?links=signed", timeout=60).json()["links"]["rendered"]
    assert requests.get(url + link, timeout=60).headers["Content-Type"] == "image/jpeg"
    other = next(dataset for name, dataset in service.seen.items() if name not in (kind, "anonymous"))
    assert requests.get(url + link.replace(own, path(other)), timeout=60).status_code == 401
