"""A sender of webhooks with no more than a loop: nothing is written down, decided or tried again. Prints its rate as JSON.

    bare_sender.py PORT MESSAGES CONNECTIONS
"""

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time

KEY = b"k" * 32
BODY = {
    "data": {"changed": ["attributes"], "instanceCount": 12, "links": {"study": "/api/v1/stores/radiology/studies/1.2.3"}},
    "datacontenttype": "application/json", "source": "/api/v1/stores/radiology", "specversion": "1.0",
    "subject": "studies/1.2.3", "type": "study.created",
}


async def connection(port: int, numbers, took: list[float]):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in numbers:
        began = time.monotonic()
        name, now = f"evt_bare_{number}", int(time.time())
        body = json.dumps(BODY | {"id": name}).encode()
        code = hmac.digest(KEY, b"%s.%d." % (name.encode(), now) + body, hashlib.sha256)
        head = (
            f"POST /hook/0 HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/cloudevents+json\r\n"
            f"content-length: {len(body)}\r\nwebhook-id: {name}\r\nwebhook-timestamp: {now}\r\n"
            f"webhook-signature: v1,{base64.b64encode(code).decode()}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 204"):
            raise SystemExit(f"answered {answer[:40]!r}")
        took.append((time.monotonic() - began) * 1000)
    writer.close()


async def main(port: int, messages: int, connections: int):
    took: list[float] = []
    numbers = iter(range(messages))
    began = time.monotonic()
    await asyncio.gather(*(connection(port, numbers, took) for _ in range(connections)))
    seconds = time.monotonic() - began
    took.sort()
    print(json.dumps({
        "messages": messages, "rate": messages / seconds, "p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100],
    }))


asyncio.run(main(*map(int, sys.argv[1:4])))
