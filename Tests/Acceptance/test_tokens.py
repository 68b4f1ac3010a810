"""Tokens that another library makes, good and hostile, and an issuer whose keys change while the service runs."""

import time

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization

from support.servers import Gateway
from support.tokens import CURVE, LONG_CURVE, OTHER, RSA, Issuer, by_hand, claims, jwk, token


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


def status(service, text: str) -> int:
    """401 for nobody; a known caller without a rule is told that it may not."""
    return requests.get(
        f"{service.url}/api/v1/me", headers={"Authorization": f"Bearer {text}"}, timeout=30
    ).status_code


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
