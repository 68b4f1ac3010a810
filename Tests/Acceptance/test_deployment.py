"""What Dockerfile, compose.yaml, service.yaml and the unit say, held to what the executable needs and knows.

There is no container engine here: the image itself is not built.
"""

import os
import re
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest
import requests
import yaml

from support.servers import Gateway, Server, free_port

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
SERVICE_TEXT = (ROOT / "deploy/cloud-run/service.yaml").read_text()
VALUES = {"PROJECT": "my-project", "REGION": "us-central1", "PUBLIC_URL": "https://imaging.example.org"}


def filled(text: str) -> str:
    """What `envsubst` makes of it."""
    return re.sub(r"\$\{(\w+)\}", lambda match: VALUES[match[1]], text)


SERVICE = yaml.safe_load(filled(SERVICE_TEXT))
CONTAINER = SERVICE["spec"]["template"]["spec"]["containers"][0]


def stages() -> list[str]:
    return re.split(r"(?m)^FROM ", DOCKERFILE)[1:]


def packages(stage: str) -> set[str]:
    [words] = re.findall(r"--no-install-recommends((?:\s|\\|[a-z0-9.+-])+)", stage)
    return set(words.replace("\\", " ").split())


def variables_of_image() -> dict[str, str]:
    [text] = re.findall(r"(?m)^ENV ((?:.*\\\n)*.*)", stages()[1])
    return dict(word.split("=", 1) for word in text.replace("\\\n", " ").split())


def known_variables() -> list[str]:
    """The patterns of the variables in docs/configuration.md, which a test of its own holds to the code."""
    names = re.findall(r"\| `(COLLIMATOR_[A-Z_<>]+)` \|", (ROOT / "docs/configuration.md").read_text())
    assert len(names) > 10
    return [name.replace("<NAME>", "[A-Z0-9_]+") for name in names]


def codename() -> str:
    return dict(re.findall(r"(?m)^(\w+)=\"?([^\"\n]*)", Path("/etc/os-release").read_text())).get("VERSION_CODENAME", "")


