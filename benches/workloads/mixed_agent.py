"""An agent pipeline: model call, parse the answer, tokenise and score it.

N threads wait for the model (a sleep), N more do the Python work on the JSON
answers, with a queue.Queue between the stages. The waiting overlaps in both
modes; with a GIL the scoring threads take turns with each other and delay the
threads that have an answer to hand on.
"""

import argparse
import json
import queue
import re
import sys
import threading
import time

NAME = "mixed_agent"
REQUESTS = 120
MODEL_LATENCY_S = 0.008
FILLER_WORDS = 1_000
WORD = re.compile(r"[a-z]+")
# Tells the workers of a stage, one each, that no more work will come.
END = None


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def expected_score(number):
    return 3 * (5 + number % 11) - 2 * (number % 7)


def model_call(number):
    """Stands for a request to a model server, which takes a while to answer."""
    time.sleep(MODEL_LATENCY_S)
    words = ["Good"] * (5 + number % 11) + ["bad"] * (number % 7)
    text = " ".join(words + ["so", "so,"] * (FILLER_WORDS // 2))
    return json.dumps({"id": number, "choices": [{"role": "assistant", "text": text}]})


def score(answer):
    counts = {}
    for word in WORD.findall(answer["choices"][0]["text"].lower()):
        counts[word] = counts.get(word, 0) + 1
    if counts["so"] != FILLER_WORDS:
        raise ValueError(f"answer {answer['id']} is garbled")
    return 3 * counts.get("good", 0) - 2 * counts.get("bad", 0)


def call_models(requests, answers):
    while (number := requests.get()) is not END:
        answers.put(model_call(number))


def score_answers(answers, scores):
    while (text := answers.get()) is not END:
        answer = json.loads(text)
        scores.put((answer["id"], score(answer)))


def start_stage(count, work, source, sink):
    workers = [threading.Thread(target=work, args=(source, sink)) for _ in range(count)]
    for worker in workers:
        worker.start()
    return workers


def end_stage(workers, source):
    for _ in workers:
        source.put(END)
    for worker in workers:
        worker.join()


def main():
    args = parse_args()
    total = max(1, round(REQUESTS * args.scale))
    requests, answers, scores = queue.Queue(), queue.Queue(), queue.Queue()
    callers = start_stage(args.threads, call_models, requests, answers)
    scorers = start_stage(args.threads, score_answers, answers, scores)
    for number in range(total):
        requests.put(number)
    end_stage(callers, requests)
    end_stage(scorers, answers)
    got = dict(scores.get() for _ in range(scores.qsize()))
    if got != {number: expected_score(number) for number in range(total)}:
        sys.exit(f"{NAME}: wrong or missing scores, {len(got)} of {total} arrived")
    print(NAME, "ok", sum((number + 1) * value for number, value in got.items()))


if __name__ == "__main__":
    main()
