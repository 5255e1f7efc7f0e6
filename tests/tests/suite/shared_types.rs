//! The `togil` module: state that threads share.

use crate::harness::{prints, script};

#[test]
fn contended_counts_are_never_lost() {
    prints(
        "
        import threading, togil
        counter, table = togil.AtomicInt(), togil.SharedDict()
        class Key:
            def __eq__(self, other): return isinstance(other, Key)
            def __hash__(self): return 1
        def work():
            for _ in range(5_000):
                counter.add()
                table.increment('native')
                table.increment(Key(), 2)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(counter.get(), table['native'], table[Key()], len(table))
        ",
        "20000 20000 40000 2",
    );
}

#[test]
fn an_update_runs_its_function_once_and_alone_for_its_key() {
    prints(
        "
        import threading, time, togil
        table, calls, inside = togil.SharedDict(), togil.AtomicInt(), togil.AtomicInt()
        def step(value):
            calls.add()
            assert inside.add() == 1
            time.sleep(0.0005)
            inside.sub()
            return value + (calls.get() * 0 + 1,)
        def work():
            for _ in range(25):
                table.update_with('key', step, ())
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        seen = set()
        while any(thread.is_alive() for thread in threads):
            seen.add(len(table.get('key', ())))
        for thread in threads: thread.join()
        print(len(table['key']), calls.get(), seen <= set(range(101)))
        ",
        "100 100 True",
    );
}

#[test]
fn writers_of_a_key_wait_for_its_update_and_readers_do_not() {
    prints(
        "
        import threading, time, togil
        table = togil.SharedDict({'key': 1, 'other': 5})
        entered, leave, done = threading.Event(), threading.Event(), []
        def slow(value):
            entered.set()
            leave.wait()
            return value + 1
        updater = threading.Thread(target=table.update_with, args=('key', slow))
        updater.start()
        entered.wait()
        def write(what, *args):
            done.append((args[0] if args else 'clear', what(*args)))
        writers = [threading.Thread(target=write, args=(table.pop, 'key', 'gone')),
                   threading.Thread(target=write, args=(table.pop, 'other'))]
        for writer in writers: writer.start()
        writers[1].join()
        time.sleep(0.05)
        print(table['key'], table.items(), 'key' in table, done)
        leave.set()
        writers[0].join()
        updater.join()
        print(done, table)
        ",
        "1 [('key', 1)] True [('other', 5)]\n[('other', 5), ('key', 2)] SharedDict({})",
    );
}

#[test]
fn an_update_that_raises_changes_nothing_and_one_must_not_write_to_its_own_dict() {
    prints(
        "
        import togil
        table, other = togil.SharedDict(), togil.SharedDict()
        try:
            table.update_with('key', lambda value: 1 / 0)
        except ZeroDivisionError:
            print(table, 'key' in table)
        for write in (lambda: table.pop('b', None), lambda: table.increment('key'), table.clear,
                      lambda: table.__setitem__('b', 1), lambda: table.setdefault('b')):
            try:
                table.update_with('key', lambda value: write())
            except RuntimeError as error:
                print(error)
        print(table.update_with('key', lambda value: other.increment('seen') + len(table)), table, other)
        ",
        &format!(
            "SharedDict({{}}) False\n{}1 SharedDict({{'key': 1}}) SharedDict({{'seen': 1}})",
            "SharedDict: code that runs inside update_with(), increment() or compare_and_swap() \
             must not write to the same dict\n"
                .repeat(5)
        ),
    );
}

