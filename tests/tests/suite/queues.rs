//! `queue`: native (`SimpleQueue`) and built on locks (`Queue` and its kin).

use crate::harness::prints;

#[test]
fn every_item_arrives_exactly_once() {
    for class in ["Queue", "SimpleQueue", "LifoQueue", "PriorityQueue"] {
        let source = "
            import queue, threading
            line = queue.CLASS()
            got = [[] for _ in range(4)]
            def produce(me):
                for i in range(1_000):
                    line.put(me * 1_000 + i)
            def consume(me):
                while (item := line.get()) != 10**9:
                    got[me].append(item)
            consumers = [threading.Thread(target=consume, args=(me,)) for me in range(4)]
            producers = [threading.Thread(target=produce, args=(me,)) for me in range(4)]
            for thread in consumers + producers: thread.start()
            for thread in producers: thread.join()
            while not line.empty():
                pass
            for _ in consumers: line.put(10**9)
            for thread in consumers: thread.join()
            print(sorted(sum(got, [])) == list(range(4_000)))
            ";
        prints(&source.replace("CLASS", class), "True");
    }
}

#[test]
fn a_bounded_queue_makes_its_producers_wait() {
    prints(
        "
        import queue, threading
        line = queue.Queue(maxsize=3)
        most = 0
        def produce():
            for i in range(300):
                line.put(i)
        thread = threading.Thread(target=produce)
        thread.start()
        got = []
        for _ in range(300):
            most = max(most, line.qsize())
            got.append(line.get())
        thread.join()
        print(got == list(range(300)), most <= 3)
        for _ in range(3):
            line.put(0)
        for attempt in (line.put_nowait, lambda item: line.put(item, timeout=0.02)):
            try:
                attempt(0)
            except queue.Full:
                print('full')
        ",
        "True True\nfull\nfull",
    );
}

#[test]
fn a_consumer_thread_takes_its_items_in_order() {
    prints(
        "
        import queue, threading
        for line in (queue.Queue(), queue.SimpleQueue()):
            got = []
            def consume():
                while (item := line.get()) is not None:
                    got.append(item)
            thread = threading.Thread(target=consume)
            thread.start()
            for i in range(2_000):
                line.put(i)
            line.put(None)
            thread.join()
            print(got == list(range(2_000)))
        ",
        "True\nTrue",
    );
}

#[test]
fn an_empty_queue_says_so_after_the_timeout() {
    prints(
        "
        import queue, time
        for line in (queue.Queue(), queue.SimpleQueue(), queue.LifoQueue()):
            start = time.monotonic()
            for wait in (lambda: line.get(timeout=0.1), lambda: line.get(False),
                         lambda: line.get_nowait(), lambda: line.get(True, 0)):
                try:
                    wait()
                except queue.Empty:
                    print('empty', end=' ')
            print(0.09 < time.monotonic() - start < 10)
        try:
            queue.SimpleQueue().get(timeout=-1)
        except ValueError:
            print('negative')
        ",
        "empty empty empty empty True\nempty empty empty empty True\n\
         empty empty empty empty True\nnegative",
    );
}

#[test]
fn a_waiting_consumer_is_woken_before_its_timeout() {
    prints(
        "
        import queue, threading, time
        for line in (queue.Queue(), queue.SimpleQueue()):
            threading.Timer(0.05, line.put, ['item']).start()
            start = time.monotonic()
            print(line.get(timeout=50), time.monotonic() - start < 20)
        ",
        "item True\nitem True",
    );
}

#[test]
fn getting_without_waiting_leaves_the_count_right() {
    // In VM 0.6.0 itself `get(False)` takes an item that it does not count.
    prints(
        "
        import queue
        line = queue.SimpleQueue()
        for i in range(3):
            line.put(i)
        print(line.get(False), line.get(block=False), line.qsize(), line.get(), line.qsize())
        line.put(3)
        print(line.get_nowait(), line.empty())
        line.put(4)
        print(line.get(timeout=5), line.empty())
        ",
        "0 1 1 2 0\n3 True\n4 True",
    );
}

#[test]
fn join_waits_until_all_is_done() {
    prints(
        "
        import queue, threading, time
        line, done = queue.Queue(), []
        def work():
            while True:
                item = line.get()
                time.sleep(0.001)
                done.append(item)
                line.task_done()
        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
        for i in range(30):
            line.put(i)
        line.join()
        print(sorted(done) == list(range(30)))
        try:
            line.task_done()
        except ValueError as error:
            print(error)
        ",
        "True\ntask_done() called too many times",
    );
}

#[test]
fn shutdown_wakes_all_who_wait() {
    prints(
        "
        import queue, threading
        line, seen = queue.Queue(), []
        def work():
            try:
                line.get()
            except queue.ShutDown:
                seen.append('shut down')
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        line.shutdown()
        for thread in threads: thread.join()
        print(seen)
        ",
        "['shut down', 'shut down', 'shut down', 'shut down']",
    );
}
