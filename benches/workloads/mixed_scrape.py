"""A web crawler: fetch pages from a small local HTTP server, parse the links.

The crawler's threads alternate between waiting for a page (the server takes
a while to answer, like a distant one) and regular expressions on its text. The
waiting overlaps in both modes, the parsing only without a GIL, so the gap
between the modes grows with the number of threads.
"""

import argparse
import re
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

NAME = "mixed_scrape"
PAGES = 150
LINKS = 8
PARAGRAPHS = 80
SERVER_LATENCY_S = 0.004
LINK = re.compile(r'<a\s+href="/page/(\d+)">')
TAG = re.compile(r"<[^>]+>")
WORD = re.compile(r"\w+")


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def make_page(number, total):
    """Page n links to pages 8n+1 to 8n+8, where they exist, and back to page 0."""
    first = LINKS * number + 1
    targets = [n for n in range(first, first + LINKS) if n < total] + [0]
    links = "".join(f'<li><a href="/page/{n}">next</a></li>' for n in targets)
    text = "<p>some <b>more or less</b> interesting words</p>\n" * PARAGRAPHS
    return f"<html><ul>{links}</ul>{text}</html>"


def read_to_end(connection):
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts).decode()


def answer(connection, total):
    with connection:
        path = read_to_end(connection).split()[1]
        time.sleep(SERVER_LATENCY_S)
        page = make_page(int(path.rsplit("/", 1)[1]), total)
        connection.sendall(f"HTTP/1.0 200 OK\r\n\r\n{page}".encode())


def serve(listener, total, threads):
    # Closed after the last page: a client that wants more must fail, not wait.
    with listener, ThreadPoolExecutor(threads) as pool:
        for _ in range(total):
            connection, _ = listener.accept()
            pool.submit(answer, connection, total)


def fetch(address, number):
    with socket.create_connection(address) as connection:
        connection.sendall(f"GET /page/{number} HTTP/1.0\r\n\r\n".encode())
        # Closing our direction tells the server that the request is complete.
        connection.shutdown(socket.SHUT_WR)
        head, _, page = read_to_end(connection).partition("\r\n\r\n")
    if not head.startswith("HTTP/1.0 200"):
        raise ValueError(f"page {number}: {head!r}")
    return page


def visit(address, number):
    """The numbers of the pages that a page links to, and its count of words."""
    page = fetch(address, number)
    links = [int(link) for link in LINK.findall(page)]
    return links, len(WORD.findall(TAG.sub(" ", page)))


def crawl(address, threads):
    """Visits all pages from page 0 on, those equally far from it in parallel."""
    level, seen, words = [0], {0}, 0
    with ThreadPoolExecutor(threads) as pool:
        while level:
            visits = [pool.submit(visit, address, number) for number in level]
            level = []
            for links, count in (future.result() for future in visits):
                words += count
                level.extend(link for link in links if link not in seen)
                seen.update(links)
    return seen, words


def main():
    args = parse_args()
    total = max(1, round(PAGES * args.scale))
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    # A daemon, so that a crawler that fails cannot leave us in accept().
    server = threading.Thread(
        target=serve, args=(listener, total, args.threads), daemon=True
    )
    server.start()
    seen, words = crawl(address, args.threads)
    # Every page links to page 0 and, but for page 0, is linked to by one other;
    # a link is one word and a paragraph six.
    want = total + (total - 1) + total * PARAGRAPHS * 6
    if seen != set(range(total)) or words != want:
        sys.exit(f"{NAME}: {len(seen)} of {total} pages, {words} of {want} words")
    server.join()
    print(NAME, "ok", words)


if __name__ == "__main__":
    main()