#[test]
fn a_shared_dict_is_a_dict_where_it_can_be() {
    prints(
        "
        import togil
        d = togil.SharedDict([('a', 1), ('b', 2)])
        d['c'] = 3
        d['a'] = 10
        del d['b']
        print(d, len(d), list(d), 'a' in d, d.keys(), d.values(), d.items(), d.copy())
        print(d.get('x'), d.get('x', 0), d.pop('c'), d.pop('c', None), d.setdefault('z', []), d)
        for missing in (lambda: d['x'], lambda: d.pop('x'), lambda: d.__delitem__('x')):
            try:
                missing()
            except KeyError as error:
                print(repr(error))
        print(d.compare_and_swap('a', 10.0, 11), d.compare_and_swap('a', 10, 12), d['a'])
        print(d.compare_and_swap('x', None, 1), 'x' in d)
        print(d.increment('a', -1), d.increment('s', 0.5), d[10] if 10 in d else 'no', 1 in d)
        d[1] = 'int'
        print(d[True], d[1.0])
        d['self'] = d
        print(d)
        d.clear()
        print(d, bool(d), list(iter(d)))
        try:
            d[[]] = 1
        except TypeError as error:
            print(error)
        ",
        "SharedDict({'a': 10, 'c': 3}) 2 ['a', 'c'] True ['a', 'c'] [10, 3] [('a', 10), ('c', 3)] \
         {'a': 10, 'c': 3}\n\
         None 0 3 None [] SharedDict({'a': 10, 'z': []})\n\
         KeyError('x')\nKeyError('x')\nKeyError('x')\n\
         True False 11\nFalse False\n10 0.5 no False\nint int\n\
         SharedDict({'a': 10, 'z': [], 's': 0.5, 1: 'int', 'self': SharedDict(...)})\n\
         SharedDict({}) False []\n\
         unhashable type: 'list'",
    );
}

#[test]
fn keys_whose_comparison_is_python_code_may_use_the_dict_in_it() {
    prints(
        "
        import threading, togil
        d = togil.SharedDict()
        class Key:
            def __init__(self, name): self.name = name
            def __hash__(self): return 0
            def __eq__(self, other):
                len(d), d.get('x'), d.increment('compared')
                return self.name == other.name
        def work():
            for i in range(50):
                d.setdefault(Key(i % 5), i)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        names = sorted(key.name for key in d.keys() if isinstance(key, Key))
        print(names, d['compared'] > 0)
        class Bad:
            def __hash__(self): return 0
            def __eq__(self, other): raise OSError('no')
        d = togil.SharedDict({Bad(): 1})
        try:
            d.get(Bad())
        except OSError as error:
            print(error)
        ",
        "[0, 1, 2, 3, 4] True\nno",
    );
}

#[test]
fn what_is_dropped_may_use_the_dict_in_its_destructor() {
    prints(
        "
        import togil
        d, c = togil.SharedDict(), togil.Channel(2)
        class Last:
            def __del__(self): d.increment('dropped'); c.qsize()
        d['a'] = Last()
        d['a'] = 1
        d['b'] = Last()
        del d['b']
        d.update_with('c', lambda _: Last())
        d.update_with('c', lambda _: 2)
        c.send(Last())
        c.recv()
        c.close()
        try:
            c.send(Last())
        except togil.ChannelClosed:
            pass
        print(d['dropped'])
        d['e'] = Last()
        d.clear()
        print(d)
        ",
        "5\nSharedDict({'dropped': 1})",
    );
}

#[test]
fn the_collector_sees_what_is_stored() {
    prints(
        "
        import gc, togil, weakref
        class Node: pass
        def in_channel(node):
            channel = togil.Channel(1)
            channel.send(node)
            return channel
        def in_key(node):
            return togil.SharedDict({node: 1})
        def in_value(node):
            return togil.SharedDict({1: node})
        class Lock(togil.ReadWriteLock): pass
        def in_lock(node):
            lock = Lock()
            lock.node = node
            return lock.read()
        refs = []
        for make in (in_channel, in_key, in_value, in_lock):
            node = Node()
            node.holder = make(node)
            refs.append(weakref.ref(node))
        del node
        gc.collect()
        print([ref() for ref in refs])
        keep = togil.SharedDict({'node': Node()})
        gc.collect()
        print(type(keep['node']).__name__, len(gc.get_referents(keep)))
        ",
        "[None, None, None, None]\nNode 2",
    );
}

