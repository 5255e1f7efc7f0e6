//! What threads wait for each other with: locks, and what `threading` builds on them.

use crate::harness::prints;

#[test]
fn a_timer_fires_unless_it_is_cancelled() {
    prints(
        "
        import threading
        fired = []
        never = threading.Timer(60, fired.append, ['never'])
        never.start()
        soon = threading.Timer(0.02, fired.append, ['soon'])
        soon.start()
        soon.join()
        never.cancel()
        never.join()
        print(fired)
        ",
        "['soon']",
    );
}

#[test]
fn a_barrier_lets_all_through_together_and_can_break() {
    prints(
        "
        import threading
        barrier = threading.Barrier(4, action=lambda: order.append('all here'))
        order = []
        def work():
            for _ in range(50):
                order.append('before')
                barrier.wait()
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        marks = [i for i, what in enumerate(order) if what == 'all here']
        print(len(marks), all(order[:mark].count('before') >= 4 * (i + 1)
                              for i, mark in enumerate(marks)))
        try:
            threading.Barrier(2, timeout=0.02).wait()
        except threading.BrokenBarrierError:
            print('broken')
        ",
        "50 True\nbroken",
    );
}

#[test]
fn a_condition_passes_items_one_by_one() {
    prints(
        "
        import threading
        condition, items, got = threading.Condition(), [], []
        def consume():
            for _ in range(500):
                with condition:
                    condition.wait_for(lambda: items)
                    got.append(items.pop(0))
                    condition.notify_all()
        def produce():
            for i in range(500):
                with condition:
                    condition.wait_for(lambda: not items)
                    items.append(i)
                    condition.notify_all()
        threads = [threading.Thread(target=consume), threading.Thread(target=produce)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        with condition:
            print(got == list(range(500)), condition.wait(0.01))
        ",
        "True False",
    );
}

#[test]
fn an_event_wakes_all_who_wait() {
    prints(
        "
        import threading
        event, woken = threading.Event(), []
        threads = [threading.Thread(target=lambda: woken.append(event.wait())) for _ in range(10)]
        for thread in threads: thread.start()
        print(event.is_set(), event.wait(0.01), woken)
        event.set()
        for thread in threads: thread.join()
        print(woken == [True] * 10)
        ",
        "False False []\nTrue",
    );
}

#[test]
fn a_semaphore_lets_so_many_in() {
    prints(
        "
        import threading, time
        gate, lock = threading.BoundedSemaphore(3), threading.Lock()
        inside = most = 0
        def work():
            global inside, most
            for _ in range(5):
                with gate:
                    with lock:
                        inside += 1
                        most = max(most, inside)
                    time.sleep(0.001)
                    with lock:
                        inside -= 1
        threads = [threading.Thread(target=work) for _ in range(10)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(inside, most)
        try:
            gate.release()
        except ValueError as error:
            print(error)
        ",
        "0 3\nSemaphore released too many times",
    );
}

#[test]
fn locks_exclude_and_an_rlock_counts() {
    prints(
        "
        import threading
        lock, rlock = threading.Lock(), threading.RLock()
        with lock:
            print(lock.acquire(blocking=False), lock.acquire(timeout=0.01), lock.locked())
        print(lock.locked())
        try:
            lock.release()
        except RuntimeError as error:
            print(error)
        def other():
            print(rlock.acquire(blocking=False))
            try:
                rlock.release()
            except RuntimeError as error:
                print(error)
        rlock.acquire(); rlock.acquire(); rlock.release()
        thread = threading.Thread(target=other)
        thread.start(); thread.join()
        rlock.release()
        thread = threading.Thread(target=lambda: print(rlock.acquire(timeout=1)))
        thread.start(); thread.join()
        ",
        "False False True\nFalse\nrelease unlocked lock\nFalse\ncannot release un-acquired lock\nTrue",
    );
}

#[test]
fn a_lock_may_be_released_by_another_thread() {
    prints(
        "
        import threading
        lock = threading.Lock()
        lock.acquire()
        threading.Timer(0.02, lock.release).start()
        print(lock.acquire(timeout=30))
        ",
        "True",
    );
}
