//! Files that several threads use at once: each call is whole, none hangs. A file has a lock of its
//! own, which must not be held while the GIL is waited for.

use crate::harness::{prints, script};

#[test]
fn two_threads_print_whole_lines() {
    let output = script(
        "
        import threading
        def work(me):
            for i in range(2_000):
                print(f'{me} {i} ' + 'x' * 40)
        threads = [threading.Thread(target=work, args=(me,)) for me in 'ab']
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        ",
    )
    .output()
    .success();
    // `print` writes the text and the line break in two calls, as CPython's does: two lines may
    // share a line break's place, but no piece may be lost or torn.
    let filler = "x".repeat(40);
    let pieces = output.stdout.split_inclusive(&filler);
    let mut seen = std::collections::BTreeSet::new();
    for piece in pieces.map(str::trim).filter(|piece| !piece.is_empty()) {
        let (who, rest) = piece.split_once(' ').unwrap_or_else(|| panic!("torn: {piece:?}"));
        let (number, xs) = rest.split_once(' ').unwrap_or_else(|| panic!("torn: {piece:?}"));
        assert_eq!(xs.len(), 40, "torn: {piece:?}");
        let number: u32 = number.parse().unwrap_or_else(|_| panic!("torn: {piece:?}"));
        assert!((who == "a" || who == "b") && seen.insert((who.to_owned(), number)), "{piece:?}");
    }
    assert_eq!(seen.len(), 4_000);
    assert_eq!(output.stdout.matches('\n').count(), 4_000);
}

#[test]
fn one_write_is_never_torn() {
    let output = script(
        "
        import sys, threading
        def work(me):
            for i in range(3_000):
                sys.stdout.write(me * 60 + '\\n')
        threads = [threading.Thread(target=work, args=(me,)) for me in 'abcd']
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        ",
    )
    .output()
    .success();
    for line in output.stdout.lines() {
        let first = line.chars().next().unwrap_or_default();
        assert!(line.len() == 60 && line.chars().all(|c| c == first), "torn: {line:?}");
    }
    assert_eq!(output.stdout.lines().count(), 12_000);
}

#[test]
fn printing_to_a_pipe_that_is_full_lets_others_run() {
    // Nobody reads for a while: the printing thread blocks, the main thread must not.
    prints(
        "
        import os, threading
        reader, writer = os.pipe()
        full = open(writer, 'w')
        def fill():
            for _ in range(3_000):
                print('y' * 99, file=full)
            full.close()
        thread = threading.Thread(target=fill)
        thread.start()
        for _ in range(200_000):
            pass
        size = 0
        while data := os.read(reader, 65536):
            size += len(data)
        thread.join()
        print(size)
        ",
        "300000",
    );
}

#[test]
fn two_threads_read_one_file() {
    for mode in ["r", "rb"] {
        let source = "
            import os, threading
            with open('data', 'w') as file:
                for i in range(5_000):
                    file.write(f'line {i}\\n')
            file = open('data', 'MODE')
            got = [[], [], []]
            def work(me):
                while line := file.readline():
                    got[me].append(line)
            threads = [threading.Thread(target=work, args=(me,)) for me in range(3)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            lines = sorted(int(line.split()[1]) for line in sum(got, []))
            print(lines == list(range(5_000)))
            print(all(part == sorted(part, key=lambda l: int(l.split()[1])) for part in got))
            ";
        prints(&source.replace("MODE", mode), "True\nTrue");
    }
}

#[test]
fn two_threads_iterate_over_one_file() {
    prints(
        "
        import threading
        with open('data', 'w') as file:
            for i in range(5_000):
                file.write(f'line {i}\\n')
        file = open('data')
        got = [[], []]
        def work(me):
            for line in file:
                got[me].append(int(line.split()[1]))
        threads = [threading.Thread(target=work, args=(me,)) for me in range(2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(sorted(got[0] + got[1]) == list(range(5_000)))
        ",
        "True",
    );
}

#[test]
fn threads_share_files_whose_raw_layer_is_python() {
    // The buffered object calls Python with its own lock held.
    prints(
        "
        import io, sys, threading
        sys.setswitchinterval(1e-5)
        class Raw(io.RawIOBase):
            def __init__(self): self.size = 0
            def writable(self): return True
            def write(self, data):
                for _ in range(50): pass
                self.size += len(data)
                return len(data)
        # One for each: what serializes `write` is the lock of what is above it.
        raws = Raw(), Raw()
        buffered = io.BufferedWriter(raws[0], 64)
        text = io.TextIOWrapper(io.BufferedWriter(raws[1], 64), encoding='idna')
        def work():
            for _ in range(300):
                buffered.write(b'x' * 30)
                text.write('y' * 30 + '.')
                text.flush()
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        buffered.flush()
        print(raws[0].size, raws[1].size)
        ",
        "36000 37200",
    );
}

#[test]
fn a_file_can_be_asked_about_beside_a_write() {
    prints(
        "
        import io, sys, threading
        sys.setswitchinterval(1e-5)
        class Raw(io.RawIOBase):
            def writable(self): return True
            def write(self, data):
                for _ in range(50): pass
                return len(data)
        file = io.TextIOWrapper(io.BufferedWriter(Raw(), 16), write_through=True)
        stop = False
        def ask():
            while not stop:
                file.closed, file.encoding, file.errors, file.line_buffering, file.newlines, repr(file)
        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads: thread.start()
        for _ in range(1_000):
            file.write('x' * 20)
        stop = True
        for thread in threads: thread.join()
        print('end')
        ",
        "end",
    );
}

#[test]
fn opening_a_fifo_waits_without_stopping_the_others() {
    prints(
        "
        import subprocess, threading, time
        subprocess.run(['mkfifo', 'fifo'], check=True)
        got = []
        def read():
            with open('fifo') as file:
                got.append(file.read())
        thread = threading.Thread(target=read)
        thread.start()
        time.sleep(0.1)
        with open('fifo', 'w') as file:
            file.write('through')
        thread.join()
        print(got)
        ",
        "['through']",
    );
}
