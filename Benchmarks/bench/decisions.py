"""What access costs: one decision by the number of rules, tokens, searches of callers with many rules, and whole requests."""

import json
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

from .catalog_queries import GROWING, Sample
from .catalog_servers import CatalogGateway, Filler, KEPT, StandIn
from .load import Load
from .picture_peers import AUDIENCE, BelievingGateway, Issuer, TOKEN_SECONDS
from .servers import Gateway, Peer, free_port
from .thumbnails import store_small

# Microseconds, at that many rules.
AIM = (10_000, 20.0)
SEARCH_MS = 20.0
# What access and audit may take of the requests a second.
COST = 0.15
CONNECTIONS = 8
RULES = 1_000
JSON = {"Accept": "application/json"}
NAMED, CONDITIONED = "named", "conditioned"
# How long the rows of a rule's studies may take to be worked out.
ROWS_SECONDS = 900


class Timer:
    """`DecisionTiming`: decides many times and says how long each took."""

    binary: Path


class Lengths:
    """How much: all of it, or as little as shows that it works."""

    def __init__(self, brief: bool, studies: int):
        self.decisions = 10_000 if brief else 200_000
        self.tokens = 500 if brief else 8_000
        self.studies = studies
        self.searches = 100 if brief else 1_000


def measure(load: Load, folder: Path, lengths: Lengths, rounds: int, seconds: float, say) -> dict:
    result, parts = {}, {
        "decisions": lambda: decide(lengths, rounds, say),
        "tokens": lambda: tokens(load, folder, lengths, say),
        "requests": lambda: requests(load, folder, seconds, say),
        "access": lambda: with_and_without(load, folder, lengths, rounds, seconds, say),
        "searches": lambda: searches(load, folder, lengths, say),
    }
    for name, part in parts.items():
        try:
            result[name] = part()
        except (SystemExit, OSError, subprocess.SubprocessError) as error:
            say(f"{name}: {error}")
            result.setdefault("failed", {})[name] = str(error)
    return result


