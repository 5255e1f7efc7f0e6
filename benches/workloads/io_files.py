"""Temporary files: write, read back, checksum, delete.

Reads and writes release the GIL while the kernel copies; the rest (opening,
path handling, allocating the blocks) is done holding it. The files stay in the
page cache, so this measures system calls and not a disk: each is short, and
with a GIL much of the time can go into handing it to and fro.
"""

import argparse
import os
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor

NAME = "io_files"
FILES = 1_000
BLOCK_SIZE = 16 * 1024
BLOCKS = 8


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads < 1 or args.scale <= 0:
        parser.error("--threads must be at least 1 and --scale above 0")
    return args


def make_block(number):
    return f"file {number} ".ljust(64, "#").encode() * (BLOCK_SIZE // 64)


def write_file(path, block):
    with open(path, "wb") as file:
        for _ in range(BLOCKS):
            file.write(block)


def read_checksum(path):
    checksum = 0
    with open(path, "rb") as file:
        while block := file.read(BLOCK_SIZE):
            checksum = zlib.crc32(block, checksum)
    return checksum


def handle_file(directory, number):
    path = os.path.join(directory, f"{number}.bin")
    block = make_block(number)
    write_file(path, block)
    checksum = read_checksum(path)
    os.remove(path)
    if checksum != zlib.crc32(block * BLOCKS):
        raise ValueError(f"file {number} was read back changed")
    return checksum


def handle_files(directory, numbers):
    return sum(handle_file(directory, number) for number in numbers)


def main():
    args = parse_args()
    files = max(1, round(FILES * args.scale))
    with tempfile.TemporaryDirectory(prefix="togil-") as directory:
        with ThreadPoolExecutor(args.threads) as pool:
            futures = [
                pool.submit(handle_files, directory, range(index, files, args.threads))
                for index in range(args.threads)
            ]
            checksum = sum(future.result() for future in futures)
        left = os.listdir(directory)
    if left:
        sys.exit(f"{NAME}: {len(left)} files were not deleted")
    print(NAME, "ok", checksum)


if __name__ == "__main__":
    main()
