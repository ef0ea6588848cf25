"""300 events of about 300 bytes, 20 ms apart.

The data of each event begins with target-server's stamps, in its order: {"seq":N,"due":NS,"emitted":NS,"instance":PID, and times are
nanoseconds since the Unix epoch.
"""

import os
import time

EVENTS = 300
GAP_NS = 20_000_000
HEADERS = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")]


def ready():
    return f"ready {os.environ['SETUP_TOKEN']}\n".encode()


def schedule():
    """Number and due time of each event. From the start, not from the last event: a late one must not move those after it."""
    start = time.time_ns()
    return [(seq, start + seq * GAP_NS) for seq in range(1, EVENTS + 1)]


def wait(due):
    """Seconds until then, at least zero."""
    return max(0, due - time.time_ns()) / 1e9


def event(seq, due):
    stamps = f'{{"seq":{seq},"due":{due},"emitted":{time.time_ns()},"instance":{os.getpid()}'
    return f'id: {seq}\ndata: {stamps},"p":"{"x" * 170}"}}\n\n'.encode()
