//! `-X gil_handoff`: the rules by which the GIL changes hands. All of them run every program; what
//! tells them apart is time, which is for `togil ab --handoff`.

use crate::harness::{script, togil};

const SCRIPT: &str = "
    import sys, threading, queue, time
    requests, answers = queue.Queue(), queue.Queue()
    done = threading.Event()
    def serve():
        while (request := requests.get()) is not None:
            answers.put(request + 1)
    def compute():
        n = 0
        while not done.is_set():
            n += 1
    threads = [threading.Thread(target=serve), *(threading.Thread(target=compute) for _ in range(3))]
    for thread in threads: thread.start()
    total = 0
    for n in range(20):
        requests.put(n)
        total += answers.get()
    done.set()
    requests.put(None)
    for thread in threads: thread.join()
    print(total)
";

#[test]
fn every_rule_serves_every_thread() {
    for rule in ["togil", "cpython", "fifo"] {
        let handoff = format!("gil_handoff={rule}");
        let output = script(SCRIPT).options(["-X", &handoff, "-X", "gil=1"]).output();
        // Said by the lock itself.
        assert_eq!(output.prints("210").stats()["gil"]["handoff"], rule);
    }
}

#[test]
fn a_rule_that_is_none_is_an_error() {
    let output = togil(["run", "-X", "gil_handoff=lifo", "-c", "print(1)"]).output();
    output.exits(1).complains("-X gil_handoff must be");
}

#[test]
fn a_child_keeps_the_rule() {
    let source = "
        import os, threading
        threads = []
        pid = os.fork()
        if pid == 0:
            threads = [threading.Thread(target=sum, args=(range(100_000),)) for _ in range(3)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            os._exit(0)
        print(os.waitpid(pid, 0)[1])
    ";
    script(source).options(["-X", "gil_handoff=fifo", "-X", "gil=1"]).output().prints("0");
}
