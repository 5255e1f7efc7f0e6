//! `threading` and `_thread`.

use crate::harness::{prints, script};

#[test]
fn threads_take_arguments_and_can_be_joined() {
    prints(
        "
        import threading
        results = {}
        def work(a, b=0, *, c):
            results[a] = (b, c)
        threads = [threading.Thread(target=work, args=(i, i + 1), kwargs={'c': i + 2})
                   for i in range(5)]
        print([thread.is_alive() for thread in threads])
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print([thread.is_alive() for thread in threads])
        print(sorted(results.items()) == [(i, (i + 1, i + 2)) for i in range(5)])
        ",
        "[False, False, False, False, False]\n[False, False, False, False, False]\nTrue",
    );
}

#[test]
fn a_subclass_runs_its_own_run() {
    prints(
        "
        import threading
        class Worker(threading.Thread):
            def __init__(self, text):
                super().__init__(name='worker-' + text)
                self.text = text
            def run(self):
                self.result = self.text * 2, threading.current_thread() is self
        worker = Worker('ab')
        worker.start()
        worker.join()
        print(worker.result, worker.name)
        ",
        "('abab', True) worker-ab",
    );
}

#[test]
fn names_and_idents() {
    prints(
        "
        import threading
        seen = []
        def work():
            thread = threading.current_thread()
            seen.append((thread.name, thread.ident == threading.get_ident(), thread.daemon))
        for name in (None, 'mine'):
            thread = threading.Thread(target=work, name=name)
            thread.start()
            thread.join()
        print(seen)
        print(threading.main_thread().name, threading.main_thread() is threading.current_thread())
        ",
        "[('Thread-1 (work)', True, False), ('mine', True, False)]\nMainThread True",
    );
}

#[test]
fn idents_of_threads_that_run_at_once_differ() {
    prints(
        "
        import threading
        barrier = threading.Barrier(20)
        idents = []
        def work():
            idents.append((threading.get_ident(), threading.get_native_id()))
            barrier.wait()
        threads = [threading.Thread(target=work) for _ in range(20)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len({a for a, _ in idents}), len({b for _, b in idents}))
        ",
        "20 20",
    );
}

#[test]
fn two_hundred_threads_run_at_once() {
    prints(
        "
        import threading
        barrier = threading.Barrier(201)
        done = []
        def work(me):
            barrier.wait()
            done.append(me)
        threads = [threading.Thread(target=work, args=(i,)) for i in range(200)]
        for thread in threads: thread.start()
        print(threading.active_count())
        barrier.wait()
        for thread in threads: thread.join()
        print(sorted(done) == list(range(200)), threading.active_count())
        ",
        "201\nTrue 1",
    );
}

#[test]
fn many_short_threads_come_and_go() {
    prints(
        "
        import threading
        n = 0
        lock = threading.Lock()
        def work():
            global n
            with lock:
                n += 1
        for _ in range(100):
            threads = [threading.Thread(target=work) for _ in range(5)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
        print(n, threading.active_count())
        ",
        "500 1",
    );
}

#[test]
fn local_values_are_each_threads_own_and_die_with_it() {
    prints(
        "
        import threading
        died = []
        class Value:
            def __init__(self, me): self.me = me
            def __del__(self): died.append((self.me, threading.get_ident() != main))
        main = threading.get_ident()
        local = threading.local()
        local.value = 'main'
        seen = []
        def work(me):
            seen.append(hasattr(local, 'value'))
            local.value = Value(me)
            seen.append(local.value.me == me)
        for me in range(5):
            thread = threading.Thread(target=work, args=(me,))
            thread.start()
            thread.join()
        print(seen == [False, True] * 5, local.value)
        import gc, time
        end = time.monotonic() + 10
        while len(died) < 5 and time.monotonic() < end:
            time.sleep(0.01)
            gc.collect()
        print(sorted(me for me, _ in died))
        ",
        "True main\n[0, 1, 2, 3, 4]",
    );
}

#[test]
fn destructors_of_thread_locals_do_not_run_into_busy_threads() {
    // They run while the thread ends, after its function: still under the GIL.
    prints(
        "
        import sys, threading
        sys.setswitchinterval(1e-5)
        n = 0
        class Value:
            def __del__(self):
                global n
                for _ in range(200):
                    n += 1
        local = threading.local()
        def work():
            global n
            local.value = Value()
            for _ in range(200):
                n += 1
        for _ in range(50):
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
        print(n == 80_000 or (not sys._is_gil_enabled() and 0 < n <= 80_000) or n)
        ",
        "True",
    );
}

#[test]
fn settrace_and_setprofile_are_given_to_new_threads() {
    let output = script(
        "
        import threading
        calls = []
        def profile(frame, event, arg):
            if event == 'call':
                calls.append(frame.f_code.co_name)
        def work(): pass
        threading.setprofile(profile)
        thread = threading.Thread(target=work)
        thread.start(); thread.join()
        print('work' in calls)
        ",
    );
    output.output().prints("True");
}
