"""The plans of a feed: how many events, how far apart, of which size, and how much silence at the end.

The data of each event begins with target-server's stamps, in its order: {"seq":N,"due":NS,"emitted":NS,"instance":PID, and times are
nanoseconds since the Unix epoch. A feed is asked for as /feed/PLAN.
"""

import os
import sys
import time

# Events, nanoseconds before each one, its bytes where the stamps leave that choice, seconds of silence at the end.
PLANS = {
    "check": (300, 20_000_000, 300, 0),
    "small": (20, 100_000_000, 60, 0),
    "large": (200, 20_000_000, 1024, 0),
    "lone": (1, 0, 60, 5),
    "long": (150, 100_000_000, 60, 0),
    "silent": (1, 0, 60, 600),
}
HEADERS = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")]


def ready():
    return f"ready {os.environ['SETUP_TOKEN']}\n".encode()


def plan(path):
    """The plan that a path names; the first one where it names none."""
    return PLANS.get(path.rsplit("/", 1)[-1], PLANS["check"])


def schedule(plan):
    """Number and due time of each event. From the start, not from the last event: a late one must not move those after it."""
    count, gap, _, _ = plan
    start = time.time_ns()
    return [(seq, start + seq * gap) for seq in range(1, count + 1)]


def wait(due):
    """Seconds until then, at least zero."""
    return max(0, due - time.time_ns()) / 1e9


def event(seq, due, plan):
    stamps = f'{{"seq":{seq},"due":{due},"emitted":{time.time_ns()},"instance":{os.getpid()}'
    begin = f'id: {seq}\ndata: {stamps},"p":"'
    return f'{begin}{"x" * max(0, plan[2] - len(begin) - 4)}"}}\n\n'.encode()


def play(path):
    """The events of a path one by one, each when it is due."""
    chosen = plan(path)
    finished = False
    try:
        for seq, due in schedule(chosen):
            time.sleep(wait(due))
            yield event(seq, due, chosen)
        time.sleep(chosen[3])
        finished = True
    finally:
        say("done" if finished else "gone")


def say(word):
    print(word, file=sys.stderr, flush=True)
