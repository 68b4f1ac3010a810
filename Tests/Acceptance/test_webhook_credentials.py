"""What calls of an endpoint carry beside the signature, and the proxy that they go through."""

import socket
import threading

import pytest

from support.hooks import PATH, CallingGateway, certificate, connect, eventually, make, upload
from support.receiver import Receiver


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    return {name: certificate(folder, name) for name in ("receiver", "caller", "stranger")}


@pytest.fixture(scope="module")
def server(binary, files, tmp_path_factory):
    trusting = {"COLLIMATOR_WEBHOOKS_TRUSTED_CERTIFICATES": str(files["receiver"][0])}
    with CallingGateway(binary, tmp_path_factory.mktemp("hooks") / "data", **trusting) as running:
        yield running


def pem(pair) -> dict:
    return {"certificate": pair[0].read_text(), "key": pair[1].read_text()}


def test_a_receiver_that_asks_for_a_certificate_gets_the_endpoints_own(server, files):
    with Receiver(files["receiver"], callers=files["caller"][0]) as receiver:
        endpoint = connect(server, receiver, clientCertificate=pem(files["caller"]))
        assert server.call("POST", f"{PATH}/{endpoint}/tests").json()["delivered"]
        receiver.verify(receiver.messages[0])
        # With another one, and without any, nobody is let in.
        for other in (pem(files["stranger"]), None):
            answer = server.call("PATCH", f"{PATH}/{endpoint}", json={"clientCertificate": other})
            assert answer.status_code == 200 and (answer.json()["clientCertificate"] is None) == (other is None)
            test = server.call("POST", f"{PATH}/{endpoint}/tests").json()
            assert not test["delivered"] and test["status"] is None
        assert len(receiver.messages) == 1


def test_a_key_of_another_certificate_is_refused(server, files):
    mixed = {"certificate": files["caller"][0].read_text(), "key": files["stranger"][1].read_text()}
    for useless in (mixed, {"certificate": "x", "key": "y"}, {"certificate": mixed["certificate"]}, "x"):
        answer = server.call("POST", PATH, json={"name": "x", "url": "https://a.example/", "clientCertificate": useless})
        assert answer.status_code == 400 and answer.json()["code"] == "invalid-input"


def test_headers_go_with_every_call_and_are_shown_to_nobody(server, files):
    word = "zebra-quartz-1729"
    with Receiver() as receiver:
        endpoint = connect(server, receiver, headers={"Authorization": f"Bearer {word}", "X-Site": "north"})
        upload(server)
        eventually(lambda: receiver.messages, "nothing came")
        for message in receiver.challenges + receiver.messages:
            assert message["headers"]["authorization"] == f"Bearer {word}" and message["headers"]["x-site"] == "north"
            receiver.verify(message)
        shown = server.call("GET", f"{PATH}/{endpoint}")
        assert shown.json()["headerNames"] == ["authorization", "x-site"] and word not in shown.text
        for path in server.folder.rglob("*"):
            if path.is_file() and path.stat().st_size < 50_000_000:
                assert word.encode() not in path.read_bytes(), path
        assert word.encode() not in server.log.read_bytes()
        # Whoever moves the endpoint is not sent what was meant for the address before.
        with Receiver() as elsewhere:
            moved = server.call("PATCH", f"{PATH}/{endpoint}", json={"url": elsewhere.url}).json()
            assert moved["headerNames"] == [] and moved["state"] == "unverified"


# Case 60.
@pytest.mark.parametrize(
    "name, value",
    [
        ("Host", "x"), ("Content-Length", "0"), ("Transfer-Encoding", "chunked"), ("webhook-id", "x"),
        ("Webhook-Signature", "x"), ("Metadata-Flavor", "Google"), ("X-aws-ec2-metadata-token", "x"), ("Connection", "x"),
        ("X-A", "b\r\nHost: x"), ("X-A\r\nX-B", "c"), ("X-A", ""), ("X A", "b"), ("X-A", "b\x00"), ("X-A", 7), ("X-A", None),
    ],
)
def test_headers_that_are_not_the_endpoints_to_set_are_refused(server, name, value):
    answer = server.call("POST", PATH, json={"name": "x", "url": "https://a.example/", "headers": {name: value}})
    assert answer.status_code == 400 and answer.json()["code"] == "invalid-input"


