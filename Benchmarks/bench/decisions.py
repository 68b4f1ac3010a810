"""What one access decision takes, by the number of rules: no peer, an aim."""

import json
import subprocess
from pathlib import Path

# Microseconds, at that many rules.
AIM = (10_000, 20.0)


class Timer:
    """`DecisionTiming`: decides many times and says how long each took."""

    binary: Path


def measure(rounds: int, say) -> list[dict]:
    say("decisions with 10, 1,000, 10,000 and 100,000 rules")
    runs = [
        json.loads(subprocess.run([Timer.binary], check=True, stdout=subprocess.PIPE, text=True).stdout)
        for _ in range(rounds)
    ]
    # The round in the middle, by its 99th percentiles: those of one process belong together.
    runs.sort(key=lambda rows: max(figure["p99Microseconds"] for row in rows for figure in row["decisions"].values()))
    return runs[len(runs) // 2]