#[test]
fn an_atomic_int_never_wraps() {
    prints(
        "
        import togil
        top = 2**63 - 1
        n = togil.AtomicInt(top)
        for change in (n.add, lambda: n.sub(-1), lambda: n.sub(-2**63), lambda: n.set(2**63),
                       lambda: togil.AtomicInt(-2**63 - 1)):
            try:
                change()
            except OverflowError as error:
                print(error)
        print(n.get() == top, n.swap(5) == top, n, int(n), [10, 20, 30, 40, 50, 60][n], bool(n))
        print(n.compare_and_swap(5, 6), n.compare_and_swap(5, 7), n.get(), n.add(-10), n.sub(), n.sub(3))
        try:
            n.add(1.5)
        except TypeError as error:
            print(error)
        ",
        "AtomicInt: the result does not fit in 64 bits; nothing changed\n\
         AtomicInt: the result does not fit in 64 bits; nothing changed\n\
         AtomicInt: the result does not fit in 64 bits; nothing changed\n\
         AtomicInt: the number does not fit in 64 bits\n\
         AtomicInt: the number does not fit in 64 bits\n\
         True True AtomicInt(5) 5 60 True\n\
         True False 6 -4 -5 -8\n\
         'float' object cannot be interpreted as an integer",
    );
}

#[test]
fn every_item_of_several_senders_arrives_once_and_in_order() {
    prints(
        "
        import threading, togil
        first, second = togil.Channel(3), togil.Channel(1)
        def produce(me):
            for i in range(500):
                first.send((me, i))
        def forward():
            for item in first:
                second.send(item)
        got = []
        def consume():
            for item in second:
                got.append(item)
        producers = [threading.Thread(target=produce, args=(me,)) for me in range(3)]
        forwarder, consumer = threading.Thread(target=forward), threading.Thread(target=consume)
        for thread in [*producers, forwarder, consumer]: thread.start()
        most = 0
        for thread in producers:
            while thread.is_alive():
                most = max(most, first.qsize())
            thread.join()
        first.close()
        forwarder.join()
        second.close()
        consumer.join()
        print(all([i for who, i in got if who == me] == list(range(500)) for me in range(3)))
        print(len(got), most <= 3)
        # Several consumers: each item once, and each consumer sees a sender's items in order.
        line, seen = togil.Channel(2), [[] for _ in range(3)]
        consumers = [threading.Thread(target=lambda mine: mine.extend(line), args=(mine,)) for mine in seen]
        for thread in consumers: thread.start()
        for i in range(1_000): line.send(i)
        line.close()
        for thread in consumers: thread.join()
        print(sorted(sum(seen, [])) == list(range(1_000)), all(mine == sorted(mine) for mine in seen))
        ",
        "True\n1500 True\nTrue True",
    );
}

#[test]
fn waiting_for_a_channel_ends_when_the_time_is_over() {
    prints(
        "
        import time, togil
        empty, full = togil.Channel(1), togil.Channel(1)
        full.send('item')
        for wait in (lambda t: empty.recv(timeout=t), lambda t: full.send('more', timeout=t),
                     lambda t: empty.recv(t), lambda t: togil.select([empty, empty], timeout=t)):
            for timeout in (0, 0.1):
                start = time.monotonic()
                try:
                    wait(timeout)
                except TimeoutError as error:
                    print(error, timeout <= time.monotonic() - start < 20)
        print(full.recv(timeout=0), full.capacity, full.closed, full)
        for wrong in (-1, float('nan'), 1e300, 'soon'):
            try:
                empty.recv(timeout=wrong)
            except (ValueError, OverflowError, TypeError) as error:
                print(type(error).__name__)
        for capacity in (0, -1):
            try:
                togil.Channel(capacity)
            except ValueError as error:
                print(error)
        ",
        "recv() timed out True\nrecv() timed out True\nsend() timed out True\nsend() timed out True\n\
         recv() timed out True\nrecv() timed out True\nselect() timed out True\nselect() timed out True\n\
         item 1 False <Channel 0/1>\n\
         ValueError\nValueError\nOverflowError\nTypeError\n\
         Channel: capacity must be at least 1\nChannel: capacity must be at least 1",
    );
}

