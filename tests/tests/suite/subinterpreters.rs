//! `concurrent.interpreters`. All interpreters of a process share its one GIL.

use crate::GIL;
use crate::harness::{prints, script};

#[test]
fn code_runs_in_a_namespace_of_its_own() {
    prints(
        "
        from concurrent import interpreters
        value = 'main'
        one = interpreters.create()
        one.exec('value = 6 * 7; import sys')
        one.exec('print(value)')
        print(value, one.id != interpreters.get_main().id)
        one.close()
        ",
        "42\nmain True",
    );
}

#[test]
fn calls_bring_results_and_errors_back() {
    prints(
        "
        from concurrent import interpreters
        def double(n):
            return n * 2
        def fail():
            raise KeyError('inside')
        one = interpreters.create()
        print(one.call(double, 21))
        try:
            one.call(fail)
        except interpreters.ExecutionFailed as error:
            print('KeyError' in str(error), 'inside' in str(error))
        try:
            one.exec('1 / 0')
        except interpreters.ExecutionFailed as error:
            print('ZeroDivisionError' in str(error))
        one.close()
        ",
        "42\nTrue True\nTrue",
    );
}

#[test]
fn a_closed_interpreter_is_gone() {
    prints(
        "
        from concurrent import interpreters
        before = len(interpreters.list_all())
        many = [interpreters.create() for _ in range(5)]
        print(len(interpreters.list_all()) - before)
        for one in many:
            one.close()
        print(len(interpreters.list_all()) - before)
        try:
            many[0].exec('pass')
        except interpreters.InterpreterNotFoundError:
            print('not found')
        ",
        "5\n0\nnot found",
    );
}

#[test]
fn an_interpreter_reports_the_same_lock_mode() {
    let source = "
        from concurrent import interpreters
        one = interpreters.create()
        one.exec('import sys; print(sys._is_gil_enabled(), [sys.abiflags])')
        one.exec('import sys; print(\"free-threading build\" in sys.version)')
        one.exec('import sysconfig; print(sysconfig.get_config_var(\"Py_GIL_DISABLED\"))')
        one.close()
        ";
    prints(source, if GIL { "True ['']\nFalse\n0" } else { "False ['t']\nTrue\n1" });
}

#[test]
fn threads_run_inside_an_interpreter() {
    prints(
        "
from concurrent import interpreters
one = interpreters.create()
one.exec('''
import threading
n = 0
lock = threading.Lock()
def work():
    global n
    for _ in range(5_000):
        with lock:
            n += 1
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(n)
''')
one.close()
        ",
        "20000",
    );
}

#[test]
fn call_in_thread_runs_beside_the_main_thread() {
    prints(
        "
        from concurrent import interpreters
        def compute(n):
            total = 0
            for i in range(n):
                total += i
            print(total, flush=True)
        many = [interpreters.create() for _ in range(3)]
        threads = [one.call_in_thread(compute, 100_000) for one in many]
        for thread in threads: thread.join()
        for one in many: one.close()
        print('end')
        ",
        "4999950000\n4999950000\n4999950000\nend",
    );
}

#[test]
fn interpreters_work_while_the_main_one_is_busy() {
    prints(
        "
        from concurrent import interpreters
        import threading
        stop = False
        def busy():
            while not stop:
                pass
        noise = [threading.Thread(target=busy) for _ in range(2)]
        for thread in noise: thread.start()
        def work(me):
            one = interpreters.create()
            one.exec('import time\\nfor _ in range(20): time.sleep(0.001)')
            one.close()
            done.append(me)
        done = []
        threads = [threading.Thread(target=work, args=(me,)) for me in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        stop = True
        print(sorted(done))
        ",
        "[0, 1, 2]",
    );
}

#[test]
fn a_queue_connects_interpreters() {
    prints(
        "
        from concurrent import interpreters
        import threading
        there, back = interpreters.create_queue(), interpreters.create_queue()
        one = interpreters.create()
        one.prepare_main(there=there, back=back)
        serve = 'while (item := there.get()) is not None: back.put(item * 2)'
        thread = threading.Thread(target=one.exec, args=(serve,))
        thread.start()
        for i in range(20):
            there.put(i)
        print([back.get(timeout=30) for _ in range(20)] == [i * 2 for i in range(20)])
        there.put(None)
        thread.join()
        one.close()
        ",
        "True",
    );
}

#[test]
fn an_interpreter_pool_executor_computes() {
    prints(
        "
        from concurrent.futures import InterpreterPoolExecutor
        if __name__ == '__main__':
            with InterpreterPoolExecutor(2) as pool:
                print(list(pool.map(pow, [2, 3, 4], [2, 2, 2])))
        ",
        "[4, 9, 16]",
    );
}

#[test]
fn daemon_threads_are_refused_inside_an_interpreter() {
    prints(
        "
        from concurrent import interpreters
        one = interpreters.create()
        try:
            one.exec('import threading; threading.Thread(target=int, daemon=True)')
        except interpreters.ExecutionFailed as error:
            print('daemon threads are disabled' in str(error))
        one.close()
        ",
        "True",
    );
}

#[test]
fn the_process_ends_with_interpreters_still_open() {
    for _ in 0..5 {
        let output = script(
            "
            from concurrent import interpreters
            one, two = interpreters.create(), interpreters.create()
            one.exec('import threading; lock = threading.Lock()')
            two.exec('x = 1')
            print('end')
            ",
        );
        let output = output.output().exits(0).complains("remaining subinterpreters");
        assert_eq!(output.text(), "end");
    }
}
