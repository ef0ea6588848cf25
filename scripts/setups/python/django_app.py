"""A Django project in one file.

GET /ready      200, "ready TOKEN"
GET /feed/PLAN  the events of a plan of feed.py, once, from an ordinary iterator; with DJANGO_ASYNC=1 from an asynchronous one

DJANGO_GZIP=1 installs django.middleware.gzip.GZipMiddleware.
"""

import asyncio
import os

import feed
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="x" * 64,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.gzip.GZipMiddleware"] if os.environ.get("DJANGO_GZIP") else [],
)


async def play(where):
    plan = feed.plan(where)
    for seq, due in feed.schedule(plan):
        await asyncio.sleep(feed.wait(due))
        yield feed.event(seq, due, plan)
    await asyncio.sleep(plan[3])


def live(request, plan):
    events = play(plan) if os.environ.get("DJANGO_ASYNC") else feed.play(plan)
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    # cure: the view
    return response


urlpatterns = [
    path("ready", lambda request: HttpResponse(feed.ready(), content_type="text/plain")),
    path("feed/<str:plan>", live),
]

application = get_asgi_application() if os.environ.get("DJANGO_ASGI") else get_wsgi_application()
