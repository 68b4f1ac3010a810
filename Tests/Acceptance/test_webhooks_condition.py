"""Conditions on studies that endpoints ask for, with receivers that are called."""

import json

import pytest

from support.hooks import PATH, CallingGateway, connect, eventually, of, upload
from support.receiver import Receiver

NORTH = {"institution": ["North*"]}


@pytest.fixture
def server(binary, tmp_path):
    with CallingGateway(binary, tmp_path / "data") as running:
        yield running


def test_an_endpoint_with_a_condition_hears_of_what_fulfils_it_and_another_of_all(server):
    with Receiver() as asking, Receiver() as other:
        endpoint = connect(server, asking, condition=NORTH)
        connect(server, other)
        north = upload(server, InstitutionName="Northern Hospital")
        south = upload(server, InstitutionName="South")
        # Of one study that says both, neither is true of all of it.
        both = upload(server, InstitutionName="South")
        upload(server, study=both, InstitutionName="North")
        for study in (north, south, both):
            eventually(lambda: of(other, study, "study.stable"), "the other endpoint did not hear of all")
        eventually(lambda: of(asking, north, "study.stable"), "the endpoint did not hear of what it asks for")
        assert not of(asking, south) and not of(asking, both)
        for message in asking.messages:
            asking.verify(message)
        # It is kept over a kill, and what was deleted is decided by what is kept of it.
        server.kill()
        server.start()
        assert server.call("GET", f"{PATH}/{endpoint}").json()["condition"] == NORTH
        for study in (north, south):
            assert server.call("DELETE", f"/api/v1/stores/radiology/studies/{study}").status_code in (200, 202, 204)
        for study in (north, south):
            eventually(lambda: of(other, study, "study.deleted"), "the other endpoint did not hear of the deletions")
        eventually(lambda: of(asking, north, "study.deleted"), "the endpoint did not hear of the deletion")
        assert not of(asking, south)
        # Without it the endpoint hears of all.
        assert server.call("PATCH", f"{PATH}/{endpoint}", json={"condition": None}).json()["condition"] is None
        late = upload(server, InstitutionName="South")
        eventually(lambda: of(asking, late, "study.created"), "the condition was taken away for nothing")


def test_the_command_line_gives_shows_and_takes_conditions_away(server, tmp_path):
    file = tmp_path / "condition.json"
    file.write_text(json.dumps(NORTH))
    made = server.run("webhooks", "create", "--name", "x", "--condition", file, "http://127.0.0.1:9999/")
    assert made.returncode == 0, made.stderr
    endpoint = server.call("GET", PATH).json()["items"][0]
    assert endpoint["condition"] == NORTH
    for _ in range(2):
        shown = server.run("webhooks", "condition", endpoint["id"])
        assert shown.returncode == 0 and json.loads(shown.stdout) == NORTH
    file.write_text('{"modality": ["CT"], "shoeSize": []}')
    refused = server.run("webhooks", "condition", endpoint["id"], file)
    assert refused.returncode != 0 and "modalitiesInStudy" in refused.stderr and "unknown name" in refused.stderr
    file.write_text("{")
    assert "no JSON" in server.run("webhooks", "condition", endpoint["id"], file).stderr
    gone = server.run("webhooks", "condition", endpoint["id"], "--none")
    assert gone.returncode == 0 and gone.stdout.strip() == "none"
    assert server.call("GET", f"{PATH}/{endpoint['id']}").json()["condition"] is None