def decide(lengths: Lengths, rounds: int, say) -> list[dict]:
    say("decisions with 10, 1,000, 10,000 and 100,000 rules")
    words = [Timer.binary, "--decisions", str(lengths.decisions)]
    runs = [
        json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout) for _ in range(rounds)
    ]
    # The round in the middle, by its 99th percentiles: those of one process belong together.
    runs.sort(key=lambda rows: max(figure["p99Microseconds"] for row in rows for figure in row["decisions"].values()))
    return runs[len(runs) // 2]


class Bare:
    """The gateway as a peer without headers of its own, for requests that bring theirs."""

    def __init__(self, gateway, name: str, headers: dict[str, str] | None = None):
        self.port, self.name, self.shown = gateway.port, name, headers or {}

    def headers(self):
        return self.shown


def tokens(load: Load, folder: Path, lengths: Lengths, say) -> dict:
    """As many tokens, each shown twice; what the first time takes more of the processor is verifying."""
    say(f"decisions: {lengths.tokens:,} tokens")
    figures = {}
    with Issuer() as issuer, BelievingGateway(folder / "tokens", issuer) as gateway:
        signed = [issuer.token(jti=str(number)) for number in range(lengths.tokens)]
        lines = [f"GET /api/v1/me\tAuthorization: Bearer {token}" for token in signed]
        load.run(Bare(gateway, "tokens"), [f"GET /api/v1/me\tAuthorization: Bearer {issuer.token(jti='x')}"] * 500, JSON)
        for name in ("seen for the first time", "remembered"):
            before = gateway.processor_seconds()
            taken = load.run(Bare(gateway, "tokens"), lines, JSON, CONNECTIONS)
            figures[name] = {key: taken[key] for key in ("rate", "p50", "p99")} | {
                "processor": (gateway.processor_seconds() - before) / len(lines)
            }
    return figures


def requests(load: Load, folder: Path, seconds: float, say) -> dict:
    """A small JSON of a study by callers for whom more and more has to be looked at."""
    figures = {}
    with Issuer() as issuer, BelievingGateway(folder / "requests", issuer) as gateway:
        studies = list(dict.fromkeys(part.split("/series/")[0] for part in store_small(load, gateway, folder, 200)))
        names = [path.rpartition("/")[2] for path in studies]
        put_policy(gateway, [gateway.rule(), *named_rules(names, "user:hospital/named")])
        named = issuer.token(sub="named")
        ways = {
            "who am I, nothing of a patient": (gateway.token, ["/api/v1/me"]),
            "one study, the administrator key": (Gateway.key, studies[:1]),
            "one study, a token and a rule": (gateway.token, studies[:1]),
            "200 studies in turn, a token and a rule": (gateway.token, studies),
            "200 studies in turn, a token and a rule for each": (named, studies),
        }
        for name, (token, paths) in ways.items():
            say(f"decisions: requests: {name}")
            peer = Bare(gateway, name, {"Authorization": f"Bearer {token}"})
            lines = [f"GET {path}" for path in paths]
            load.run(peer, lines, JSON, CONNECTIONS, 0.5)
            before = gateway.processor_seconds()
            taken = load.run(peer, lines, JSON, CONNECTIONS, seconds)
            figures[name] = {key: taken[key] for key in ("rate", "p50", "p99")} | {
                "processor": (gateway.processor_seconds() - before) / taken["requests"]
            }
    return figures


class Gateways(Peer):
    """`DecisionTiming gateways`: the gateway with and without access and audit, each on a port, in one process."""

    name = "gateways"
    ready_path = "/healthz"

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.ports = [self.port, *(free_port() for _ in range(3))]

    def command(self):
        return [Timer.binary, "gateways", self.folder, *(word for port in self.ports for word in ("--ports", port))]

    def start(self):
        super().start()
        self.told = json.loads((self.folder / "gateways.json").read_text())
        return self


def with_and_without(load: Load, folder: Path, lengths: Lengths, rounds: int, seconds: float, say) -> dict:
    """The JSON of a study from gateways that look at more and more; all in turn in each round, whoever begins changes."""
    figures = {}
    with Gateways(folder / "gateways") as gateways:
        ways = []
        for name, port in zip(gateways.told["gateways"], gateways.ports):
            peer = Bare(gateways, name, {"Authorization": f"Bearer {gateways.told['key']}"})
            peer.port = port
            ways.append((name, peer))
        lines = [f"GET {path}" for path in gateways.told["paths"]]
        for _, peer in ways:
            load.run(peer, lines, JSON, CONNECTIONS, 0.5)
        # Twice as many rounds as elsewhere: a few percent are asked for.
        for number in range(2 * rounds):
            say(f"decisions: with and without access and audit: round {number + 1} of {2 * rounds}")
            turn = number % len(ways)
            for name, peer in ways[turn:] + ways[:turn]:
                before = gateways.processor_seconds()
                taken = load.run(peer, lines, JSON, CONNECTIONS, seconds / 2)
                spent = (gateways.processor_seconds() - before) / taken["requests"]
                figures.setdefault(name, []).append((taken["rate"], taken["p50"], taken["p99"], spent))
    result = {}
    for name, _ in ways:
        rows = figures[name]
        middle = [statistics.median(column) for column in zip(*rows)]
        # Of each round by itself, so that what else the machine does falls on both.
        ratios = [rate / first for (rate, *_), (first, *_) in zip(rows, figures[ways[0][0]])]
        result[name] = dict(zip(("rate", "p50", "p99", "processor"), middle)) | {"ratio": statistics.median(ratios)}
    return result


class SearchedGateway(CatalogGateway):
    """A gateway over a filled catalog that believes the issuer."""

    def __init__(self, folder: Path, stand_in: StandIn, issuer: Issuer):
        super().__init__(folder, {"dicomwebURL": f"http://127.0.0.1:{stand_in.port}/dicom-web"})
        self.issuer = issuer

    def command(self):
        words = super().command()
        configuration = self.folder / "collimator.yaml"
        configuration.write_text(
            configuration.read_text() + "identity:\n  issuerNames: [hospital]\n  hospital:\n"
            f"    issuer: {self.issuer.url}\n    audience: {AUDIENCE}\n    maxLifetime: {TOKEN_SECONDS}\n"
            # A comparison with the stand-in, which is empty, would empty the catalog.
            "catalog:\n  sweepInterval: 2592000\n"
        )
        return words


def searches(load: Load, folder: Path, lengths: Lengths, say) -> dict:
    """Searches one at a time by callers who may see a thousand studies by name, and those that a condition picks."""
    filled = fill(lengths.studies, say)
    home = folder / "searches"
    Filler.copy(lengths.studies, home)
    sample = Sample(filled, lengths.studies)
    institutions = [
        value for study in sample.studies for value in study.get("00080080", {}).get("Value", [])
    ]
    condition = {"modalitiesInStudy": ["CT", "MR"], "dateFrom": "20200101"}
    if institutions:
        condition["institution"] = [max(set(institutions), key=institutions.count)]
    names = [study["0020000D"]["Value"][0] for study in sample.studies[:: max(1, len(sample.studies) // RULES)]][:RULES]
    result = {"studies": lengths.studies, "of": {}}
    with StandIn(folder) as stand_in, Issuer() as issuer, SearchedGateway(home, stand_in, issuer) as gateway:
        rule = {
            "id": CONDITIONED, "effect": "allow", "principal": f"user:hospital/{CONDITIONED}", "role": "viewer",
            "resource": "stores/radiology", "condition": condition,
        }
        if not page(Bare(gateway, "all", gateway.headers())).get("total"):
            raise SystemExit("the filled catalog is older than the gateway, which has emptied it: fill it anew")
        began = time.monotonic()
        put_policy(gateway, [rule, *named_rules(names, f"user:hospital/{NAMED}")])
        say(f"decisions: the rows of {len(names) + 1:,} rules over {lengths.studies:,} studies")
        conditioned = Bare(gateway, CONDITIONED, {"Authorization": f"Bearer {issuer.token(sub=CONDITIONED)}"})
        while not page(conditioned).get("complete", True) and time.monotonic() < began + ROWS_SECONDS:
            time.sleep(1)
        result["rows_seconds"] = time.monotonic() - began
        callers = {
            "the administrator key": Bare(gateway, "all", gateway.headers()),
            f"{len(names):,} rules that name a study": Bare(
                gateway, NAMED, {"Authorization": f"Bearer {issuer.token(sub=NAMED)}"}
            ),
            "one rule with conditions": conditioned,
        }
        for name, peer in callers.items():
            say(f"decisions: searches: {name}")
            lines = [f"GET {sample.line(kind)}" for kind in GROWING for _ in range(lengths.searches // len(GROWING))]
            sample.chance.shuffle(lines)
            load.run(peer, lines[:50], JSON, 1, statuses={"200", "422"})
            taken = load.run(peer, lines, JSON, 1, statuses={"200", "422"})
            shown = page(peer)
            result["of"][name] = {key: taken[key] for key in ("rate", "p50", "p99", "statuses")} | {
                "total": shown.get("total"), "complete": shown.get("complete", True)
            }
    return result


def fill(studies: int, say) -> Path:
    """A filled catalog; one that is there is used also where there is nothing to fill it with."""
    folder = KEPT / str(studies)
    if Filler.binary.exists():
        return Filler.fill(studies, say)["folder"]
    if (folder / "catalog.db").exists():
        return folder
    raise SystemExit(f"no catalog of {studies:,} studies, and no CatalogFilling to make one")


def page(peer: Bare) -> dict:
    url = f"http://127.0.0.1:{peer.port}/api/v1/stores/radiology/studies?limit=1&total=exact"
    request = urllib.request.Request(url, headers=peer.headers() | JSON)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def named_rules(studies: list[str], principal: str) -> list[dict]:
    return [
        {
            "id": f"named-{number}", "effect": "allow", "principal": principal, "role": "viewer",
            "resource": f"stores/radiology/studies/{study}",
        }
        for number, study in enumerate(studies)
    ]


def put_policy(gateway, rules: list[dict]):
    url = f"http://127.0.0.1:{gateway.port}/api/v1/access/policy"
    with urllib.request.urlopen(urllib.request.Request(url, headers=gateway.headers()), timeout=60) as answer:
        policy = json.load(answer)
    policy["rules"] = rules
    headers = gateway.headers() | {"Content-Type": "application/json", "If-Match": "*"}
    request = urllib.request.Request(url, json.dumps(policy).encode(), headers, method="PUT")
    with urllib.request.urlopen(request, timeout=300) as answer:
        answer.read()
