//! A hunt for deadlocks: threads that do all they can, in any order, under the watchdog.
//!
//! `TOGIL_STRESS_RUNS` sets how many runs (20), `TOGIL_STRESS_SEED` the seed of the first.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::harness::script;

const STRESS: &str = r#"
import collections, gc, os, queue, random, socket, subprocess, sys, threading, time, warnings
warnings.simplefilter('ignore')  # that the child of a fork may deadlock
seed = int(sys.argv[1])
print('seed', seed, flush=True)
start = random.Random(seed)
sys.setswitchinterval(start.choice([1e-6, 1e-5, 1e-3, 5e-3]))
end = time.monotonic() + 0.5
lock, rlock, condition = threading.Lock(), threading.RLock(), threading.Condition()
line, simple = queue.Queue(maxsize=10), queue.SimpleQueue()
pairs = [socket.socketpair() for _ in range(3)]
log = open(os.devnull, 'w')
done = collections.Counter()

def locks(rng):
    with lock:
        time.sleep(rng.choice([0, 0, 0.0001]))
    with rlock, rlock:
        sum(range(100))

def conditions(rng):
    with condition:
        condition.notify_all()
        condition.wait(rng.random() / 500)

def sleeps(rng):
    time.sleep(rng.random() / 1000)

def sockets(rng):
    left, right = rng.choice(pairs)
    left.sendall(b'x' * rng.randrange(1, 2000))
    right.setblocking(False)
    try:
        right.recv(100_000)
    except BlockingIOError:
        pass

def queues(rng):
    try:
        line.put(1, timeout=0.001)
        simple.put(1)
        line.get(timeout=0.001)
        simple.get(timeout=0.001)
    except (queue.Empty, queue.Full):
        pass

def garbage(rng):
    for _ in range(50):
        cycle = []
        cycle.append(cycle)
    if rng.random() < 0.2:
        gc.collect(rng.randrange(3))

def churn(rng):
    threads = [threading.Thread(target=compute, args=(rng,)) for _ in range(rng.randrange(4))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

def compute(rng):
    n = 0
    for i in range(rng.randrange(2000)):
        n += i

def files(rng):
    print('text', rng.random(), file=log)
    log.flush()

def forks(rng):
    if rng.random() < 0.9:
        return
    child = os.fork()
    if child == 0:
        try:
            compute(rng)
            thread = threading.Thread(target=compute, args=(rng,))
            thread.start()
            thread.join()
            gc.collect()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert status == 0, f'the child ended with {status}'

def commands(rng):
    if rng.random() < 0.05:
        assert subprocess.run(['true']).returncode == 0

actions = [locks, conditions, sleeps, sockets, queues, garbage, churn, compute, files, forks, commands]

def work(me):
    rng = random.Random(seed * 100 + me)
    mine = rng.sample(actions, rng.randrange(2, len(actions)))
    while True:
        rng.choice(mine)(rng)
        done[me] += 1
        if time.monotonic() > end:
            break

failed = []
threading.excepthook = lambda args: (failed.append(args), threading.__excepthook__(args))
threads = [threading.Thread(target=work, args=(me,)) for me in range(start.randrange(2, 9))]
for _ in range(start.randrange(3)):
    threading.Thread(target=lambda: [compute(start) for _ in iter(int, 1)], daemon=True).start()
for thread in threads: thread.start()
for thread in threads: thread.join()
print('failed' if failed or len(done) < len(threads) else 'ok', flush=True)
"#;

#[test]
fn mixed_stress_never_hangs() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let first = number("TOGIL_STRESS_SEED").unwrap_or(now * 1000);
    let runs = number("TOGIL_STRESS_RUNS").unwrap_or(20);
    for seed in first..first + runs {
        let output = script(STRESS).args([seed.to_string()]).output();
        let good = output.stdout == format!("seed {seed}\nok\n") && output.status.success();
        assert!(
            good && output.stderr.is_empty(),
            "TOGIL_STRESS_SEED={seed} TOGIL_STRESS_RUNS=1: {}\n{}",
            output.status,
            output.dump()
        );
    }
}
