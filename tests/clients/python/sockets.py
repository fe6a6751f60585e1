"""A WebSocket to Busbar: frames as objects, sorted by the answer that they belong to."""

import json
from collections import defaultdict

from websockets.sync.client import connect

from answers import piece

FRAME_SECONDS = 90


class Socket:
    """`with Socket(server) as socket:`; the frame `ready` has been read when the block begins."""

    def __init__(self, server):
        url = server.url.replace("http://", "ws://") + "/v1/ws"
        # Entered by hand: a test may drop the connection, and then nothing is left to close.
        self.opened = connect(url, proxy=None, max_size=None, open_timeout=30)
        self.peer = self.opened.__enter__()
        self.ready = self.next()
        assert self.ready["type"] == "ready"

    def __enter__(self):
        return self

    def __exit__(self, *left):
        self.opened.__exit__(*left)

    def send(self, **frame):
        self.peer.send(json.dumps(frame))

    def next(self):
        return json.loads(self.peer.recv(timeout=FRAME_SECONDS))

    def until(self, *types):
        """The frames up to the first of one of these types, that one included."""
        read = [self.next()]
        while read[-1]["type"] not in types:
            read.append(self.next())
        return read

    def answers(self, count):
        """Frames by `id`, up to the end of so many answers."""
        read = defaultdict(list)
        while count:
            frame = self.next()
            read[frame["id"]].append(frame)
            count -= frame["type"] in ("done", "error")
        return read

    def drop(self):
        """Goes away without a word, as a telephone in a tunnel does."""
        self.peer.socket.close()


def text(frames):
    return "".join(piece(frame["data"]) for frame in frames if frame["type"] == "chunk")


def numbers(frames):
    """The sequence numbers, of those frames that have one."""
    return [frame["seq"] for frame in frames if frame["type"] in ("chunk", "done")]


def by_socket(server, body):
    with Socket(server) as socket:
        socket.send(type="chat", id="a", body=body)
        frames = socket.until("done", "error")
    assert frames[-1]["type"] == "done", frames[-1]
    return text(frames), frames[-1]["finish_reason"]
