"""A Flask application on its own development server, with threads.

GET /ready      200, "ready TOKEN"
GET /feed/PLAN  the events of a plan of feed.py, once
"""

import os

import feed
from flask import Flask, Response

app = Flask(__name__)


@app.get("/ready")
def ready():
    return Response(feed.ready(), mimetype="text/plain")


@app.get("/feed/<plan>")
def live(plan):
    return Response(feed.play(plan), headers=feed.HEADERS)


app.run("127.0.0.1", int(os.environ["SETUP_PORT"]), threaded=True)
