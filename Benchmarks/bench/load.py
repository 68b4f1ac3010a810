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
        """Replays `lines` (`METHOD PATH [BODYFILE]`); other statuses than those named make figures worthless."""
        plan, head = self.folder / "plan", self.folder / "headers"
        plan.write_text("\n".join(lines) + "\n")
        head.write_text("".join(f"{name}: {value}\r\n" for name, value in (peer.headers() | headers).items()))
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
