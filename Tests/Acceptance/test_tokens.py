"""Tokens that another library makes, good and hostile, and an issuer whose keys change while the service runs."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from support.servers import Gateway


class Issuer:
    """An OpenID provider as far as its keys go; `status` other than 200 makes it fail."""

    def __init__(self):
        self.keys: dict[str, object] = {}
        self.status = 200
        self.asked: list[str] = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                body = json.dumps(issuer.document(self.path)).encode()
                self.send_response(issuer.status)
                if issuer.status == 301:
                    self.send_header("Location", f"{issuer.url}/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def document(self, path: str):
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return {"keys": [jwk(name, key) for name, key in self.keys.items()]}


def jwk(name: str, key) -> dict:
    algorithm, short = (RSAAlgorithm, "RS256") if isinstance(key, rsa.RSAPrivateKey) else (ECAlgorithm, "ES256")
    return json.loads(algorithm.to_jwk(key.public_key())) | {"kid": name, "use": "sig", "alg": short}


RSA = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
LONG_CURVE = ec.generate_private_key(ec.SECP384R1())


@pytest.fixture(scope="module")
def issuer():
    issuer = Issuer()
    issuer.keys = {"r": RSA, "e": CURVE}
    yield issuer
    issuer.server.shutdown()


class Configured(Gateway):
    issuer: Issuer

    def environment(self):
        return super().environment() | {
            "COLLIMATOR_IDENTITY_ISSUER_NAMES": "hospital",
            "COLLIMATOR_IDENTITY_HOSPITAL_ISSUER": self.issuer.url,
            "COLLIMATOR_IDENTITY_HOSPITAL_AUDIENCE": "collimator",
        }


@pytest.fixture(scope="module")
def service(binary, tmp_path_factory, issuer):
    server = Configured(binary, tmp_path_factory.mktemp("tokens"))
    server.issuer = issuer
    with server:
        yield server


def claims(issuer: Issuer, **changes) -> dict:
    now = int(time.time())
    made = {"iss": issuer.url, "aud": "collimator", "sub": "ann", "scope": "imaging", "iat": now, "exp": now + 300}
    return {name: value for name, value in (made | changes).items() if value is not None}


def token(issuer: Issuer, key=RSA, algorithm="RS256", kid="r", headers=None, **changes) -> str:
    return jwt.encode(claims(issuer, **changes), key, algorithm, headers={"kid": kid} | (headers or {}))


def status(service, text: str) -> int:
    """401 for nobody; a known caller without a rule is told that it may not."""
    return requests.get(
        f"{service.url}/api/v1/me", headers={"Authorization": f"Bearer {text}"}, timeout=30
    ).status_code


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(header: dict, body: dict, secret: bytes | None = None) -> str:
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(body).encode())}"
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest()) if secret is not None else ''}"


def test_good_tokens_are_callers(service, issuer):
    for text in (token(issuer), token(issuer, CURVE, "ES256", "e")):
        # The second opinion.
        key = RSA if jwt.get_unverified_header(text)["alg"] == "RS256" else CURVE
        jwt.decode(text, key.public_key(), ["RS256", "ES256"], audience="collimator", issuer=issuer.url)
        assert status(service, text) != 401


def test_hostile_tokens_are_401(service, issuer):
    pem = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    der = RSA.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    good = claims(issuer)
    hostile = {
        "1: none": by_hand({"alg": "none", "typ": "JWT", "kid": "r"}, good),
        "1: None": by_hand({"alg": "None", "typ": "JWT", "kid": "r"}, good),
        "3: empty key": by_hand({"alg": "HS256", "typ": "JWT", "kid": "r"}, good, b""),
        "4: RS512": token(issuer, algorithm="RS512"),
        "4: PS256": token(issuer, algorithm="PS256"),
        "4: P-384": token(issuer, LONG_CURVE, "ES384", "e"),
        "5: crit": token(issuer, headers={"crit": ["x"]}),
        "6: jku": token(issuer, OTHER, headers={"jku": f"{issuer.url}/evil"}),
        "6: jwk": token(issuer, OTHER, headers={"jwk": jwk("r", OTHER)}),
        "7: path": token(issuer, OTHER, kid="../../etc/passwd"),
        "another key": token(issuer, OTHER),
        "11: slash": token(issuer, iss=f"{issuer.url}/"),
        "12: none": token(issuer, aud=None),
        "12: others too": token(issuer, aud=["collimator", "other"]),
        "12: substring": token(issuer, aud="collimato"),
        "13: no exp": token(issuer, exp=None),
        "13: float": token(issuer, exp=time.time() + 300.5),
        "13: old": token(issuer, iat=1, exp=int(time.time()) - 120),
        "13: too long": token(issuer, exp=int(time.time()) + 10**7),
        "13: not yet": token(issuer, nbf=int(time.time()) + 300),
        "14: identity": token(issuer, scope=None, nonce="n"),
        "14: refresh": token(issuer, typ="Refresh"),
        "16: long": token(issuer, x="a" * 12_000),
    }
    for name, secret in {"PEM": pem, "PEM, no newline": pem.rstrip(), "DER": der}.items():
        hostile[f"2: {name}"] = by_hand({"alg": "HS256", "typ": "JWT", "kid": "r"}, good, secret)
    before = list(issuer.asked)
    assert {name: status(service, text) for name, text in hostile.items()} == dict.fromkeys(hostile, 401)
    assert "/evil" not in issuer.asked[len(before):]


def test_a_token_in_the_query_is_no_credential(service, issuer):
    answer = requests.get(f"{service.url}/api/v1/me", params={"access_token": token(issuer)}, timeout=30)
    assert answer.status_code == 401


def test_two_credentials_are_400(service, issuer):
    answer = requests.get(
        f"{service.url}/api/v1/me",
        headers={"Authorization": f"Bearer {token(issuer)}"}, cookies={"collimator_session": "x"}, timeout=30,
    )
    assert answer.status_code == 400


def test_an_issuer_that_fails_leaves_its_keys(service, issuer):
    assert status(service, token(issuer)) != 401
    try:
        for issuer.status in (500, 301, 404):
            assert status(service, token(issuer, OTHER, kid="unknown")) == 401
            assert status(service, token(issuer)) != 401
    finally:
        issuer.status = 200
    assert "/elsewhere" not in issuer.asked


@pytest.mark.timeout(120)
def test_a_new_key_counts_while_the_service_runs(binary, tmp_path_factory):
    issuer = Issuer()
    issuer.keys = {"r": RSA}
    server = Configured(binary, tmp_path_factory.mktemp("rotation"))
    server.issuer = issuer
    with server:
        assert status(server, token(issuer)) != 401
        issuer.keys["new"] = OTHER
        deadline = time.monotonic() + 60
        # The cooldown after the first fetch has to pass, and no more than that.
        while status(server, token(issuer, OTHER, kid="new")) == 401:
            assert time.monotonic() < deadline
            time.sleep(1)
        assert issuer.asked.count("/keys") == 2
    issuer.server.shutdown()


def test_no_token_is_in_the_log(service, issuer):
    text = token(issuer)
    status(service, text)
    assert text.split(".")[2] not in service.log.read_text()
