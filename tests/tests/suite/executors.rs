//! `concurrent.futures.ThreadPoolExecutor`.

use crate::harness::prints;

#[test]
fn map_keeps_the_order() {
    prints(
        "
        from concurrent.futures import ThreadPoolExecutor
        import time
        def work(i):
            time.sleep(0.001 * (10 - i))
            return i * i
        with ThreadPoolExecutor(4) as pool:
            print(list(pool.map(work, range(10))))
        ",
        "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]",
    );
}

#[test]
fn exceptions_come_back_with_their_traceback() {
    prints(
        "
        from concurrent.futures import ThreadPoolExecutor
        import traceback
        def fail(i):
            if i == 3:
                raise KeyError(i)
            return i
        with ThreadPoolExecutor(2) as pool:
            future = pool.submit(fail, 3)
            print(repr(future.exception()))
            print('in fail' in ''.join(traceback.format_exception(future.exception())))
            got = []
            try:
                for value in pool.map(fail, range(6)):
                    got.append(value)
            except KeyError as error:
                print(got, error)
        ",
        "KeyError(3)\nTrue\n[0, 1, 2] 3",
    );
}

#[test]
fn many_small_tasks_all_run() {
    prints(
        "
        from concurrent.futures import ThreadPoolExecutor, as_completed
        with ThreadPoolExecutor(8) as pool:
            futures = [pool.submit(pow, i, 2) for i in range(2_000)]
            print(sum(future.result() for future in as_completed(futures)))
            print(all(future.done() for future in futures))
        ",
        "2664667000\nTrue",
    );
}

#[test]
fn waits_time_out_and_pending_work_can_be_cancelled() {
    prints(
        "
        from concurrent.futures import ThreadPoolExecutor, wait, FIRST_COMPLETED
        import threading
        go = threading.Event()
        pool = ThreadPoolExecutor(1)
        running, pending = pool.submit(go.wait), pool.submit(print, 'never')
        try:
            running.result(timeout=0.05)
        except TimeoutError:
            print('timeout')
        print(pending.cancel(), pending.cancelled(), running.cancel())
        quick = pool.submit(int)
        go.set()
        done, rest = wait([running, quick], timeout=30, return_when=FIRST_COMPLETED)
        print(running in done, running.result())
        pool.shutdown()
        try:
            pool.submit(int)
        except RuntimeError as error:
            print(error)
        ",
        "timeout\nTrue True False\nTrue True\ncannot schedule new futures after shutdown",
    );
}

#[test]
fn callbacks_run_and_workers_are_initialized() {
    prints(
        "
        from concurrent.futures import ThreadPoolExecutor
        import threading
        local, called = threading.local(), []
        def start(value):
            local.value = value
        with ThreadPoolExecutor(3, 'pool', start, (42,)) as pool:
            futures = [pool.submit(lambda: (local.value, threading.current_thread().name[:4]))
                       for _ in range(10)]
            for future in futures:
                future.add_done_callback(lambda f: called.append(f.result()))
        print(len(called), set(called))
        ",
        "10 {(42, 'pool')}",
    );
}

#[test]
fn a_task_can_wait_for_a_task_of_another_pool() {
    prints(
        "
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(4) as outer, ThreadPoolExecutor(2) as inner:
            def work(i):
                return sum(inner.map(lambda j: i * j, range(10)))
            print(list(outer.map(work, range(8))))
        ",
        "[0, 45, 90, 135, 180, 225, 270, 315]",
    );
}

#[test]
fn a_pool_that_was_never_shut_down_does_not_keep_the_process() {
    prints(
        "
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(4)
        print(pool.submit(lambda: 'result').result())
        ",
        "result",
    );
}

#[test]
fn work_that_was_submitted_is_finished_before_the_exit() {
    prints(
        "
        from concurrent.futures import ThreadPoolExecutor
        import time
        def late():
            time.sleep(0.2)
            print('late')
        pool = ThreadPoolExecutor(1)
        pool.submit(late)
        print('main is done', flush=True)
        ",
        "main is done\nlate",
    );
}
