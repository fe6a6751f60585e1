"""Writes expected.json: what the chat templates here give in Python, set up as transformers does it."""

import datetime
import json
import pathlib

from jinja2 import TemplateError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 11, 21, 9, 5, 7)


def refuse(message):
    raise TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def environment():
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = refuse
    env.globals["strftime_now"] = NOW.strftime
    return env


def render(template, conversation):
    try:
        return environment().from_string(template).render(
            messages=conversation["messages"],
            tools=conversation.get("tools"),
            documents=None,
            add_generation_prompt=True,
            bos_token="<bos>",
            eos_token="<eos>",
        )
    except (TemplateError, UndefinedError):
        return None


def main():
    conversations = json.loads((HERE / "conversations.json").read_text())
    expected = {
        path.stem: {name: render(path.read_text(), each) for name, each in conversations.items()}
        for path in sorted(HERE.glob("*.jinja"))
    }
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


main()
