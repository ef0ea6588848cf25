"""A Starlette application.

GET /ready      200, "ready TOKEN"
GET /feed/PLAN  the events of a plan of feed.py, once

STARLETTE_GZIP=1 installs GZipMiddleware, which leaves event streams alone since 1.10.0.
"""

import asyncio
import os

import feed
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route


async def play(where):
    plan = feed.plan(where)
    for seq, due in feed.schedule(plan):
        await asyncio.sleep(feed.wait(due))
        yield feed.event(seq, due, plan)
    await asyncio.sleep(plan[3])


async def live(request):
    return StreamingResponse(play(request.url.path), headers=dict(feed.HEADERS))


async def ready(request):
    return PlainTextResponse(feed.ready())


app = Starlette(
    routes=[Route("/ready", ready), Route("/feed/{plan}", live)],
    middleware=[Middleware(GZipMiddleware)] if os.environ.get("STARLETTE_GZIP") else [],
)