#[test]
fn closing_wakes_all_who_wait_and_leaves_what_is_there() {
    prints(
        "
        import threading, time, togil
        empty, full, seen = togil.Channel(1), togil.Channel(1), []
        full.send('left')
        def attempt(wait):
            try:
                wait()
            except togil.ChannelClosed as error:
                seen.append(str(error))
        waits = [empty.recv, empty.recv, lambda: togil.select([empty]), lambda: full.send(1), lambda: full.send(2)]
        threads = [threading.Thread(target=attempt, args=(wait,)) for wait in waits]
        for thread in threads: thread.start()
        time.sleep(0.1)
        start = time.monotonic()
        empty.close()
        full.close()
        for thread in threads: thread.join()
        print(*sorted(seen), time.monotonic() - start < 20, sep='\\n')
        print(list(full), list(full), full.closed, full)
        with togil.Channel(1) as channel:
            channel.send(1)
        print(channel.closed, list(channel), issubclass(togil.ChannelClosed, Exception))
        ",
        "recv() on a channel that is closed and empty\nrecv() on a channel that is closed and empty\n\
         select(): all channels are closed and empty\nsend() on a closed channel\n\
         send() on a closed channel\nTrue\n['left'] [] True <Channel 0/1, closed>\nTrue [1] True",
    );
}

#[test]
fn select_takes_what_comes_first_and_nothing_twice() {
    prints(
        "
        import threading, togil
        lines = [togil.Channel(1) for _ in range(3)]
        def produce(line, me):
            for i in range(300):
                line.send((me, i))
            line.close()
        got, lock = [], threading.Lock()
        def consume():
            while True:
                try:
                    channel, item = togil.select(lines)
                except togil.ChannelClosed:
                    return
                assert channel is lines[item[0]]
                with lock:
                    got.append(item)
        threads = [threading.Thread(target=produce, args=(line, me)) for me, line in enumerate(lines)]
        threads += [threading.Thread(target=consume) for _ in range(2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(sorted(got) == [(me, i) for me in range(3) for i in range(300)])
        a, b = togil.Channel(1), togil.Channel(1)
        b.send('b'); a.send('a')
        print(togil.select((a, b))[1], togil.select((a, b), timeout=5)[1])
        for wrong in ([], [a, 1], a.capacity):
            try:
                togil.select(wrong)
            except (ValueError, TypeError) as error:
                print(error)
        threading.Timer(0.05, b.send, ['late']).start()
        print(togil.select([a, b])[1])
        ",
        "True\na b\nselect() needs at least one channel\n\
         select(): channels[1] is a int, not a Channel\n'int' object is not iterable\nlate",
    );
}

#[test]
fn ctrl_c_ends_every_wait_of_the_main_thread() {
    for wait in [
        "togil.Channel(1).recv()",
        "full.send(2)",
        "next(iter(togil.Channel(1)))",
        "togil.select([togil.Channel(1), togil.Channel(2)])",
        "lock.acquire_write()",
        "lock.read().__enter__()",
        "table.__setitem__('key', 1)",
        "table.clear()",
    ] {
        let source = "
            import threading, time, togil
            full, lock, table = togil.Channel(1), togil.ReadWriteLock(), togil.SharedDict()
            full.send(1)
            held, end = threading.Semaphore(0), threading.Event()
            def hold():
                with lock.write():
                    held.release()
                    end.wait()
            def update():
                table.update_with('key', lambda value: (held.release(), end.wait()))
            threads = [threading.Thread(target=hold), threading.Thread(target=update)]
            for thread in threads: thread.start()
            for _ in threads: held.acquire()
            print('ready', flush=True)
            try:
                WAIT
            except KeyboardInterrupt:
                print('interrupted')
            end.set()
            for thread in threads: thread.join()
            # Nothing of the wait is left behind.
            with lock.write():
                print(len(table), full.recv(timeout=0), full.qsize())
            ";
        let running = script(&source.replace("WAIT", wait)).start();
        running.wait_for_line("ready");
        std::thread::sleep(std::time::Duration::from_millis(100));
        running.signal(libc::SIGINT);
        running.wait().prints("ready\ninterrupted\n1 1 0");
    }
}

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

#[test]
fn help_and_signatures_tell_what_there_is() {
    prints(
        "
        import inspect, pydoc, togil
        for what in (togil.SharedDict, togil.AtomicInt, togil.Channel, togil.ReadWriteLock, togil.select,
                     togil.SharedDict.update_with, togil.SharedDict.increment, togil.Channel.send,
                     togil.Channel.recv, togil.ReadWriteLock.read, togil.AtomicInt.compare_and_swap):
            print(what.__name__, inspect.signature(what))
        for cls in (togil.SharedDict, togil.AtomicInt, togil.Channel, togil.ReadWriteLock):
            for name in dir(cls):
                if not name.startswith('_'):
                    assert getattr(cls, name).__doc__, name
        text = pydoc.plain(pydoc.render_doc(togil))
        for part in ('SharedDict', 'ChannelClosed', 'update_with(self, key, function, default=None, /)',
                     'Atomic: nobody writes key meanwhile', 'select(channels, /, timeout=None)', 'capacity'):
            assert part in text, part
        print(togil.Channel.__module__, togil.Channel.__doc__.splitlines()[0])
        class Mine(togil.Channel):
            pass
        print(Mine(2), Mine.__mro__[1] is togil.Channel)
        try:
            togil.Channel.extra = 1
        except TypeError:
            print('immutable')
        ",
        "SharedDict (items=(), /)\nAtomicInt (value=0, /)\nChannel (capacity, /)\nReadWriteLock ()\n\
         select (channels, /, timeout=None)\n\
         update_with (self, key, function, default=None, /)\n\
         increment (self, key, by=1, /)\nsend (self, item, /, timeout=None)\n\
         recv (self, /, timeout=None)\nread (self, /, timeout=None)\n\
         compare_and_swap (self, expected, new, /)\n\
         togil A bounded queue that threads wait on, for any number of senders and receivers.\n\
         <Mine 0/2> True\nimmutable",
    );
}

#[test]
fn a_forked_child_goes_on_with_what_its_thread_had() {
    script(
        "
        import os, threading, togil
        channel, table, lock, number = togil.Channel(4), togil.SharedDict({'a': 1}), togil.ReadWriteLock(), togil.AtomicInt(1)
        def wait():
            try:
                channel.recv()
            except togil.ChannelClosed:
                pass
        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads: thread.start()
        with lock.write():
            pid = os.fork()
            if pid == 0:
                for i in range(4): channel.send(i)
                ok = [channel.recv() for _ in range(4)] == [0, 1, 2, 3] and table.increment('a') == 2 and number.add() == 2
                lock.release_write()
                ok = ok and lock.acquire_read(timeout=0)
                os._exit(0 if ok else 1)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), lock.writing)
        channel.close()
        for thread in threads: thread.join()
        ",
    )
    .options(["-W", "ignore::DeprecationWarning"])
    .output()
    .prints("0 True");
}

