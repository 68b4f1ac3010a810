"""Direct rules brought into the IAM policy of a store from the shell, read back with Google's own client."""

import json

import pytest
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from googleapiclient import discovery

from support.servers import SCOPE, Gateway

DATASET = "projects/local/locations/local/datasets/imaging"
RESOURCE = f"{DATASET}/dicomStores/radiology"
VIEWER = "roles/healthcare.dicomViewer"
EDITOR = "roles/healthcare.dicomEditor"
STRANGER = {"role": VIEWER, "members": ["user:stranger@example.org"]}
CONDITIONAL = {
    "role": EDITOR, "members": ["user:night@example.org"],
    "condition": {"title": "nights", "expression": "request.time.getHours() > 20"},
}


class Archive:
    """A gateway with an emulator, and the administrator's own credential for that."""

    def __init__(self, gateway: Gateway):
        self.gateway = gateway
        self.key_file = gateway.folder / "emulator/service-account-key.json"
        self.endpoint = f"http://127.0.0.1:{gateway.emulator_port}"
        credentials = service_account.Credentials.from_service_account_file(self.key_file, scopes=[SCOPE])
        client = discovery.build(
            "healthcare", "v1", client_options={"api_endpoint": self.endpoint}, cache_discovery=False,
            static_discovery=True, credentials=credentials,
        )
        self.datasets = client.projects().locations().datasets()
        self.stores = self.datasets.dicomStores()

    def policy(self) -> dict:
        return self.stores.getIamPolicy(resource=RESOURCE, options_requestedPolicyVersion=3).execute()

    def members(self, role: str) -> set[str]:
        return {
            member for binding in self.policy().get("bindings", [])
            if binding["role"] == role and "condition" not in binding for member in binding["members"]
        }

    def set(self, bindings: list):
        policy = self.policy() | {"bindings": bindings, "version": 3}
        self.stores.setIamPolicy(resource=RESOURCE, body={"policy": policy}).execute()

    def apply(self, *words, **arguments):
        return self.gateway.run("iam", "apply", "--endpoint", self.endpoint, *words, **arguments)

    def rule(self, name: str, **members):
        rule = {
            "effect": "allow", "principal": f"user:google/{name}", "role": "viewer", "resource": "stores/radiology",
            "direct": True, "iamMember": f"user:{name}@example.org",
        }
        answer = self.gateway.call(
            "PUT", f"/api/v1/access/rules/{name}", json=rule | members, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text


@pytest.fixture
def archive(binary, tmp_path):
    with Gateway(binary, tmp_path) as gateway:
        yield Archive(gateway)


def test_direct_rules_are_planned_applied_and_taken_back_and_foreign_bindings_stay(archive):
    run = archive.gateway.run
    archive.set([STRANGER, CONDITIONAL])
    assert run("iam", "drift").returncode == 0
    archive.rule("ann")
    archive.rule("admin", role="dataset-viewer", resource="*")
    before = archive.policy()

    planned = run("iam", "plan")
    assert planned.returncode == 0, planned.stderr
    assert f"+ {VIEWER}  user:ann@example.org  (for ann; allows there also" in planned.stdout
    assert "2 to add, 0 to remove." in planned.stdout
    assert json.loads(run("iam", "plan", "--json").stdout)["drift"] is True
    assert run("iam", "drift").returncode == 1
    assert archive.policy() == before

    # Nobody is asked without a terminal, and a server's credential is not looked for.
    refused = archive.apply("--key-file", archive.key_file)
    assert refused.returncode == 2 and "--yes" in refused.stderr
    assert archive.apply("--yes").returncode == 2
    assert archive.policy() == before

    applied = archive.apply("--key-file", archive.key_file, "--yes")
    assert applied.returncode == 0, applied.stderr
    assert archive.members(VIEWER) == {"user:stranger@example.org", "user:ann@example.org"}
    assert [b for b in archive.policy()["bindings"] if "condition" in b] == [CONDITIONAL]
    dataset = archive.datasets.getIamPolicy(resource=DATASET).execute()
    assert dataset["bindings"] == [{"role": "roles/healthcare.datasetViewer", "members": ["user:admin@example.org"]}]
    assert run("iam", "drift").returncode == 0
    again = archive.apply("--key-file", archive.key_file, "--yes")
    assert again.returncode == 0 and "Nothing has to be changed." in again.stdout

    # A denial on one study keeps the rule out of IAM, where it would go around it.
    denial = {
        "effect": "deny", "principal": "user:google/ann", "role": "viewer", "resource": "stores/radiology/studies/1.2.3",
    }
    put = archive.gateway.call("PUT", "/api/v1/access/rules/no", json=denial, headers={"If-Match": "*"})
    assert put.status_code == 200, put.text
    planned = run("iam", "plan")
    assert "not mapped: ann  (touched-by-denial)" in planned.stdout
    assert f"- {VIEWER}  user:ann@example.org" in planned.stdout
    assert archive.apply("--key-file", archive.key_file, "--yes").returncode == 0
    assert archive.members(VIEWER) == {"user:stranger@example.org"}
    assert run("iam", "drift").returncode == 0


def test_an_access_token_from_the_environment_or_a_file_is_enough(archive, tmp_path):
    credentials = service_account.Credentials.from_service_account_file(archive.key_file, scopes=[SCOPE])
    credentials.refresh(Request())
    archive.rule("ann")
    file = tmp_path / "token"
    file.write_text(credentials.token + "\n")
    applied = archive.apply("--access-token-file", file, "--yes")
    assert applied.returncode == 0, applied.stderr
    assert archive.members(VIEWER) == {"user:ann@example.org"}
    file.write_text("not-a-token\n")
    archive.rule("bob")
    refused = archive.apply("--access-token-file", file, "--yes")
    assert refused.returncode == 2 and "refused" in refused.stderr
    assert archive.members(VIEWER) == {"user:ann@example.org"}


def test_bindings_are_imported_as_rules_and_go_with_them(archive):
    run = archive.gateway.run
    archive.set([STRANGER, CONDITIONAL, {"role": "roles/viewer", "members": ["user:boss@example.org"]}])
    said = ("--principal", "user:stranger@example.org=user:google/77")
    tried = run("iam", "import", *said, "--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert "1 rule would be added." in tried.stdout and "(conditional)" in tried.stdout
    assert archive.gateway.call("GET", "/api/v1/access/rules").json()["items"] == []
    done = run("iam", "import", *said)
    assert done.returncode == 0 and "1 rule added" in done.stdout, done.stderr
    rule = archive.gateway.call("GET", "/api/v1/access/rules").json()["items"][0]
    assert (rule["principal"], rule["role"], rule["direct"]) == ("user:google/77", "viewer", True)
    assert run("iam", "drift").returncode == 0
    assert run("rules", "remove", rule["id"]).returncode == 0
    assert archive.apply("--key-file", archive.key_file, "--yes").returncode == 0
    assert archive.members(VIEWER) == set() and archive.members("roles/viewer") == {"user:boss@example.org"}


def test_roles_groups_and_policy_tests_from_the_shell(archive, tmp_path):
    run = archive.gateway.run
    assert "roles/healthcare.dicomViewer" in run("roles", "list").stdout
    assert "healthcare.dicomStores.dicomWebRead" in run("roles", "show", "viewer").stdout
    made = run("roles", "create", "reader", "--permission", "healthcare.dicomStores.dicomWebRead")
    assert made.returncode == 0, made.stderr
    assert run("roles", "create", "reader", "--permission", "healthcare.dicomStores.get").returncode == 2
    faulty = run("roles", "create", "other", "--permission", "healthcare.dicomStores.nothing")
    assert faulty.returncode == 2 and "- roles[0]: there is no such permission" in faulty.stderr
    assert run("roles", "replace", "reader", "--permission", "healthcare.dicomStores.get").returncode == 0
    assert run("roles", "remove", "reader").returncode == 0

    assert run("groups", "add", "readers", "client:a", "client:b").returncode == 0
    assert run("groups", "drop", "readers", "client:b").returncode == 0
    assert run("groups", "show", "readers").stdout.split() == ["client:a"]
    assert "client:a" in run("groups", "list").stdout
    assert run("groups", "drop", "readers", "client:a").returncode == 0
    assert run("groups", "remove", "readers").returncode == 2

    # The policy in force, asked by cases.
    archive.rule("ann")
    cases = tmp_path / "cases.yaml"
    cases.write_text(
        "cases:\n- {name: ann looks, caller: user:google/ann, permission: healthcare.dicomStores.dicomWebRead,"
        " resource: stores/radiology/studies/1.2.3, expect: allow, rule: ann}\n"
    )
    tested = run("policy", "test", cases)
    assert tested.returncode == 0 and "1 cases: all as expected." in tested.stdout, tested.stderr
    cases.write_text(cases.read_text().replace("expect: allow", "expect: deny"))
    tested = run("policy", "test", cases)
    assert tested.returncode == 1
    assert "FAILED ann looks: expected deny by ann, decided allow by ann (allowed-by-rule)" in tested.stdout
