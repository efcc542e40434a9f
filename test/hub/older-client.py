"""A client as people have them: python-socketio, root URL, key in the handshake.

older-client.py URL KEY STREAM: prints each event as one line of JSON.
"""

import json
import sys

import socketio

url, key, stream = sys.argv[1:4]
sio = socketio.Client(reconnection_delay=1, reconnection_delay_max=1)


def tell(event, data):
    # In one piece: events are told by more than one thread.
    sys.stdout.write(json.dumps({"event": event, "data": data}) + "\n")
    sys.stdout.flush()


@sio.event
def connect():
    sio.emit("subscribe", {"stream_id": stream}, callback=lambda answer: tell("subscribed", answer))


@sio.on("stream_health")
def on_health(data):
    # The formatting of the clients that are out there: a figure that is not known must not fail it.
    print(f"CPU: {data['cpu_usage']}%", f"dropped: {data['dropped_frames']}", file=sys.stderr)
    tell("stream_health", data)


@sio.on("stream_error")
def on_error(data):
    tell("stream_error", data)


@sio.on("health_update")
def on_update(data):
    device, connection = data["device_status"], data["connection_health"]
    print(device["cpu_usage"], device["temperature"], connection["health_score"], file=sys.stderr)
    tell("health_update", data)


@sio.event
def connect_error(data):
    tell("connect_error", data)


@sio.event
def disconnect():
    tell("disconnect", None)


try:
    sio.connect(url, headers={"Authorization": f"Bearer {key}"})
    sio.wait()
except socketio.exceptions.ConnectionError as error:
    tell("refused", str(error))
