//! `os.fork` in programs with threads: the child can run, start threads, and fork again.

use crate::harness::{Togil, prints, script};

/// The parent has two busy threads and one that waits for a lock.
const THREADED_PARENT: &str = "
import os, sys, threading, time, warnings
warnings.simplefilter('ignore')  # that the child may deadlock
stop = False
held = threading.Lock()
held.acquire()
def busy():
    while not stop:
        pass
others = [threading.Thread(target=busy) for _ in range(2)]
others.append(threading.Thread(target=held.acquire))
for thread in others: thread.start()

def in_child(work):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            sys.stdout.flush()
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        print('the child ended with', status)
";

const END: &str = "
stop = True
held.release()
for thread in others: thread.join()
print('end')
";

fn forking(body: &str, expected: &str) {
    script(&format!("{THREADED_PARENT}{body}{END}")).output().prints(expected);
}

#[test]
fn the_child_of_a_threaded_fork_runs_python() {
    forking(
        "
def work():
    print(sum(range(100_000)), threading.active_count())
    time.sleep(0.01)
for _ in range(5):
    in_child(work)
",
        &("4999950000 1\n".repeat(5) + "end"),
    );
}

#[test]
fn the_child_of_a_threaded_fork_starts_threads_of_its_own() {
    forking(
        "
def work():
    got, done = [], False
    def child_busy():
        while not done:
            pass
    threads = [threading.Thread(target=lambda i=i: got.append(i)) for i in range(10)]
    threads += [threading.Thread(target=child_busy) for _ in range(2)]
    for thread in threads: thread.start()
    time.sleep(0.05)
    done = True
    for thread in threads: thread.join()
    print(sorted(got) == list(range(10)))
for _ in range(3):
    in_child(work)
",
        "True\nTrue\nTrue\nend",
    );
}

#[test]
fn the_child_of_a_threaded_fork_forks_again() {
    forking(
        "
def grandchild():
    print('grandchild', threading.active_count())
def child():
    in_child(grandchild)
    thread = threading.Thread(target=in_child, args=(grandchild,))
    thread.start()
    thread.join()
    print('child')
in_child(child)
",
        "grandchild 1\ngrandchild 1\nchild\nend",
    );
}

#[test]
fn a_fork_from_another_thread_makes_that_one_the_main_thread() {
    forking(
        "
def work():
    print(threading.current_thread() is threading.main_thread(), threading.active_count())
thread = threading.Thread(target=in_child, args=(work,))
thread.start()
thread.join()
",
        "True 1\nend",
    );
}

#[test]
fn fork_while_other_threads_import() {
    let run = script(
        "
        import os, sys, threading, warnings
        warnings.simplefilter('ignore')
        def imports(names):
            for name in names:
                __import__(name)
        names = [f'module{i}' for i in range(60)]
        threads = [threading.Thread(target=imports, args=(names[i::3],)) for i in range(3)]
        for thread in threads: thread.start()
        codes = []
        for i in range(20):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    # Not one that a thread was loading: its lock died with the thread, as in CPython.
                    import colorsys
                    status = 0 if colorsys.rgb_to_hls(0, 0, 0) == (0, 0, 0) else 2
                finally:
                    os._exit(status)
            codes.append(os.waitpid(child, 0)[1])
        for thread in threads: thread.join()
        print(set(codes), len([name for name in sys.modules if name.startswith('module')]))
        ",
    );
    let module = |run: Togil, i: u32| {
        run.file(
            &format!("module{i}.py"),
            &format!("import time\ntime.sleep(0.001)\nvalue = {i}\n"),
        )
    };
    (0..60).fold(run, module).output().prints("{0} 60");
}

#[test]
fn hooks_run_around_a_fork() {
    prints(
        "
        import os
        order = []
        os.register_at_fork(before=lambda: order.append('before'),
                            after_in_parent=lambda: order.append('parent'),
                            after_in_child=lambda: order.append('child'))
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, ' '.join(order).encode())
            os._exit(0)
        os.wait()
        print(order, os.read(reader, 100))
        ",
        "['before', 'parent'] b'before child'",
    );
}

#[test]
fn the_child_can_print_although_another_thread_did_when_it_was_forked() {
    let source = "
        import os, sys, threading, warnings
        warnings.simplefilter('ignore')
        stop = False
        def work():
            while not stop:
                print('x' * 50)
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads: thread.start()
        codes = []
        for _ in range(30):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    print('child', flush=True)
                    status = 0
                finally:
                    os._exit(status)
            codes.append(os.waitpid(child, 0)[1])
        stop = True
        for thread in threads: thread.join()
        print('codes', set(codes))
        ";
    let output = script(source).output().success();
    assert!(output.stdout.ends_with("codes {0}\n"), "{}", output.dump());
    assert!(output.stdout.contains("child\n"), "{}", output.dump());
}

#[test]
fn a_fork_warns_while_there_are_other_threads_and_only_then() {
    let output = script(
        "
        import os, sys, threading
        def fork(when):
            print(when, file=sys.stderr, flush=True)
            if os.fork() == 0:
                os._exit(0)
            os.wait()
        fork('alone')
        go = threading.Event()
        thread = threading.Thread(target=go.wait)
        thread.start()
        fork('beside a thread')
        go.set()
        thread.join()
        fork('alone again')
        ",
    );
    let output = output.output().exits(0);
    let lines: Vec<&str> = output.stderr.lines().collect();
    let text = "is multi-threaded, use of fork() may lead to deadlocks in the child";
    assert!(lines[..2] == ["alone", "beside a thread"], "{}", output.dump());
    assert!(
        lines[2].contains("DeprecationWarning") && lines[2].contains(text),
        "{}",
        output.dump()
    );
    assert_eq!(lines.last(), Some(&"alone again"), "{}", output.dump());
}
