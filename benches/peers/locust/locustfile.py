"""Locust as a client that is compared with loadgen: each user reads one stream, line by line, until it is stopped."""

import os

from locust import HttpUser, constant, task


class Subscriber(HttpUser):
    wait_time = constant(0)

    @task
    def subscribe(self):
        response = self.client.get(os.environ["STREAM_PATH"], stream=True)
        for _line in response.iter_lines():
            pass
