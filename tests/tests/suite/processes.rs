//! `subprocess` and `multiprocessing` in programs with threads; `os.fork` itself is in `forks`.

use crate::harness::prints;

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