def owner(library: str) -> str | None:
    """The Debian package that a library file is of; None for the Swift runtime, which the image has linked in."""
    path = os.path.realpath(library)
    for candidate in (path, path.removeprefix("/usr"), "/usr" + path):
        found = subprocess.run(["dpkg-query", "--search", candidate], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    return None


@pytest.mark.skipif(codename() != "bookworm", reason="the names of the packages are those of Debian 12")
def test_the_image_has_exactly_the_libraries_that_the_executable_is_linked_with(binary):
    dynamic = subprocess.run(["readelf", "--dynamic", binary], capture_output=True, text=True, check=True).stdout
    direct = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
    found = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
    paths = dict(re.findall(r"(?m)^\s*(\S+) => (\S+)", found))
    owners = {name: owner(paths[name]) for name in direct if name in paths}
    assert all("swift" in paths[name].lower() for name, package in owners.items() if package is None), owners
    # libc6 is in every Debian; the certificates are for the other end of a connection.
    assert packages(stages()[1]) == {name for name in owners.values() if name} - {"libc6"} | {"ca-certificates"}


def test_the_build_has_the_packages_of_the_bootstrap():
    script = (ROOT / "scripts/bootstrap").read_text()
    [block] = re.findall(r"(?s)build_packages=\((.*?)\n\)", script)
    assert packages(stages()[0]) == set(re.sub(r"#.*", "", block).split())


@pytest.mark.skipif(shutil.which("apt-cache") is None, reason="no apt")
@pytest.mark.skipif(codename() != "bookworm", reason="the names of the packages are those of Debian 12")
@pytest.mark.parametrize("package", sorted(packages(stages()[0]) | packages(stages()[1])))
def test_every_package_exists(package):
    found = subprocess.run(["apt-cache", "show", package], capture_output=True, text=True)
    assert found.returncode == 0 and f"Package: {package}\n" in found.stdout, package


def test_the_image_is_of_the_usual_form():
    build, run = stages()
    assert build.startswith("swift:6.3-bookworm AS build") and "--static-swift-stdlib" in build
    assert run.startswith("debian:bookworm-slim")
    assert re.search(r"(?m)^USER 10001:10001$", run)
    assert 'ENTRYPOINT ["collimator"]' in run and 'CMD ["serve"]' in run
    assert run.index("COPY --from=build") < run.index("USER ")
    # What is copied in must be let in.
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {word.strip("./") for words in re.findall(r"(?m)^COPY (?!--from)(.*) \S+$", build) for word in words.split()}
    folders = {"Sources", "Tests", "Benchmarks/CatalogFilling", "Benchmarks/DecisionTiming"}
    assert copied == folders | {"Package.*", "openapi.yaml"}
    assert allowed == folders | {"Package.swift", "Package.resolved", "openapi.yaml"}
    # The manifest names targets in these folders and no others.
    assert set(re.findall(r'path: "(\w+)/', (ROOT / "Package.swift").read_text())) <= {"Sources", "Tests", "Benchmarks"}


@pytest.mark.parametrize("where", ["image", "compose", "cloud run", "unit"])
def test_only_keys_that_exist_are_set(where):
    unit = (ROOT / "deploy/systemd/collimator.service").read_text()
    names = {
        "image": set(variables_of_image()),
        "compose": set(COMPOSE["services"]["gateway"]["environment"]),
        "cloud run": {variable["name"] for variable in CONTAINER["env"]},
        "unit": set(re.findall(r"(?m)^Environment=(\w+)=", unit)),
    }[where]
    ours = {name for name in names if name.startswith("COLLIMATOR_")}
    assert ours and names - ours <= {"LANG"}
    for name in ours:
        assert any(re.fullmatch(pattern, name) for pattern in known_variables()), name


def test_the_compose_file_has_only_known_fields_and_names_what_it_defines():
    assert set(COMPOSE) == {"name", "services", "volumes", "secrets"}
    [gateway] = COMPOSE["services"].values()
    assert set(gateway) <= {
        "build", "image", "command", "environment", "ports", "volumes", "secrets", "read_only", "tmpfs", "cap_drop",
        "security_opt", "healthcheck", "stop_grace_period", "restart",
    }
    assert set(gateway["healthcheck"]) <= {"test", "interval", "timeout", "start_period", "retries"}
    assert set(gateway["secrets"]) == set(COMPOSE["secrets"])
    assert {volume.split(":")[0] for volume in gateway["volumes"]} == set(COMPOSE["volumes"])
    assert (ROOT / "deploy" / gateway["build"]["context"]).resolve() == ROOT
    # Without TLS, for this machine alone.
    assert all(port.startswith("127.0.0.1:") for port in gateway["ports"])
    assert gateway["environment"]["COLLIMATOR_ADMIN_KEY_FILE"] == "/run/secrets/administrator-key"
    data = variables_of_image()["COLLIMATOR_DATA_DIR"]
    assert [volume.split(":")[1] for volume in gateway["volumes"]] == [data]
    assert gateway["read_only"] is True


def test_the_cloud_run_service_has_only_known_fields():
    assert (SERVICE["apiVersion"], SERVICE["kind"]) == ("serving.knative.dev/v1", "Service")
    assert set(SERVICE["spec"]) == {"template", "traffic"}
    revision = SERVICE["spec"]["template"]["spec"]
    assert set(revision) == {"serviceAccountName", "containerConcurrency", "timeoutSeconds", "containers", "volumes"}
    assert 1 <= revision["containerConcurrency"] <= 1000 and 1 <= revision["timeoutSeconds"] <= 3600
    assert set(CONTAINER) == {
        "name", "image", "args", "ports", "env", "resources", "startupProbe", "livenessProbe", "volumeMounts",
    }
    for probe in (CONTAINER["startupProbe"], CONTAINER["livenessProbe"]):
        assert set(probe) == {"httpGet", "periodSeconds", "timeoutSeconds", "failureThreshold"}
        assert probe["timeoutSeconds"] <= probe["periodSeconds"]
        assert probe["httpGet"]["port"] == CONTAINER["ports"][0]["containerPort"] == 8080
        assert probe["httpGet"]["path"] in ("/healthz", "/readyz")
    assert CONTAINER["ports"][0]["name"] == "http1"
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == {volume["name"] for volume in revision["volumes"]}
    annotations = SERVICE["metadata"]["annotations"] | SERVICE["spec"]["template"]["metadata"]["annotations"]
    assert all(isinstance(value, str) for value in annotations.values())
    assert annotations["autoscaling.knative.dev/maxScale"] == "1"
    [mount], [secret] = CONTAINER["volumeMounts"], revision["volumes"]
    variables = {variable["name"]: variable["value"] for variable in CONTAINER["env"]}
    key = variables["COLLIMATOR_ADMIN_KEY_FILE"]
    assert key == f"{mount['mountPath']}/{secret['secret']['items'][0]['path']}"
    # The folder of the pictures is in memory too.
    [gibibytes] = re.fullmatch(r"(\d+)Gi", CONTAINER["resources"]["limits"]["memory"]).groups()
    pictures = int(variables["COLLIMATOR_CACHE_DISK_BYTES"]) + int(variables["COLLIMATOR_CACHE_MEMORY_BYTES"])
    assert pictures <= int(gibibytes) << 30 >> 2
    # What the guide makes is what the service names.
    name = variables["COLLIMATOR_EVENTS_SUBSCRIPTIONS"].removeprefix(f"projects/{VALUES['PROJECT']}/subscriptions/")
    guide = (ROOT / "docs/deploy.md").read_text()
    assert f"gcloud pubsub subscriptions create {name} " in guide
    assert f"gcloud pubsub subscriptions add-iam-policy-binding {name} " in guide


def test_the_compose_file_waits_longer_than_the_drain(binary):
    told = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    [seconds] = re.findall(r"--drain-seconds[\s\S]*?\(default: (\d+)\)", told)
    assert int(COMPOSE["services"]["gateway"]["stop_grace_period"].removesuffix("s")) > int(seconds)
    assert f"the {seconds} seconds" in (ROOT / "deploy/compose.yaml").read_text()


class Deployed(Server):
    """The executable with the environment and the words of a deployment, on a free port of this machine."""

    def __init__(self, binary, folder, environment, words):
        super().__init__(binary, folder)
        self.port = free_port()
        self.words = words
        key = folder / "administrator-key"
        key.write_text("clm_admin_" + secrets.token_urlsafe(32) + "\n")
        self.variables = environment | {
            "COLLIMATOR_SERVER_HOST": "127.0.0.1", "COLLIMATOR_SERVER_PORT": str(self.port),
            "COLLIMATOR_DATA_DIR": str(folder / "data"), "COLLIMATOR_ADMIN_KEY_FILE": str(key),
            "COLLIMATOR_EMULATOR_PORT": str(free_port()),
        }

    def command(self):
        return self.words

    def environment(self):
        return super().environment() | self.variables

    def is_ready(self):
        return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5).status_code == 200


