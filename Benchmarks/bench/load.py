"""Driving load.c: plans in, figures out."""

import json
import os
import shutil
import subprocess
from pathlib import Path


class Load:
    def __init__(self, folder: Path):
        self.folder = folder
        self.program = folder / "load"
        source = Path(__file__).resolve().parents[1] / "load.c"
        compiler = shutil.which("cc") or shutil.which("clang")
        subprocess.run([compiler, "-O2", "-pthread", "-o", self.program, source], check=True)

    def run(
        self, peer, lines: list[str], headers: dict[str, str], connections=8, seconds=0.0, statuses=frozenset({"200"})
    ) -> dict:
        r"""Replays `lines` (`METHOD PATH [BODYFILE][\tHEADER]`); other statuses than those named make figures worthless."""
        plan, head = self.write("run", peer, lines, headers)
        done = subprocess.run(
            [self.program, str(peer.port), str(connections), str(seconds), head, plan],
            capture_output=True, text=True, check=True, env=os.environ,
        )
        result = json.loads(done.stdout)
        if not set(result["statuses"]) <= set(statuses) or result["failed"]:
            raise SystemExit(f"{peer.name}: answers that were not asked for: {result}")
        result["rate"] = result["requests"] / result["seconds"]
        result["received_mb"] = result["received"] / result["seconds"] / 1e6
        result["sent_mb"] = result["sent"] / result["seconds"] / 1e6
        return result

    def begin(self, name: str, peer, lines: list[str], headers: dict[str, str], rate: float, connections=64, limit=0.0):
        """Sends so many lines a second, each once and whether those before were answered or not; see `finish`.

        After `limit` seconds, unless that is 0, no more are sent.
        """
        plan, head = self.write(name, peer, lines, headers)
        times = self.folder / f"{name}.times"
        process = subprocess.Popen(
            [self.program, str(peer.port), str(connections), str(limit), head, plan, str(rate), times],
            stdout=subprocess.DEVNULL,
        )
        return process, times

    def finish(self, begun) -> list[tuple[int, float, float]]:
        """For each line: its status, milliseconds since it was due, milliseconds by which it was sent late.

        The status of one that was not sent is 0.
        """
        process, times = begun
        if process.wait() != 0:
            raise SystemExit("the load client failed")
        rows = [line.split() for line in times.read_text().splitlines()]
        return [(int(status), float(took), float(late)) for status, took, late in rows]

    def write(self, name: str, peer, lines: list[str], headers: dict[str, str]) -> tuple[Path, Path]:
        plan, head = self.folder / f"{name}.plan", self.folder / f"{name}.headers"
        plan.write_text("\n".join(lines) + "\n")
        head.write_text("".join(f"{name}: {value}\r\n" for name, value in (peer.headers() | headers).items()))
        return plan, head
