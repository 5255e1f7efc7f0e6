"""Word counting: many small dict, list and string operations.

Stresses allocation, hashing and the dict and list types, the usual load of
data-crunching Python code. Every thread counts the words of its own documents
in its own dicts, which are merged only at the end, so the GIL is the one thing
that keeps the threads from running side by side.
"""

import argparse
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

NAME = "cpu_dicts"
DOCUMENTS = 160
SYLLABLES = ("ba", "de", "fi", "go", "ku", "la", "me", "ni")
MAX_REPEATS = 5


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def make_vocabulary():
    return [a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES]


def repeats(word_number, document):
    """How often a word stands in a document: 1 to MAX_REPEATS times."""
    return 1 + (word_number + document) % MAX_REPEATS


def make_document(document, vocabulary):
    words = []
    for step in range(len(vocabulary)):
        # 37 and 512 have no common factor: every word comes up exactly once.
        number = step * 37 % len(vocabulary)
        words.extend([vocabulary[number]] * repeats(number, document))
    return " ".join(words)


def count_words(documents):
    """Counts of all words, and where words starting alike stand, per document."""
    # Each thread builds its own vocabulary, so that no strings are shared.
    vocabulary = make_vocabulary()
    counts = {}
    positions_seen = 0
    for document in documents:
        index = {}
        for position, word in enumerate(make_document(document, vocabulary).split()):
            counts[word] = counts.get(word, 0) + 1
            index.setdefault(word[:2], []).append(position)
        positions_seen += sum(len(positions) for positions in index.values())
    return counts, positions_seen


def expected_counts(documents):
    # repeats() depends on the word number only modulo MAX_REPEATS.
    totals = [
        sum(repeats(number, document) for document in range(documents))
        for number in range(MAX_REPEATS)
    ]
    return {word: totals[i % MAX_REPEATS] for i, word in enumerate(make_vocabulary())}


def main():
    args = parse_args()
    documents = max(1, round(DOCUMENTS * args.scale))
    shares = [range(i, documents, args.threads) for i in range(args.threads)]
    merged, positions_seen = {}, 0
    with ThreadPoolExecutor(args.threads) as pool:
        for counts, positions in pool.map(count_words, shares):
            positions_seen += positions
            for word, count in counts.items():
                merged[word] = merged.get(word, 0) + count
    if merged != expected_counts(documents) or positions_seen != sum(merged.values()):
        sys.exit(f"{NAME}: wrong word counts")
    print(NAME, "ok", zlib.crc32(repr(sorted(merged.items())).encode()))


if __name__ == "__main__":
    main()