@pytest.mark.parametrize("where", ["compose", "cloud run"])
def test_the_executable_starts_from_what_a_deployment_sets(binary, tmp_path, where):
    gateway = COMPOSE["services"]["gateway"]
    environment, words = {
        "compose": (gateway["environment"], gateway["command"]),
        "cloud run": ({variable["name"]: variable["value"] for variable in CONTAINER["env"]}, CONTAINER["args"]),
    }[where]
    with Deployed(binary, tmp_path, variables_of_image() | environment, words) as server:
        # Signed by nobody: the stores are guarded, and the documentation is not.
        assert requests.get(f"http://127.0.0.1:{server.port}/api/v1/stores", timeout=60).status_code == 401
        assert requests.get(f"http://127.0.0.1:{server.port}/docs", timeout=30).status_code == 200
        assert server.stop() == 0


def test_off_loopback_nothing_starts_without_a_key(binary, tmp_path):
    environment = {"PATH": os.environ["PATH"]} | variables_of_image() | {"COLLIMATOR_DATA_DIR": str(tmp_path)}
    done = subprocess.run([binary, "serve"], capture_output=True, text=True, timeout=60, env=environment, cwd=tmp_path)
    assert done.returncode == 2
    assert "COLLIMATOR_ADMIN_KEY_FILE" in done.stderr


def test_the_health_check_of_the_image(binary, tmp_path):
    [words] = re.findall(r"(?m)^HEALTHCHECK .*CMD \[(.*)\]", DOCKERFILE)
    check = [word.strip(' "') for word in words.split(",")]
    assert check == COMPOSE["services"]["gateway"]["healthcheck"]["test"][1:3] == ["collimator", "health"]
    with Gateway(binary, tmp_path) as server:
        environment = {"PATH": os.environ["PATH"], "COLLIMATOR_SERVER_PORT": str(server.port)}
        for more in ([], ["--ready"]):
            done = subprocess.run([binary, *check[1:], *more], capture_output=True, timeout=60, env=environment)
            assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    done = subprocess.run([binary, *check[1:]], capture_output=True, timeout=60, env=environment)
    assert done.returncode == 1 and done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_the_unit_is_accepted(binary, tmp_path):
    text = (ROOT / "deploy/systemd/collimator.service").read_text().replace("/usr/local/bin/collimator", str(binary))
    unit = tmp_path / "collimator.service"
    unit.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "collimator.service" in line]
    assert not ours, ours
