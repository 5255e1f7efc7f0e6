//! The `signal` module: timers, wake-up descriptors, what it refuses.

use crate::harness::{prints, script};

#[test]
fn the_wakeup_fd_gets_the_signals_and_nothing_else() {
    // The busy threads pass the GIL to and fro, which must not show up there.
    prints(
        "
        import os, signal, sys, threading, time
        stop = False
        def busy():
            while not stop:
                pass
        threads = [threading.Thread(target=busy) for _ in range(3)]
        for thread in threads: thread.start()
        reader, writer = os.pipe2(os.O_NONBLOCK)
        print(signal.set_wakeup_fd(writer))
        signal.signal(signal.SIGUSR1, lambda *args: None)
        signal.signal(signal.SIGUSR2, lambda *args: None)
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1):
            os.kill(os.getpid(), number)
            time.sleep(0.1)
        print(list(os.read(reader, 100)) == [signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1])
        print(signal.set_wakeup_fd(-1) == writer)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.1)
        try:
            os.read(reader, 100)
        except BlockingIOError:
            print('nothing more')
        stop = True
        ",
        "-1\nTrue\nTrue\nnothing more",
    );
}

#[test]
fn a_bad_wakeup_fd_is_refused() {
    prints(
        "
        import os, signal, threading
        reader, writer = os.pipe()
        def attempt(fd):
            try:
                signal.set_wakeup_fd(fd)
            except (ValueError, OSError, TypeError) as error:
                print(type(error).__name__)
        attempt(writer)
        attempt(9999)
        attempt('x')
        os.set_blocking(writer, False)
        thread = threading.Thread(target=attempt, args=(writer,))
        thread.start(); thread.join()
        print(signal.set_wakeup_fd(-1))
        ",
        "ValueError\nOSError\nTypeError\nValueError\n-1",
    );
}

#[test]
fn setitimer_calls_the_handler_again_and_again() {
    prints(
        "
        import signal, threading, time
        stop = False
        def busy():
            while not stop:
                pass
        threads = [threading.Thread(target=busy) for _ in range(2)]
        for thread in threads: thread.start()
        ticks = []
        signal.signal(signal.SIGALRM, lambda *args: ticks.append(threading.get_ident()))
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        end = time.monotonic() + 30
        while len(ticks) < 5 and time.monotonic() < end:
            time.sleep(0.005)
        signal.setitimer(signal.ITIMER_REAL, 0)
        stop = True
        print(len(ticks) >= 5, set(ticks) == {threading.get_ident()})
        ",
        "True True",
    );
}

#[test]
fn alarm_interrupts_a_busy_loop() {
    prints(
        "
        import signal
        class Late(Exception): pass
        def late(*args): raise Late
        signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            while True:
                pass
        except Late:
            print('late')
        ",
        "late",
    );
}

#[test]
fn the_reserved_signal_is_refused_and_hidden() {
    prints(
        "
        import signal
        for handler in (print, signal.SIG_IGN, signal.SIG_DFL):
            try:
                signal.signal(63, handler)
            except ValueError as error:
                print(error)
        print(signal.getsignal(63))
        print(signal.signal(62, print), signal.getsignal(62) is print)
        ",
        "signal number 63 is reserved by togil\nsignal number 63 is reserved by togil\n\
         signal number 63 is reserved by togil\nNone\n0 True",
    );
}

#[test]
fn handlers_are_set_in_the_main_thread_only() {
    prints(
        "
        import signal, threading
        def work():
            try:
                signal.signal(signal.SIGUSR1, print)
            except ValueError as error:
                print(error)
        # While other threads start, too: that must not open a door.
        threads = [threading.Thread(target=work) for _ in range(20)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL)
        ",
        &format!("{}True", "signal only works in main thread of the main interpreter\n".repeat(20)),
    );
}

#[test]
fn the_main_thread_sets_handlers_while_threads_start() {
    // A thread that starts passes for the main thread for a moment.
    prints(
        "
        import signal, threading
        stop = False
        def churn():
            while not stop:
                thread = threading.Thread(target=int)
                thread.start()
                thread.join()
        threads = [threading.Thread(target=churn) for _ in range(3)]
        for thread in threads: thread.start()
        try:
            for _ in range(2_000):
                signal.signal(signal.SIGUSR1, print)
        finally:
            stop = True
        for thread in threads: thread.join()
        print('never refused')
        ",
        "never refused",
    );
}

#[test]
fn signal_returns_the_old_handler() {
    prints(
        "
        import signal
        first, second = lambda *a: None, lambda *a: None
        print(signal.signal(signal.SIGUSR1, first) == signal.SIG_DFL)
        print(signal.signal(signal.SIGUSR1, second) is first)
        print(signal.getsignal(signal.SIGUSR1) is second)
        print(signal.signal(signal.SIGINT, signal.SIG_IGN) is signal.default_int_handler)
        ",
        "True\nTrue\nTrue\nTrue",
    );
}

#[test]
fn an_ignored_signal_does_nothing_and_a_default_one_kills() {
    let output = script(
        "
        import os, signal, time
        signal.signal(signal.SIGUSR1, lambda *args: print('handled', flush=True))
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.05)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.05)
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(30)
        ",
    )
    .output();
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(output.status.signal(), Some(libc::SIGUSR1), "{}", output.dump());
    assert_eq!(output.text(), "handled");
}

#[test]
fn interrupt_main_interrupts_the_main_thread() {
    prints(
        "
        import _thread, signal, threading, time
        # As in CPython it ends no call that waits in the system.
        threading.Timer(0.05, _thread.interrupt_main).start()
        try:
            while True:
                pass
        except KeyboardInterrupt:
            print('interrupted')
        seen = []
        signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
        thread = threading.Thread(target=_thread.interrupt_main, args=(signal.SIGUSR1,))
        thread.start(); thread.join()
        end = time.monotonic() + 30
        while not seen and time.monotonic() < end:
            pass
        print(seen == [signal.SIGUSR1])
        ",
        "interrupted\nTrue",
    );
}

#[test]
fn a_child_that_dies_is_noticed_by_its_signal() {
    prints(
        "
        import os, signal, subprocess, time
        seen = []
        signal.signal(signal.SIGCHLD, lambda *args: seen.append(1))
        subprocess.run(['true'])
        end = time.monotonic() + 30
        while not seen and time.monotonic() < end:
            time.sleep(0.001)
        print(bool(seen))
        ",
        "True",
    );
}
