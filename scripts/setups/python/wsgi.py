"""A plain WSGI application: a generator that yields one event at a time.

GET /ready      200, "ready TOKEN"
GET /feed/PLAN  the events of a plan of feed.py, once
"""

import feed


def application(environ, start_response):
    if environ["PATH_INFO"] == "/ready":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [feed.ready()]
    if "HTTP_LAST_EVENT_ID" in environ:
        # How a server tells an EventSource that reconnects to stop.
        start_response("204 No Content", [])
        return []
    start_response("200 OK", feed.HEADERS)
    return feed.play(environ["PATH_INFO"])
