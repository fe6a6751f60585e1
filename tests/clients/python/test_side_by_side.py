"""Thirty-two answers at once, asked for in three ways: each is what it would have been alone."""

from concurrent.futures import ThreadPoolExecutor

from answers import by_rest, by_sse, chat
from sockets import by_socket

SUBJECTS = ["rain", "bread", "the moon", "a king", "iron", "bees", "salt", "a bridge"]
BODIES = [
    chat(f"Write about {subject}." + " Take your time." * (seed * 3), seed=seed, max_tokens=8, temperature=1.0)
    for seed, subject in enumerate(SUBJECTS * 2)
]


def test_each_of_thirty_two_answers_is_what_it_is_alone(server, http):
    alone = [by_rest(http, body) for body in BODIES]
    # Texts that are all alike would prove nothing.
    assert len(set(alone)) > len(BODIES) // 2

    def ask(number):
        body = BODIES[number % len(BODIES)]
        if number % 3 == 0:
            return by_rest(http, body)
        return by_sse(http, body) if number % 3 == 1 else by_socket(server, body)

    with ThreadPoolExecutor(max_workers=32) as clients:
        together = list(clients.map(ask, range(32)))
    assert together == alone * 2
