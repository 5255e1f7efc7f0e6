//! Native objects that several threads use at once: each call is whole, none hangs. Such an
//! object has a lock of its own, which must not be held while the GIL is waited for.

use crate::harness::{prints, script};

#[test]
fn two_threads_share_a_csv_writer() {
    prints(
        "
        import csv, threading
        class Slow:
            def __init__(self): self.lines = []
            def write(self, text):
                for _ in range(20): pass  # somebody else may run here
                self.lines.append(text)
        import sys
        sys.setswitchinterval(1e-5)
        file = Slow()
        writer = csv.writer(file)
        def work(me):
            for i in range(500):
                writer.writerow([me, i, 'a,b'])
                writer.writerows([[me, i, 'c']] * 2)
        threads = [threading.Thread(target=work, args=(me,)) for me in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(file.lines), len(set(file.lines)))
        print(all(line.endswith(('\"a,b\"\\r\\n', ',c\\r\\n')) for line in file.lines))
        ",
        "4500 3000\nTrue",
    );
}

#[test]
fn lru_cache_is_shared() {
    prints(
        "
        import functools, threading
        @functools.lru_cache(maxsize=128)
        def square(n):
            return n * n
        wrong = []
        def work(me):
            for i in range(20_000):
                n = (i * 7 + me) % 200
                if square(n) != n * n:
                    wrong.append(n)
        threads = [threading.Thread(target=work, args=(me,)) for me in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        info = square.cache_info()
        print(wrong, info.currsize <= 128, info.hits > 0)
        ",
        "[] True True",
    );
}

#[test]
fn keys_of_an_lru_cache_may_compare_in_python() {
    // The cache calls them with its own lock held.
    prints(
        "
        import functools, sys, threading
        sys.setswitchinterval(1e-5)
        class Key:
            def __init__(self, n): self.n = n
            def __hash__(self): return self.n % 3
            def __eq__(self, other):
                for _ in range(10): pass
                return self.n == other.n
        @functools.lru_cache(maxsize=16)
        def value(key):
            return key.n
        wrong = []
        def work():
            for i in range(500):
                if value(Key(i % 20)) != i % 20:
                    wrong.append(i)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(wrong)
        ",
        "[]",
    );
}

#[test]
fn logging_from_threads_writes_whole_records() {
    let output = script(
        "
        import logging, sys, threading
        logging.basicConfig(stream=sys.stdout, format='%(threadName)s %(message)s')
        def work():
            for i in range(300):
                logging.error('%d%s', i, 'z' * 30)
        threads = [threading.Thread(target=work, name=f't{me}') for me in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        ",
    )
    .output()
    .success();
    let whole = output.stdout.lines().filter(|line| {
        line.starts_with('t') && line.ends_with(&"z".repeat(30)) && line.matches(' ').count() == 1
    });
    assert_eq!(whole.count(), 1_200, "{}", output.dump());
}

#[test]
fn modules_are_imported_once_by_many_threads() {
    let run = script(
        "
        import sys, threading
        sys.path.insert(0, '.')
        barrier = threading.Barrier(8)
        seen = []
        def work():
            barrier.wait()
            import slow
            seen.append(slow.value)
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(seen)
        ",
    );
    let run = run.file("slow.py", "import time\nprint('imported')\ntime.sleep(0.1)\nvalue = 7\n");
    run.output().prints("imported\n[7, 7, 7, 7, 7, 7, 7, 7]");
}

#[test]
fn the_garbage_collector_runs_beside_busy_threads() {
    prints(
        "
        import gc, threading
        stop = False
        class Node: pass
        def work():
            while not stop:
                a, b = Node(), Node()
                a.other, b.other = b, a
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads: thread.start()
        for _ in range(30):
            gc.collect()
        stop = True
        for thread in threads: thread.join()
        gc.collect()
        print(sum(isinstance(o, Node) for o in gc.get_objects()) <= 12)
        ",
        "True",
    );
}
