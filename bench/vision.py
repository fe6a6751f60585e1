"""How long a classifier takes in our engine and in ONNX Runtime: same model, same picture, one
thread each, one after the other in turns, so that whatever slows the machine slows both.

    cargo build --release -p busbar-engine-vision --example look
    python bench/vision.py --look TARGET/release/examples/look --model mobilenet_v2.onnx \
        --description mobilenet-v2.toml --picture cat.bmp

Needs `onnxruntime` and `numpy`. The median of the model's own time is compared, without decoding and
preparing the picture; ONNX Runtime is given noise of the same size, which costs it the same.
"""

import argparse
import statistics
import subprocess
import time

import numpy
import onnxruntime


class Peer:
    """ONNX Runtime on one thread."""

    def __init__(self, model: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]

    def run(self, pictures: int) -> float:
        shape = [pictures, *self.input.shape[1:]]
        numbers = numpy.random.default_rng(1).uniform(-1, 1, shape).astype(numpy.float32)
        began = time.perf_counter()
        self.session.run(None, {self.input.name: numbers})
        return (time.perf_counter() - began) * 1e3


class Ours:
    """The engine, one worker: a line with a number in, a line with times out."""

    def __init__(self, arguments: list[str]) -> None:
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        print("ours:", self.process.stdout.readline().strip())

    def run(self, pictures: int) -> tuple[float, float, float, str]:
        self.process.stdin.write(f"{pictures}\n")
        self.process.stdin.flush()
        inference, prepare, decode, *answer = self.process.stdout.readline().strip().split(maxsplit=3)
        return int(inference) / 1e6, int(prepare) / 1e6, int(decode) / 1e6, " ".join(answer)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--look", required=True, help="the example `look`, built for release")
    parser.add_argument("--model", required=True, help="an ONNX file, or weights that we convert")
    parser.add_argument("--peer-model", help="an ONNX file for the peer, where --model is none")
    parser.add_argument("--description", required=True, help="a built-in name or a file")
    parser.add_argument("--picture", required=True)
    parser.add_argument("--runtime", default="auto", help="auto, direct, rten or onnxruntime")
    parser.add_argument("--library", help="ONNX Runtime's shared library, for --runtime onnxruntime")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--pictures", type=int, default=1, help="in one request")
    given = parser.parse_args()

    peer = Peer(given.peer_model or given.model)
    library = [given.library] if given.library else []
    ours = Ours([given.look, given.model, given.description, given.runtime, given.picture, *library])
    print(f"peer: onnxruntime {onnxruntime.__version__}")
    for _ in range(5):
        ours.run(given.pictures), peer.run(given.pictures)
    rounds = [(ours.run(given.pictures), peer.run(given.pictures)) for _ in range(given.rounds)]
    ours.close()

    mine = statistics.median(own[0] for own, _ in rounds)
    theirs = statistics.median(other for _, other in rounds)
    # On a busy machine the median is mostly waiting; the quickest round of each is hardly that.
    quickest = min(own[0] for own, _ in rounds), min(other for _, other in rounds)
    prepare = statistics.median(own[1] for own, _ in rounds)
    decode = statistics.median(own[2] for own, _ in rounds)
    print(f"answer: {rounds[-1][0][3]}")
    print(f"decode {decode:.2f} ms, prepare {prepare:.2f} ms")
    print(f"ours {mine:.2f} ms, onnxruntime {theirs:.2f} ms, {given.pictures} pictures, {given.rounds} rounds")
    print(f"quickest round: ours {quickest[0]:.2f} ms, onnxruntime {quickest[1]:.2f} ms")
    print(f"ratio {mine / theirs:.2f} of medians, {quickest[0] / quickest[1]:.2f} of the quickest rounds")


if __name__ == "__main__":
    main()
