"""A plain ASGI application: one body message for each event.

GET /ready  200, "ready TOKEN"
GET /feed   the events of feed.py, once
"""

import asyncio

import feed


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    if scope["path"] == "/ready":
        return await answer(send, 200, [("Content-Type", "text/plain")], feed.ready())
    if any(name == b"last-event-id" for name, _ in scope["headers"]):
        # How a server tells an EventSource that reconnects to stop.
        return await answer(send, 204, [], b"")
    await send(start(200, feed.HEADERS))
    plan = feed.plan(scope["path"])
    for seq, due in feed.schedule(plan):
        await asyncio.sleep(feed.wait(due))
        await send({"type": "http.response.body", "body": feed.event(seq, due, plan), "more_body": True})
    await asyncio.sleep(plan[3])
    await send({"type": "http.response.body"})
    # It only awaits send(): nobody tells it that its client is gone.
    feed.say("done")


def start(status, headers):
    return {"type": "http.response.start", "status": status, "headers": [(name.lower().encode(), value.encode()) for name, value in headers]}


async def answer(send, status, headers, body):
    await send(start(status, headers))
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
