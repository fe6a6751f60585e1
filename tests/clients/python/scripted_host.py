"""A host of models elsewhere that follows a script: it asks for a tool, and then says what the tool said."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USAGE = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}


class Host:
    """Answers on a free port as long as its block lasts; the handler says what."""

    def __init__(self, handler):
        self.listener = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.listener.server_port}"

    def __enter__(self):
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown()
        self.listener.server_close()


class ScriptedHost(Host):
    """Speaks OpenAI's chat format on a free port; `asked` has the bodies that came. With `held`, a
    semaphore, each event of a stream after the first waits for it."""

    def __init__(self, held=None):
        self.asked = []
        self.heads = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                host.asked.append(body)
                host.heads.append(dict(self.headers))
                streamed = body.get("stream", False)
                answer = stream(body) if streamed else json.dumps(whole(body)).encode()
                self.send_response(200)
                self.send_header("content-type", "text/event-stream" if streamed else "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                if not (held and streamed):
                    self.wfile.write(answer)
                    return
                for event in answer.split(b"\n\n")[:-1]:
                    self.wfile.write(event + b"\n\n")
                    self.wfile.flush()
                    held.acquire(timeout=60)

            def log_message(self, *_):
                pass

        super().__init__(Handler)
        self.url += "/v1"


def message(body):
    last = body["messages"][-1]
    if last["role"] == "tool":
        return {"role": "assistant", "content": f"The tool says: {last['content']}"}, "stop"
    if not body.get("tools"):
        return {"role": "assistant", "content": "{\"sum\":2}"}, "stop"
    name = body["tools"][0]["function"]["name"]
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": '{"city":"Paris"}'}}
    return {"role": "assistant", "content": "I look.", "tool_calls": [call]}, "tool_calls"


def whole(body):
    said, reason = message(body)
    choice = {"index": 0, "message": said, "finish_reason": reason}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": USAGE}


def stream(body):
    said, reason = message(body)
    deltas = [{"role": "assistant", "content": letter} for letter in said["content"]]
    for call in said.get("tool_calls", []):
        function = call["function"]
        deltas.append({"tool_calls": [{**call, "index": 0, "function": {**function, "arguments": ""}}]})
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": each}}]} for each in function["arguments"]]
    chunks = [[{"index": 0, "delta": delta, "finish_reason": None}] for delta in deltas]
    chunks.append([{"index": 0, "delta": {}, "finish_reason": reason}])
    common = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    lines = [json.dumps({**common, "choices": choices}) for choices in chunks]
    lines += [json.dumps({**common, "choices": [], "usage": USAGE}), "[DONE]"]
    return "".join(f"data: {line}\n\n" for line in lines).encode()
