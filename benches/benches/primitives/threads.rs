//! Starting a thread and waiting for its end.

use criterion::Criterion;
use togil::Interpreter;
use togil_bench::{Operation, PythonLoop};

const PYTHON: [Operation; 2] = [
    Operation {
        group: "thread",
        name: "threading.Thread, start and join",
        setup: "import threading\ndef one():\n  t = threading.Thread(target=int)\n  t.start()\n  t.join()",
        statement: "one()",
    },
    Operation {
        group: "thread",
        name: "_thread.start_joinable_thread and join",
        setup: "import _thread\ndef one(): _thread.start_joinable_thread(int).join()",
        statement: "one()",
    },
];

pub(crate) fn measure(c: &mut Criterion, interpreter: &Interpreter) {
    let mut group = c.benchmark_group("thread");
    // What the system takes for it.
    group.bench_function("std, spawn and join", |b| {
        b.iter(|| std::thread::spawn(|| ()).join().expect("it ends"));
    });
    let handle = interpreter.handle();
    group.bench_function("Handle, spawn and join", |b| {
        b.iter(|| handle.spawn("bench", |_| ()).expect("a thread").join().expect("it ends"));
    });
    for operation in &PYTHON {
        interpreter.attach(|py| {
            let python = PythonLoop::new(py, operation);
            group.bench_function(operation.name, |b| {
                b.iter_custom(|times| python.run(py, times));
            });
        });
    }
    group.finish();
}
