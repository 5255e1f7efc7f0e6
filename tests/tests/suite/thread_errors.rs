//! Threads whose function fails, and threads that are used wrongly.

use crate::harness::{prints, script};

#[test]
fn an_exception_in_a_thread_goes_to_stderr_and_nothing_else_happens() {
    let output = script(
        "
        import threading
        def fail():
            raise ValueError('oops')
        thread = threading.Thread(target=fail, name='bad one')
        thread.start()
        thread.join()
        print('still here')
        ",
    )
    .output()
    .exits(0)
    .complains("Exception in thread bad one:")
    .complains("ValueError: oops")
    .complains("in fail");
    assert_eq!(output.text(), "still here");
}

#[test]
fn excepthook_sees_the_exception_of_a_thread() {
    prints(
        "
        import threading
        seen = []
        def hook(args):
            seen.append((args.exc_type.__name__, str(args.exc_value), args.thread.name,
                         args.exc_traceback is not None))
        threading.excepthook = hook
        def fail():
            raise ValueError('oops')
        for i in range(3):
            thread = threading.Thread(target=fail, name=f'bad {i}')
            thread.start()
            thread.join()
        print(seen == [('ValueError', 'oops', f'bad {i}', True) for i in range(3)] or seen)
        ",
        "True",
    );
}

#[test]
fn system_exit_ends_only_its_thread() {
    prints(
        "
        import _thread, sys, threading
        threading.Thread(target=sys.exit, args=(5,)).start()
        done = threading.Event()
        def leave():
            try:
                sys.exit(6)
            finally:
                done.set()
        _thread.start_new_thread(leave, ())
        done.wait()
        print('still here')
        ",
        "still here",
    );
}

#[test]
fn an_exception_in_a_raw_thread_is_unraisable() {
    let output = script(
        "
        import _thread, threading
        done = threading.Event()
        def fail(number):
            try:
                raise ValueError(f'oops {number}')
            finally:
                done.set()
        _thread.start_new_thread(fail, (7,))
        done.wait()
        import time
        while _thread._count(): time.sleep(0.01)
        print('still here')
        ",
    )
    .output()
    .exits(0)
    .complains("Exception ignored in thread started by <function fail at 0x")
    .complains("ValueError: oops 7");
    assert_eq!(output.text(), "still here");
}

#[test]
fn unraisablehook_sees_the_exception_of_a_raw_thread() {
    prints(
        "
        import _thread, sys, threading
        done = threading.Event()
        def hook(args):
            print(args.exc_type.__name__, args.exc_value, 'fail' in args.err_msg)
            done.set()
        sys.unraisablehook = hook
        def fail():
            raise ValueError('oops')
        _thread.start_new_thread(fail, ())
        print(done.wait(30))
        ",
        "ValueError oops True\nTrue",
    );
}

#[test]
fn a_raw_thread_takes_arguments_by_name() {
    prints(
        "
        import _thread, threading
        got, done = [], threading.Event()
        def work(a, *, b):
            got.append((a, b))
            done.set()
        ident = _thread.start_new_thread(work, (1,), {'b': 2})
        done.wait()
        print(got, ident != _thread.get_ident())
        ",
        "[(1, 2)] True",
    );
}

#[test]
fn wrong_arguments_are_refused_before_a_thread_starts() {
    prints(
        "
        import _thread, threading
        def attempt(call, *args):
            try:
                call(*args)
            except TypeError as error:
                print('TypeError')
        attempt(_thread.start_new_thread, 1, ())
        attempt(_thread.start_new_thread, print)
        attempt(_thread.start_new_thread, print, 5)
        attempt(_thread.start_joinable_thread, 'no')
        print(threading.active_count())
        ",
        "TypeError\nTypeError\nTypeError\nTypeError\n1",
    );
}

#[test]
fn starting_twice_and_joining_too_early_are_errors() {
    prints(
        "
        import threading
        def attempt(call):
            try:
                call()
            except RuntimeError as error:
                print(error)
        thread = threading.Thread(target=int)
        attempt(thread.join)
        thread.start(); thread.join()
        attempt(thread.start)
        attempt(threading.current_thread().join)
        ",
        "cannot join thread before it is started\nthreads can only be started once\n\
         cannot join current thread",
    );
}

#[test]
fn an_uncaught_exception_in_the_main_thread_waits_for_the_others() {
    let output = script(
        "
        import threading, time
        def work():
            time.sleep(0.3)
            print('finished')
        threading.Thread(target=work).start()
        raise KeyError('main')
        ",
    )
    .output()
    .exits(1)
    .complains("KeyError: 'main'");
    assert_eq!(output.text(), "finished");
}
