"""What the fake model says and was asked, for every suite in Python."""

import json
import os
import time
import urllib.request

GATEWAY = os.environ["GATEWAY"]
WORDS = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet "
    "kilo lima mike november oscar papa"
).split()


def words(count):
    """What the fake model says when asked for `count` words."""
    return " ".join(WORDS[i % len(WORDS)] + str(i) for i in range(count))


def asked(marker):
    """The request for a model's answer that contains `marker`, as the recorder saw it."""
    with urllib.request.urlopen(os.environ["MODEL"] + "/__requests") as answer:
        requests = json.load(answer)
    found = [r for r in requests if marker in json.dumps(r.get("body"))]
    return found[-1] if found else None


def until_cancelled(marker, patience=15):
    """Waits until the model was left alone with its answer to `marker`."""
    deadline = time.monotonic() + patience
    while (asked(marker) or {}).get("state") != "cancelled":
        if time.monotonic() > deadline:
            raise AssertionError(f"the model still answers: {asked(marker)}")
        time.sleep(0.02)
