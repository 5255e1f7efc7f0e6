//! What it costs a running thread to look whether something is asked of it. The look of Python code
//! is in every instruction: `poll/empty Python loop`.

use criterion::Criterion;
use togil::Interpreter;
use togil_bench::ring;

pub(crate) fn measure(c: &mut Criterion, interpreter: &Interpreter) {
    let mut group = c.benchmark_group("poll");
    interpreter.attach(|py| {
        group.bench_function("native code looks", |b| {
            b.iter(|| py.check_signals().expect("nothing is asked"));
        });
        group.bench_function("native code is rung for, for nothing", |b| b.iter(|| ring(py)));
    });
    group.finish();
}
