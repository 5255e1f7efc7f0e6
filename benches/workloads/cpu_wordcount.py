"""Words counted in chunks of text, one table per thread, merged at the end.

The map and reduce of many a batch job: string methods and one dict for each
thread. With a GIL nothing runs side by side; without one the threads share
only the text, which they read.
"""

import sys
import zlib

NAME = "cpu_wordcount"
SCALE = 1.0
CHUNKS = 220
WORDS_PER_CHUNK = 4_000
VOCABULARY = 500
FIRST = ("ba", "de", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu")
REST = ("l", "n", "r", "s", "t")
MARKS = (" ", " ", " ", ", ", " ", ".\n", " ")


def word(number):
    """A different word for each number below VOCABULARY."""
    number, third = divmod(number, len(REST))
    first, second = divmod(number, len(FIRST))
    return FIRST[first] + FIRST[second] + REST[third]


def chunks():
    return max(1, round(CHUNKS * SCALE))


def numbers_of(chunk):
    """The words of a chunk by number. Products make low numbers frequent."""
    seed = chunk + 1
    for _ in range(WORDS_PER_CHUNK):
        seed = seed * 1_103_515_245 % 2_147_483_647
        yield seed % VOCABULARY * (seed // VOCABULARY % VOCABULARY) // VOCABULARY


def setup(n):
    words = [word(number) for number in range(VOCABULARY)]
    counts = [0] * VOCABULARY
    texts = []
    for chunk in range(chunks()):
        parts = []
        for place, number in enumerate(numbers_of(chunk)):
            counts[number] += 1
            parts.append(words[number].capitalize() if place % 11 == 0 else words[number])
            parts.append(MARKS[place % len(MARKS)])
        texts.append("".join(parts))
    want = {words[number]: count for number, count in enumerate(counts) if count}
    return n, texts, want, [{} for _ in range(n)]


def work(state, i):
    n, texts, _, tables = state
    counts = {}
    for index in range(i, len(texts), n):
        for token in texts[index].lower().split():
            token = token.strip(".,")
            counts[token] = counts.get(token, 0) + 1
    tables[i] = counts


def check(state):
    _, _, want, tables = state
    merged = {}
    for counts in tables:
        for token, count in counts.items():
            merged[token] = merged.get(token, 0) + count
    if merged != want:
        sys.exit(f"{NAME}: {sum(merged.values())} words of {sum(want.values())}")
    return zlib.crc32(repr(sorted(merged.items())).encode())
