"""HTTP by hand, for requests that a well-behaved client would not send."""

import json
import socket


class RawAnswer:
    def __init__(self, data: bytes):
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if lines[0].startswith("HTTP/1.1 ") else 0
        self.headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }

    def error(self) -> dict:
        body = self.body
        if self.headers.get("transfer-encoding") == "chunked":
            body = unchunked(body)
        parsed = json.loads(body)
        error = (parsed[0] if isinstance(parsed, list) else parsed)["error"]
        assert error["code"] == self.status
        return error


def unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        count = int(size or b"0", 16)
        if count == 0:
            break
        whole, body = whole + body[:count], body[count + 2:]
    return whole


def send(port: int, data: bytes, half_close=False, timeout=60) -> RawAnswer:
    """Sends bytes and reads until the server closes, or an answer with a length is complete."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server answered and closed before it had read all
        return RawAnswer(read_answer(connection))


def read_answer(connection: socket.socket) -> bytes:
    data = b""
    while True:
        try:
            chunk = connection.recv(65536)
        except ConnectionResetError:
            return data
        data += chunk
        if not chunk or is_complete(data):
            return data


def is_complete(data: bytes) -> bool:
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
        if name.lower() == b"transfer-encoding":
            return body.endswith(b"0\r\n\r\n")
    return False


def request(method: str, target: str, headers: dict, body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1"] + [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
