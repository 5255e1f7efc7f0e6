//! `subprocess`, `os.fork` and their kin in programs with threads.

use crate::harness::{prints, script};

#[test]
fn subprocess_runs_and_captures() {
    prints(
        "
        import subprocess, sys
        done = subprocess.run(['sh', '-c', 'cat; echo err >&2; exit 3'], input=b'in',
                              capture_output=True)
        print(done.returncode, done.stdout, done.stderr)
        print(subprocess.check_output(['echo', 'text'], text=True).strip())
        try:
            subprocess.run(['false'], check=True)
        except subprocess.CalledProcessError as error:
            print(error.returncode)
        try:
            subprocess.run(['no-such-command'])
        except FileNotFoundError as error:
            print(error.filename)
        ",
        "3 b'in' b'err\\n'\ntext\n1\nno-such-command",
    );
}

#[test]
fn a_child_of_the_same_interpreter_runs() {
    prints(
        "
        import subprocess, sys
        print(subprocess.check_output([sys.executable, 'run', '-c', 'print(6 * 7)'], text=True))
        ",
        "42",
    );
}

#[test]
fn a_subprocess_that_takes_too_long_is_killed() {
    prints(
        "
        import subprocess, time
        start = time.monotonic()
        try:
            subprocess.run(['sleep', '60'], timeout=0.1)
        except subprocess.TimeoutExpired as error:
            print(error.timeout)
        process = subprocess.Popen(['sleep', '60'])
        print(process.poll())
        process.terminate()
        print(process.wait(60), time.monotonic() - start < 30)
        ",
        "0.1\nNone\n-15 True",
    );
}

#[test]
fn large_pipes_are_fed_and_drained_at_once() {
    prints(
        "
        import subprocess
        data = b'0123456789' * 200_000
        process = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        out, err = process.communicate(data)
        print(out == data, err, process.returncode)
        ",
        "True None 0",
    );
}

#[test]
fn a_pipeline_of_two_processes() {
    prints(
        "
        import subprocess
        first = subprocess.Popen(['printf', 'b\\\\na\\\\n'], stdout=subprocess.PIPE)
        second = subprocess.Popen(['sort'], stdin=first.stdout, stdout=subprocess.PIPE, text=True)
        first.stdout.close()
        print(second.communicate()[0].split(), first.wait())
        ",
        "['a', 'b'] 0",
    );
}

#[test]
fn threads_run_subprocesses_beside_busy_ones() {
    prints(
        "
        import subprocess, threading
        stop, got = False, []
        def busy():
            while not stop:
                pass
        def work(me):
            for i in range(5):
                out = subprocess.run(['echo', f'{me} {i}'], capture_output=True, text=True).stdout
                got.append(out.strip() == f'{me} {i}')
        workers = [threading.Thread(target=work, args=(me,)) for me in range(4)]
        noise = [threading.Thread(target=busy) for _ in range(2)]
        for thread in workers + noise: thread.start()
        for thread in workers: thread.join()
        stop = True
        print(got == [True] * 20 or got)
        ",
        "True",
    );
}

#[test]
fn preexec_fn_runs_python_in_the_child_of_a_threaded_program() {
    prints(
        "
        import os, subprocess, threading
        stop = False
        def busy():
            while not stop:
                pass
        threads = [threading.Thread(target=busy) for _ in range(2)]
        for thread in threads: thread.start()
        def before():
            os.environ['IGNORED'] = 'x'
            os.write(1, b'child ')
            for i in range(1000):
                pass
        for _ in range(5):
            out = subprocess.run(['echo', 'ran'], preexec_fn=before, stdout=subprocess.PIPE)
            print(out.stdout.decode().strip())
        stop = True
        ",
        "child ran\nchild ran\nchild ran\nchild ran\nchild ran",
    );
}

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
    let module = |run: crate::harness::Togil, i: u32| {
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

#[test]
fn multiprocessing_with_fork_runs_a_pool() {
    prints(
        "
        import multiprocessing
        def square(i):
            return i * i
        if __name__ == '__main__':
            with multiprocessing.get_context('fork').Pool(2) as pool:
                print(pool.map(square, range(10)))
        ",
        "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]",
    );
}
