"""The AWS CLI converses with a local model and gets its refusals."""

import json
import subprocess
import sys

from busbar_server import MODEL

TURNS = json.dumps([{"role": "user", "content": [{"text": "Say hello to the harbour."}]}])


def aws(server, *words):
    # As its own script starts it; that one lies elsewhere on every system.
    run = [sys.executable, "-c", "import sys, awscli.clidriver; sys.exit(awscli.clidriver.main())"]
    return subprocess.run(
        [*run, "--endpoint-url", server.url, *words], capture_output=True, text=True, timeout=120, check=False
    )


def test_it_converses(server):
    room = json.dumps({"maxTokens": 12, "temperature": 0})
    asked = ["--model-id", "amazon.nova-lite-v1:0", "--messages", TURNS, "--inference-config", room]
    done = aws(server, "bedrock-runtime", "converse", *asked)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["output"]["message"]["content"][0]["text"] and answer["usage"]["outputTokens"] > 0


def test_it_invokes_a_model_into_a_file(server, tmp_path):
    body = json.dumps({"inputText": "hello", "textGenerationConfig": {"maxTokenCount": 8, "temperature": 0}})
    target = tmp_path / "answer.json"
    asked = ["--model-id", "amazon.titan-text-express-v1", "--body", body, str(target)]
    done = aws(server, "bedrock-runtime", "invoke-model", *asked)
    assert done.returncode == 0, done.stderr
    assert json.loads(target.read_text())["results"][0]["outputText"]


def test_it_tells_a_refusal_by_its_name(server):
    done = aws(server, "bedrock-runtime", "converse", "--model-id", "ai21.jamba-1-5-mini-v1:0", "--messages", TURNS)
    assert done.returncode != 0
    assert "ResourceNotFoundException" in done.stderr and MODEL in done.stderr
