"""Words for a picture, and their tokens as CLIP has them. Knows nothing of pixels."""

import gzip
import json
import zipfile

import numpy
import torch
from transformers import CLIPTokenizer

STYLES = {
    "3d": ["3d style", "3d style", "3d", "glossy 3d style"],
    "flat": ["flat style", "flat style", "flat", "flat vector style"],
    "noto": ["noto style", "noto style", "noto", "android style"],
    "twemoji": ["twemoji style", "twemoji style", "twemoji", "twitter style"],
}
# Of these, the first are drawn most often; one in ten says nothing of a style.
TEMPLATES = (
    ["{a} {name}, {style}"] * 6
    + ["{name}, {style}"] * 4
    + ["{style} {name}"] * 3
    + ["{name} emoji, {style}", "{name} in {style}", "{a} {style} {name}", "a picture of {a} {name}, {style}"]
    + ["{a} {name}", "{name}"]
)
START, END = "<|startoftext|>", "<|endoftext|>"
# A token that no caption has. It stands for all words that training never shows.
UNKNOWN = "unbelievable</w>"


def write_tokenizer(wheel, folder, places):
    """CLIP's vocabulary out of the wheel of `open_clip_torch`, in the files that its readers know."""
    name = "open_clip/bpe_simple_vocab_16e6.txt.gz"
    lines = gzip.decompress(zipfile.ZipFile(wheel).read(name)).decode().split("\n")
    # As CLIP does: the first line is a heading, and the list is longer than what was used of it.
    merges = lines[1 : 49152 - 256 - 2 + 1]
    letters = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    shown = [chr(byte) for byte in letters]
    shown += [chr(256 + place) for place in range(256 - len(letters))]
    vocabulary = shown + [letter + "</w>" for letter in shown]
    vocabulary += ["".join(merge.split()) for merge in merges] + [START, END]
    folder.mkdir(parents=True, exist_ok=True)
    ids = {token: number for number, token in enumerate(vocabulary)}
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False, separators=(",", ":")))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    settings = {
        "tokenizer_class": "CLIPTokenizer",
        "bos_token": START,
        "eos_token": END,
        "pad_token": END,
        "unk_token": END,
        "model_max_length": places,
        "do_lower_case": True,
        "add_prefix_space": False,
        "errors": "replace",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    marks = {name: settings[name] for name in ["bos_token", "eos_token", "pad_token", "unk_token"]}
    (folder / "special_tokens_map.json").write_text(json.dumps(marks, indent=2) + "\n")


class Words:
    """Texts to tokens, all of the same length."""

    def __init__(self, folder, places):
        self.tokenizer = CLIPTokenizer.from_pretrained(folder)
        self.places = places
        self.vocabulary = self.tokenizer.get_vocab()

    def __call__(self, texts):
        told = self.tokenizer(texts, padding="max_length", max_length=self.places, truncation=True)
        return torch.tensor(told["input_ids"])


class Spoken:
    """The tokens that captions use, numbered anew: training need not carry fifty thousand others."""

    def __init__(self, ids, vocabulary):
        marks = torch.tensor([vocabulary[mark] for mark in [START, END, UNKNOWN]])
        self.known = torch.cat([ids.flatten(), marks]).unique()
        self.start, self.end, self.unknown = torch.searchsorted(self.known, marks).tolist()
        self.all = len(vocabulary)

    def __len__(self):
        return len(self.known)

    def __call__(self, ids):
        return torch.searchsorted(self.known, ids)

    def spread(self, table):
        """The table of all tokens; those that no caption uses say what the unknown one says."""
        whole = table[self.unknown].repeat(self.all, 1)
        whole[self.known] = table
        return whole


def article(name):
    if name.endswith("s") and not name.endswith("ss"):
        return ""
    return "an" if name[0] in "aeiou" else "a"


def caption(record, rare, chance):
    """A caption of a picture. `rare` holds the keywords that few emoji share, which may name it alone."""
    name = record["name"]
    words = [word for word in record["words"] if word not in name]
    own = [word for word in words if word in rare]
    drawn = chance.random()
    if drawn < 0.12 and own:
        name = chance.choice(own)
    elif drawn < 0.22 and words:
        name = f"{chance.choice(words)} {name}"
    elif drawn < 0.32 and name.endswith(" face") and name.count(" ") == 1:
        name = name.removesuffix(" face")
    style = chance.choice(STYLES[record["style"]])
    text = chance.choice(TEMPLATES).format(a=article(name), name=name, style=style)
    return " ".join(text.split())


def rare_words(records):
    """Keywords that at most three emoji have, and that are no emoji's name."""
    owners = {}
    for record in records:
        for word in record["words"]:
            owners.setdefault(word, set()).add(record["concept"])
    names = {record["name"] for record in records}
    return {word for word, own in owners.items() if len(own) <= 3 and word not in names}


def tokens(config, records, words):
    """Captions of every picture, drawn once: `(pictures, captions, places)`."""
    chance = numpy.random.default_rng(config.seed + 1)
    rare = rare_words(records)
    texts = [caption(record, rare, chance) for record in records for _ in range(config.captions)]
    return words(texts).view(len(records), config.captions, config.places)


def prompt(name, style):
    """What a user would write for it; all measurements ask in these words."""
    return " ".join(f"{article(name)} {name}, {STYLES[style][0]}".split())
