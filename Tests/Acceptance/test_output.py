"""No token, key, cookie or name of a patient in what a server writes.

The output of every server of the whole run is looked through by `support.output` when it ends, and told by conftest; here
is that it finds what it is there for, and a server that is shown all of it in every place of a request.
"""

import pytest
import requests

from support import output
from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway

PLANTED = {
    "an administrator's key": "key clm_admin_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "a key of an app": '{"key": "clm_key_AAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
    "a signed token": "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
    "an access token of Google": "ya29.a0AfH6SMBxxxxxxxxxx",
    "credentials": "authorization: Bearer 0123456789abcdef0123",
    "a cookie": "Cookie: __Host-session=0123456789abcdef0123",
    "a signature of an address": "GET /x?signature=0123456789abcdef0123",
    "a private key": "-----BEGIN PRIVATE KEY-----",
    "the name of a patient": "patient Doe^Jane",
    "a search for a patient": "GET /api/v1/studies?patientName=doe",
}


@pytest.mark.parametrize("kind", output.FORBIDDEN)
def test_what_is_looked_for_is_found(kind):
    assert kind in output.leaks(f'2026-01-05T10:30:00Z info "{PLANTED[kind]}"')


def test_ordinary_lines_are_let_pass():
    line = '2026-01-05T10:30:00Z info request http.route=/api/v1/studies status=200 request.id=5f0c code=unauthenticated'
    assert output.leaks(line) == []


def test_a_server_that_is_shown_secrets_everywhere_writes_none(binary, tmp_path):
    gateway = Gateway(binary, tmp_path)
    strange = "clm_key_" + "A" * 43
    token = PLANTED["a signed token"].split()[1]
    with gateway:
        data = file_bytes(slice_of("output", PatientName="Doe^Jane"))
        assert gateway.call(
            "POST", "/api/v1/stores/radiology/studies", data=data, headers={"Content-Type": "application/dicom"}
        ).status_code == 201
        answers = []
        for credential in (strange, token, "ya29.a0AfH6SMBxxxxxxxxxx"):
            for path in ("/api/v1/me", "/dicomweb/radiology/studies", "/v1/projects/local/locations/local/datasets"):
                answers += [
                    gateway.call("GET", path, key=credential),
                    gateway.call("GET", f"{path}?access_token={credential}&patientName=Doe%5EJane"),
                    gateway.call("GET", path, key=None, headers={"Cookie": f"__Host-session={credential}"}),
                    gateway.call("GET", f"{path}/{credential}"),
                    gateway.call("POST", path, json={"name": "Doe^Jane", "token": credential}),
                    gateway.call("GET", path, headers={"X-Forwarded-User": credential, "User-Agent": f"Bearer {credential}"}),
                ]
        answers += [
            gateway.call("GET", "/api/v1/studies?patientName=Doe%5EJane&nosuch=1"),
            gateway.call("GET", f"/api/v1/stores/radiology/studies/{new_uid('none')}?patientName=Doe%5EJane"),
            gateway.call("POST", "/api/v1/studies/search", json={"patientName": "Doe^Jane", "nosuch": token}),
            requests.get(f"{gateway.url}/launch/here?patientId=Doe%5EJane", timeout=30),
        ]
        for answer in answers:
            if answer.status_code >= 400:
                kinds = output.leaks(answer.text) + [s for s in (strange, token, gateway.key) if s in answer.text]
                assert not kinds, (answer.url, kinds)
        before = len(output.found)
        gateway.look_through()
    assert output.found[before:] == []
    assert gateway.log.stat().st_size > 0
