//! The `togil` module: state that threads share. What all of its types have in common.

mod channel;
mod dict;
mod rw_lock;

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
