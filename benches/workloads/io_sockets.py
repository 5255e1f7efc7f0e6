"""TCP echo on 127.0.0.1: a server thread per connection, a client per thread.

Every round trip puts client and server to sleep once, so it is a test of how
quickly a thread that wakes up gets to run again. Blocking calls release the
GIL, but both ends live in this process and do little else than call the
kernel: with a GIL every wake-up may have to wait for another thread.
"""

import argparse
import socket
import sys
import threading

NAME = "io_sockets"
ROUND_TRIPS = 12_000
MESSAGE_SIZE = 256


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def make_message(number):
    return f"message {number} ".ljust(MESSAGE_SIZE, ".").encode()


def receive(connection):
    """One whole message, or less if the peer closes the connection."""
    return connection.recv(MESSAGE_SIZE, socket.MSG_WAITALL)


def echo(connection):
    with connection:
        while data := receive(connection):
            connection.sendall(data)


def serve(listener, connections):
    echoes = []
    for _ in range(connections):
        connection, _ = listener.accept()
        echoes.append(threading.Thread(target=echo, args=(connection,), daemon=True))
        echoes[-1].start()
    for thread in echoes:
        thread.join()


def client(address, numbers, results, index):
    total = 0
    with socket.create_connection(address) as connection:
        for number in numbers:
            message = make_message(number)
            connection.sendall(message)
            answer = receive(connection)
            if answer != message:
                raise ValueError(f"round trip {number} came back changed")
            total += int(answer.split()[1])
    results[index] = total


def main():
    args = parse_args()
    total = max(1, round(ROUND_TRIPS * args.scale))
    results = [None] * args.threads
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        # A daemon, so that a client that fails cannot leave us in accept().
        server = threading.Thread(target=serve, args=(listener, args.threads), daemon=True)
        server.start()
        clients = []
        for index in range(args.threads):
            numbers = range(index, total, args.threads)
            clients.append(
                threading.Thread(target=client, args=(address, numbers, results, index))
            )
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        want = total * (total - 1) // 2
        if None in results or sum(results) != want:
            sys.exit(f"{NAME}: expected a sum of {want}, got {results}")
        server.join()
    print(NAME, "ok", want)


if __name__ == "__main__":
    main()
