//! Operations of Python code on locks and queues, and calls that may block.

use criterion::Criterion;
use togil::Interpreter;
use togil_bench::{LOOPS, PythonLoop};

pub(crate) fn measure(c: &mut Criterion, interpreter: &Interpreter) {
    for operations in LOOPS.chunk_by(|one, next| one.group == next.group) {
        let mut group = c.benchmark_group(operations[0].group);
        for operation in operations {
            interpreter.attach(|py| {
                let python = PythonLoop::new(py, operation);
                group.bench_function(operation.name, |b| {
                    b.iter_custom(|times| python.run(py, times));
                });
            });
        }
        group.finish();
    }
}
