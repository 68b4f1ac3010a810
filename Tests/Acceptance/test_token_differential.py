"""Our verdict on tokens beside that of PyJWT, which is told the same: what we take it must take too.

Where it takes what we refuse, the reason is written down here; anything else that differs is a fault.
"""

import json
import random
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from jwt.algorithms import RSAAlgorithm

from support.tokens import CURVE, LONG_CURVE, OTHER, RSA, Issuer, b64, by_hand, claims, jwk, token
from test_tokens import Configured, status

SEED = 20260105
MUTATIONS = 400

# What we refuse and PyJWT takes, and why we are right to.
STRICTER = {
    "two audiences, ours among them": "whoever else it is for could hand it on",
    "exp as a fraction": "times are whole numbers (case 13)",
    "exp as a text": "times are whole numbers (case 13)",
    "nbf as a fraction": "times are whole numbers (case 13)",
    "iat as a text": "times are whole numbers (case 13)",
    "a life of a year": "a token that is lost is lost for so long",
    "an identity token": "it tells an app who logged in and calls nothing (case 14)",
    "typ of a claim: Refresh": "a refresh token calls nothing (case 14)",
    "typ of the header: another": "the header says that it is something else",
    "sub twice": "two readers could take either (case 15)",
    "kid twice": "two readers could take either (case 15)",
    "jku beside our key": "a token leads to no address (case 6)",
    "jwk beside our key": "a token brings no key (case 6)",
    "x5u beside our key": "a token leads to no address (case 6)",
    "zip in the header": "nothing is unpacked (case 16)",
    "9 KiB": "a token is short (case 16)",
    "deep claims": "JSON is shallow (case 16)",
}


@pytest.fixture(scope="module")
def issuer():
    issuer = Issuer()
    issuer.keys = {"r": RSA, "e": CURVE}
    yield issuer
    issuer.server.shutdown()


@pytest.fixture(scope="module")
def service(binary, tmp_path_factory, issuer):
    server = Configured(binary, tmp_path_factory.mktemp("differential"))
    server.issuer = issuer
    with server:
        yield server


def ours(service, text: str) -> bool:
    return status(service, text) != 401


def theirs(issuer: Issuer, text: str) -> bool:
    keys = {name: jwk(name, key) for name, key in issuer.keys.items()}
    try:
        # Case 7 and 8: the name of the key is looked up, and the key says the algorithm.
        key = jwt.PyJWK(keys[jwt.get_unverified_header(text)["kid"]])
        jwt.decode(
            text, key, [key.algorithm_name], audience="collimator", issuer=issuer.url, leeway=30,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
        return True
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError):
        return False


def signed(header: str, body: str, key=RSA) -> str:
    """Header and claims to the letter, with a signature that is right for them."""
    text = f"{b64(header.encode())}.{b64(body.encode())}"
    return f"{text}.{b64(RSAAlgorithm(RSAAlgorithm.SHA256).sign(text.encode(), key))}"