def test_the_command_line_takes_them_from_files(server, files, tmp_path):
    lines = tmp_path / "headers.txt"
    lines.write_text("Authorization: Bearer by-hand\nX-Site: south\n")
    with Receiver(files["receiver"], callers=files["caller"][0]) as receiver:
        made = make(server, receiver.url)
        given = server.run(
            "webhooks", "credentials", made["id"], "--headers", lines,
            "--client-certificate", files["caller"][0], "--client-key", files["caller"][1],
        )
        assert given.returncode == 0, given.stderr
        assert "authorization, x-site" in given.stdout and "by-hand" not in given.stdout
        assert server.run("webhooks", "verify", made["id"]).returncode == 0
        assert receiver.challenges[0]["headers"]["authorization"] == "Bearer by-hand"
        half = server.run("webhooks", "credentials", made["id"], "--client-key", files["caller"][1])
        assert half.returncode != 0
        taken = server.run("webhooks", "credentials", made["id"], "--none")
        assert taken.returncode == 0 and "Headers: none." in taken.stdout


class Proxy:
    """Connects where it is asked to, or always to one place, and keeps what it was asked for."""

    def __init__(self, place=None):
        self.place = place
        self.asked: list[str] = []

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            if not (part := client.recv(4096)):
                return
            head += part
        target = head.split(b" ")[1].decode()
        self.asked.append(head.split(b"\r\n")[0].decode())
        host, port = target.rsplit(":", 1)
        onward = socket.create_connection(self.place or (host, int(port)))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for source, sink in ((client, onward), (onward, client)):
            threading.Thread(target=self.copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def copy(source, sink):
        try:
            while part := source.recv(65536):
                sink.sendall(part)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def test_calls_go_through_the_configured_proxy(binary, files, tmp_path):
    with Receiver(files["receiver"]) as receiver, Proxy() as proxy:
        settings = {
            "COLLIMATOR_WEBHOOKS_TRUSTED_CERTIFICATES": str(files["receiver"][0]),
            "COLLIMATOR_WEBHOOKS_PROXY": f"http://127.0.0.1:{proxy.port}",
        }
        with CallingGateway(binary, tmp_path / "proxied", **settings) as server:
            endpoint = connect(server, receiver)
            assert server.call("POST", f"{PATH}/{endpoint}/tests").json()["delivered"]
            receiver.verify(receiver.messages[0])
            assert proxy.asked and set(proxy.asked) == {f"CONNECT 127.0.0.1:{receiver.port} HTTP/1.1"}
            # A proxy makes no address allowed that is not.
            assert server.call("POST", PATH, json={"name": "x", "url": "https://10.0.0.1/"}).status_code == 400


def test_a_proxy_that_resolves_is_asked_for_the_name(binary, tmp_path):
    with Receiver() as nowhere, Proxy(place=("127.0.0.1", nowhere.port)) as proxy:
        settings = {
            "COLLIMATOR_WEBHOOKS_PROXY": f"http://127.0.0.1:{proxy.port}", "COLLIMATOR_WEBHOOKS_PROXY_RESOLUTION": "proxy",
        }
        with CallingGateway(binary, tmp_path / "named", **settings) as server:
            made = make(server, "https://hook.example.org/x")
            # What answers there is not encrypted, and nothing is sent to it.
            assert server.call("POST", f"{PATH}/{made['id']}/challenges").status_code == 422
            assert proxy.asked == ["CONNECT hook.example.org:443 HTTP/1.1"] and not nowhere.challenges
