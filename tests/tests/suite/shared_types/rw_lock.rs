//! `ReadWriteLock`.

use crate::harness::prints;

#[test]
fn readers_share_and_writers_exclude() {
    prints(
        "
        import threading, togil
        lock, pair, torn, together = togil.ReadWriteLock(), [0, 0], [], threading.Barrier(3)
        def write():
            for _ in range(300):
                with lock.write():
                    pair[0] += 1
                    for _ in range(20): pass
                    pair[1] += 1
        def read():
            for _ in range(300):
                with lock.read():
                    if pair[0] != pair[1]:
                        torn.append(tuple(pair))
        threads = [threading.Thread(target=target) for target in (write, read) * 3]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(pair, torn, lock)
        def meet():
            with lock.read():
                together.wait(timeout=30)
        threads = [threading.Thread(target=meet) for _ in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(together.broken, lock.readers, lock.writing)
        ",
        "[900, 900] [] <ReadWriteLock free>\nFalse 0 False",
    );
}

#[test]
fn a_waiting_writer_goes_before_readers_that_come_later() {
    prints(
        "
        import threading, time, togil
        lock, order = togil.ReadWriteLock(), []
        def write():
            with lock.write():
                order.append('writer')
        def read():
            with lock.read():
                order.append('reader')
        def look(got):
            got.append(lock.acquire_read(timeout=0))
            if got[0]:
                lock.release_read()
        def a_reader_gets_in():
            got = []
            thread = threading.Thread(target=look, args=(got,))
            thread.start()
            thread.join()
            return got[0]
        lock.acquire_read()
        writer, reader = threading.Thread(target=write), threading.Thread(target=read)
        writer.start()
        while a_reader_gets_in():
            time.sleep(0.01)
        reader.start()
        time.sleep(0.1)
        # Who reads already may read again.
        print(order, lock.acquire_read(timeout=0), lock)
        lock.release_read()
        lock.release_read()
        writer.join()
        reader.join()
        print(order)
        # Readers that never pause do not keep a writer out.
        stop = threading.Event()
        def reads():
            while not stop.is_set():
                with lock.read():
                    time.sleep(0.001)
        readers = [threading.Thread(target=reads) for _ in range(4)]
        for reader in readers: reader.start()
        for _ in range(20):
            with lock.write(timeout=30):
                pass
        stop.set()
        for reader in readers: reader.join()
        print(lock)
        ",
        "[] True <ReadWriteLock readers=1>\n['writer', 'reader']\n<ReadWriteLock free>",
    );
}

#[test]
fn a_read_write_lock_refuses_what_cannot_end_well() {
    prints(
        "
        import threading, time, togil
        lock = togil.ReadWriteLock()
        def attempt(what):
            try:
                what()
            except (RuntimeError, TimeoutError) as error:
                print(type(error).__name__, error)
        attempt(lock.release_read)
        attempt(lock.release_write)
        with lock.read():
            attempt(lock.acquire_write)
            attempt(lock.release_write)
        with lock.write():
            attempt(lock.acquire_write)
            attempt(lock.read().__enter__)
            def other():
                attempt(lock.release_write)
                start = time.monotonic()
                print(lock.acquire_read(timeout=0.1), time.monotonic() - start >= 0.1)
                print(lock.acquire_write(timeout=0))
                attempt(lock.write(timeout=0.01).__enter__)
                attempt(lock.read(timeout=0).__enter__)
            thread = threading.Thread(target=other)
            thread.start(); thread.join()
        print(lock)
        try:
            type(lock.read())()
        except TypeError as error:
            print(error)
        ",
        "RuntimeError ReadWriteLock: release without hold: this thread does not hold the lock for reading\n\
         RuntimeError ReadWriteLock: release without hold: this thread does not hold the lock for writing\n\
         RuntimeError ReadWriteLock: this thread holds the lock for reading and would wait for itself; \
         release it before acquiring it for writing\n\
         RuntimeError ReadWriteLock: release without hold: this thread does not hold the lock for writing\n\
         RuntimeError ReadWriteLock: this thread holds the lock for writing and would wait for itself; \
         release it before acquiring it for writing\n\
         RuntimeError ReadWriteLock: this thread holds the lock for writing and would wait for itself; \
         release it before acquiring it for reading\n\
         RuntimeError ReadWriteLock: release without hold: this thread does not hold the lock for writing\n\
         False True\nFalse\nTimeoutError write() timed out\nTimeoutError read() timed out\n\
         <ReadWriteLock free>\ncannot create 'togil.ReadWriteLockHold' instances",
    );
}