def table(issuer: Issuer) -> dict[str, str]:
    now = int(time.time())
    good = json.dumps(claims(issuer))
    head = '{"alg":"RS256","typ":"JWT","kid":"r"}'
    public = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "good: RS256": token(issuer),
        "good: ES256": token(issuer, CURVE, "ES256", "e"),
        "good: at+jwt": token(issuer, headers={"typ": "at+jwt"}),
        "good: a list of one audience": token(issuer, aud=["collimator"]),
        "good: nbf, and the clock a little ahead": token(issuer, nbf=now + 20, iat=now + 20),
        "good: ended, within the difference of clocks": token(issuer, iat=now - 600, exp=now - 10),
        "two audiences, ours among them": token(issuer, aud=["collimator", "other"]),
        "another audience": token(issuer, aud="other"),
        "no audience": token(issuer, aud=None),
        "audience of another case": token(issuer, aud="Collimator"),
        "an empty list of audiences": token(issuer, aud=[]),
        "another issuer": token(issuer, iss=f"{issuer.url}/"),
        "no issuer": token(issuer, iss=None),
        "no subject": token(issuer, sub=None),
        "ended": token(issuer, iat=now - 600, exp=now - 60),
        "no end": token(issuer, exp=None),
        "not yet": token(issuer, nbf=now + 120),
        "made in the future": token(issuer, iat=now + 120),
        "exp as a fraction": token(issuer, exp=now + 300.5),
        "exp as a text": signed(head, good.replace(str(now + 300), f'"{now + 300}"')),
        "nbf as a fraction": token(issuer, nbf=now - 1.5),
        "iat as a text": signed(head, json.dumps(claims(issuer) | {"iat": str(now)})),
        "exp beyond numbers": signed(head, good.replace(f'"exp": {now + 300}', '"exp": 1e400')),
        "a life of a year": token(issuer, exp=now + 31_536_000),
        "an identity token": token(issuer, scope=None, nonce="n"),
        "typ of a claim: Refresh": token(issuer, typ="Refresh"),
        "typ of the header: another": token(issuer, headers={"typ": "logout+jwt"}),
        "sub twice": signed(head, good.replace('"sub"', '"sub": "bob", "sub"')),
        "kid twice": signed('{"alg":"RS256","kid":"e","kid":"r"}', good),
        "jku beside our key": token(issuer, headers={"jku": f"{issuer.url}/evil"}),
        "jwk beside our key": token(issuer, headers={"jwk": jwk("r", RSA)}),
        "x5u beside our key": token(issuer, headers={"x5u": f"{issuer.url}/evil"}),
        "crit": token(issuer, headers={"crit": ["x"], "x": 1}),
        "b64": token(issuer, headers={"crit": ["b64"], "b64": False}),
        "zip in the header": token(issuer, headers={"zip": "DEF"}),
        "9 KiB": token(issuer, x="a" * 7_000),
        "deep claims": signed(head, good[:-1] + ', "x": ' + "[" * 100 + "]" * 100 + "}"),
        "none": by_hand({"alg": "none", "kid": "r"}, claims(issuer)),
        "HMAC with the public key": by_hand({"alg": "HS256", "kid": "r"}, claims(issuer), public),
        "HMAC with nothing": by_hand({"alg": "HS256", "kid": "r"}, claims(issuer), b""),
        "RS512": token(issuer, algorithm="RS512"),
        "PS256": token(issuer, algorithm="PS256"),
        "ES384": token(issuer, LONG_CURVE, "ES384", "e"),
        "another key under the name": token(issuer, OTHER),
        "RSA under the name of the curve": token(issuer, kid="e"),
        "the curve under the name of RSA": token(issuer, CURVE, "ES256", "r"),
        "an unknown name": token(issuer, kid="x"),
        "a path for a name": token(issuer, kid="../../etc/passwd"),
        "no name": signed('{"alg":"RS256","typ":"JWT"}', good),
        "claims that are a list": signed(head, "[]"),
        "claims that are no JSON": signed(head, "{"),
        "claims that are no UTF-8": token(issuer).replace(".", "._"),
        "four parts": f"{token(issuer)}.x",
        "two parts": token(issuer).rsplit(".", 1)[0],
        "a signature of nothing": token(issuer).rsplit(".", 1)[0] + ".",
    }


def test_a_table_of_tokens(service, issuer):
    verdicts = {name: (ours(service, text), theirs(issuer, text)) for name, text in table(issuer).items()}
    good = {name for name in verdicts if name.startswith("good: ")}
    assert {name: verdicts[name] for name in good} == dict.fromkeys(good, (True, True))
    assert {name for name, (we, _) in verdicts.items() if we} == good
    assert {name for name, (we, they) in verdicts.items() if they and not we} == set(STRICTER)


def mutated(text: str, chance: random.Random) -> str:
    """A token with something small about it changed."""
    place = chance.randrange(len(text))
    sign = chance.choice("ABCXYZabcxyz0189-_.=+/")
    return chance.choice([
        lambda: text[:place] + sign + text[place + 1:],
        lambda: text[:place] + text[place + 1:],
        lambda: text[:place] + sign + text[place:],
        lambda: text[:place],
        lambda: text[:place] + text[place].swapcase() + text[place + 1:],
        lambda: ".".join(chance.sample(text.split("."), 3)),
    ])()


def test_tokens_with_something_small_changed(service, issuer):
    chance = random.Random(SEED)
    originals = [token(issuer), token(issuer, CURVE, "ES256", "e")]
    other = token(issuer, sub="bob")
    taken = []
    for _ in range(MUTATIONS):
        original = chance.choice(originals)
        text = mutated(original, chance)
        if chance.random() < 0.1:
            # A part of another token that is good as well.
            parts, others = original.split("."), other.split(".")
            number = chance.randrange(1, 3)
            parts[number] = others[number]
            text = ".".join(parts)
        if ours(service, text):
            taken.append(text)
            assert theirs(issuer, text), text
    # A change that leaves the same text, such as the case of a digit, is none.
    assert set(taken) <= set(originals)
