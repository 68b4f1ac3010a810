"""API keys, suspensions and signed links, through the command line and the real server."""

import base64
import secrets

import pytest
import requests

from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway


@pytest.fixture
def server(binary, tmp_path):
    with Gateway(binary, tmp_path) as gateway:
        yield gateway


def make_key(gateway: Gateway, name: str) -> str:
    made = gateway.run("keys", "create", "--name", "An app", "--id", name)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def status(gateway: Gateway, key: str, path: str = "/api/v1/me") -> int:
    return gateway.call("GET", path, key=key).status_code


def test_a_key_is_rotated_revoked_and_outlives_a_restart(binary, tmp_path):
    gateway = Gateway(binary, tmp_path)
    with gateway:
        first = make_key(gateway, "portal")
        assert first.startswith("clm_key_") and status(gateway, first) == 200
        second = gateway.run("keys", "rotate", "portal", "--overlap", "3600").stdout.strip()
        assert status(gateway, first) == status(gateway, second) == 200
        assert "portal" in gateway.run("keys", "list").stdout
        other = make_key(gateway, "other")
        assert gateway.run("keys", "revoke", "other").returncode == 0
        assert status(gateway, other) == 401
    with gateway:
        assert status(gateway, first) == status(gateway, second) == 200
        assert status(gateway, other) == 401
        assert gateway.run("keys", "rotate", "other").returncode != 0
        assert gateway.run("keys", "rotate", "portal", "--overlap", "0").returncode == 0
        assert status(gateway, first) == status(gateway, second) == 401
    folder = {path.name: path for path in tmp_path.rglob("*") if path.is_file()}
    for name in ("identity.db", "link-secret"):
        assert folder[name].stat().st_mode & 0o077 == 0, name
    for path in folder.values():
        for key in (first, second, other):
            assert key.encode() not in path.read_bytes(), path.name


def test_a_suspension_is_in_force_at_once_and_after_a_restart(binary, tmp_path):
    gateway = Gateway(binary, tmp_path)
    with gateway:
        key = make_key(gateway, "portal")
        assert status(gateway, key) == 200
        assert gateway.run("principals", "suspend", "client:portal").returncode == 0
        assert status(gateway, key) == 401
    with gateway:
        assert status(gateway, key) == 401
        assert "suspended" in gateway.run("principals", "list").stdout
        assert gateway.run("principals", "restore", "client:portal").returncode == 0
        assert status(gateway, key) == 200


def test_a_key_cannot_manage_keys_or_callers(server):
    key = make_key(server, "portal")
    principal = base64.urlsafe_b64encode(b"client:other").decode().rstrip("=")
    for method, path in [
        ("GET", "/api/v1/access/keys"), ("POST", "/api/v1/access/keys"), ("DELETE", "/api/v1/access/keys/portal"),
        ("POST", "/api/v1/access/keys/portal/rotations"), ("GET", "/api/v1/access/principals"),
        ("PUT", f"/api/v1/access/principals/{principal}/suspension"),
    ]:
        assert server.call(method, path, key=key).status_code == 403, path


def test_a_signed_link_shows_its_picture_to_who_has_no_header(server):
    name = secrets.token_hex(4)
    study, series = new_uid(name, "study"), new_uid(name, "series")
    dataset = slice_of(name, study=study, series=series)
    stored = server.call(
        "POST", "/api/v1/stores/radiology/studies", data=file_bytes(dataset),
        headers={"Content-Type": "application/dicom"},
    )
    assert stored.status_code == 201
    path = f"/api/v1/stores/radiology/studies/{study}/series/{series}/instances/{dataset.SOPInstanceUID}"
    link = server.call("GET", f"{path}?links=signed").json()["links"]["rendered"]
    assert "signature=" in link
    seen = requests.get(server.url + link, timeout=30)
    assert seen.status_code == 200 and seen.headers["Content-Type"] == "image/jpeg"
    assert requests.head(server.url + link, timeout=30).status_code == 200
    assert server.call("GET", f"{path}?links=signed").json()["links"]["rendered"] == link
    for other in (link + "A", link.replace("/rendered", "/file"), link.replace("?", "?width=64&"), f"{path}/rendered"):
        assert requests.get(server.url + other, timeout=30).status_code == 401
    for method in ("POST", "PUT", "DELETE"):
        assert requests.request(method, server.url + link, timeout=30).status_code == 401
    assert server.call("GET", link).status_code == 400