#[test]
fn a_hundred_rounds_of_everything_end() {
    prints(
        "
        import faulthandler, gc, random, threading, togil
        faulthandler.dump_traceback_later(50, exit=True)
        def round(seed):
            rng = random.Random(seed)
            work, done = togil.Channel(rng.randint(1, 3)), togil.Channel(rng.randint(1, 3))
            totals, lock, alive, log = togil.SharedDict(), togil.ReadWriteLock(), togil.AtomicInt(3), []
            def produce(me):
                for i in range(20):
                    work.send((me, i))
            def serve():
                for me, i in work:
                    totals.increment(me)
                    totals.update_with('all', lambda items: items + ((me, i),), ())
                    with lock.write() if i % 5 == 0 else lock.read():
                        log.append(i) if lock.writing else None
                    try:
                        done.send(i, timeout=rng.choice([0, 0.001, 5]))
                    except TimeoutError:
                        done.send(i)
                if alive.sub() == 0:
                    done.close()
            producers = [threading.Thread(target=produce, args=(me,)) for me in range(2)]
            def end():
                for thread in producers: thread.join()
                work.close()
            servers = [threading.Thread(target=serve) for _ in range(3)]
            servers.append(threading.Thread(target=end))
            for thread in producers + servers: thread.start()
            count = 0
            while True:
                try:
                    togil.select([done], timeout=rng.choice([0.001, 5]))
                    count += 1
                except TimeoutError:
                    pass
                except togil.ChannelClosed:
                    break
                if seed % 10 == 0 and count == 5:
                    gc.collect()
            for thread in servers: thread.join()
            assert (count, totals[0], totals[1], len(set(totals['all'])), len(log)) == (40, 20, 20, 40, 8)
        for seed in range(100):
            round(seed)
        print('ok')
        ",
        "ok",
    );
}
