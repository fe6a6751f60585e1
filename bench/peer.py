"""llama.cpp by itself, for bench/text.py: reads orders on standard input, answers with what it computed.

Uses the library's own calls without the binding's comforts, so that what is timed is llama.cpp.
"""

import ctypes
import json
import os
import sys

# The orders' answers alone go to standard output; the library's own words do not.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import llama_cpp as llama  # noqa: E402

BATCH = 512


def main():
    path, threads = sys.argv[1], int(sys.argv[2])
    quiet = llama.llama_log_callback(lambda *_: None)
    llama.llama_log_set(quiet, ctypes.c_void_p(0))
    llama.llama_backend_init()
    model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
    settings = llama.llama_context_default_params()
    settings.n_ctx, settings.n_batch, settings.n_ubatch = 4096, BATCH, BATCH
    settings.n_threads = settings.n_threads_batch = threads
    context = llama.llama_init_from_model(model, settings)
    engine = Engine(model, context)
    for line in sys.stdin:
        order = json.loads(line)
        tokens = engine.prompt(order["prompt"]) if "prompt" in order else engine.decode(order["decode"])
        print(json.dumps({"tokens": tokens}), file=answers, flush=True)


class Engine:
    def __init__(self, model, context):
        self.context = context
        self.vocab = llama.llama_model_get_vocab(model)
        self.words = llama.llama_vocab_n_tokens(self.vocab)
        chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        llama.llama_sampler_chain_add(chain, llama.llama_sampler_init_greedy())
        self.sampler = chain

    def prompt(self, words):
        tokens = self.tokens(words)
        self.forget()
        self.compute(tokens)
        self.sample()
        return len(tokens)

    def decode(self, count):
        self.forget()
        self.compute(self.tokens("Once upon a time"))
        token = self.sample()
        for _ in range(count - 1):
            self.compute([token])
            token = self.sample()
        return count

    def tokens(self, words):
        text = words.encode()
        room = (llama.llama_token * (len(text) + 8))()
        count = llama.llama_tokenize(self.vocab, text, len(text), room, len(room), True, False)
        return list(room[:count])

    def compute(self, tokens):
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            room = (llama.llama_token * len(part))(*part)
            if llama.llama_decode(self.context, llama.llama_batch_get_one(room, len(part))) != 0:
                raise RuntimeError("llama_decode failed")

    def sample(self):
        return llama.llama_sampler_sample(self.sampler, self.context, -1)

    def forget(self):
        llama.llama_memory_clear(llama.llama_get_memory(self.context), True)


main()
