//! rustpython-jit 0.6.0 is unsound: a function that it compiled gives other results than Python,
//! or ends the process by a signal, which no `except` sees. That is why togil leaves the VM's
//! feature `jit` off, and why a function has no `__jit__` (`functions_have_no_jit` in the suite).
//!
//! The tests pass as long as it is so. If one fails, upstream has changed, and the question
//! is open again. To run them, in this package's directory:
//!
//! ```text
//! cargo test --release --ignore-rust-version --target-dir ../../target/jit
//! ```
//!
//! No VM is needed: the compiler's code object goes to rustpython-jit, as the VM would send it.
//! Each call is in a process of its own, as it may be the last. The signals are x86-64's.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use rustpython_compiler::codegen::compile::CompileOpts;
use rustpython_compiler::core::bytecode::ConstantData;
use rustpython_compiler::{CodeObject, Mode, compile};
use rustpython_jit::AbiValue::{self, Float, Int};
use rustpython_jit::JitType;

/// A call of a function of `a` and `b`, and what it gives in Python and when compiled.
struct Case {
    body: &'static str,
    args: [AbiValue; 2],
    python: &'static str,
    compiled: &'static str,
}

const SIGILL: &str = "killed by signal 4";
const SIGFPE: &str = "killed by signal 8";

/// Right results, which show that the wrong ones are not the harness's.
const RIGHT: &[Case] = &[
    case("return a * b + 1.5", [Float(2.0), Float(3.0)], "7.5", "7.5"),
    case("return a // b", [Int(7), Int(2)], "3", "3"),
    case("return a + b", [Int(i64::MAX), Int(-1)], "9223372036854775806", "9223372036854775806"),
];

const WRONG: &[Case] = &[
    case("return a // b", [Int(-7), Int(2)], "-4", "-3"),
    case("return a % b", [Int(-7), Int(3)], "2", "-1"),
    case("return a * b", [Int(1 << 62), Int(2)], "9223372036854775808", "-9223372036854775808"),
    case("return a << b", [Int(1), Int(64)], "18446744073709551616", "1"),
    case("return a >> b", [Int(8), Int(64)], "0", "8"),
    case("return a / b", [Float(1.0), Float(0.0)], "ZeroDivisionError", "inf"),
    // Of the two arms it takes the one compiled last, whatever the condition.
    case(
        "m = a if a < b else b; n = m * m; p = n + m; return p * n",
        [Float(1.0), Float(2.0)],
        "2.0",
        "24.0",
    ),
];

const FATAL: &[Case] = &[
    case("return a + b", [Int(i64::MAX), Int(1)], "9223372036854775808", SIGILL),
    case("return a % b", [Int(7), Int(0)], "ZeroDivisionError", SIGFPE),
];

/// Names the case to `child`.
const CASE: &str = "TOGIL_JIT_CASE";

const fn case(
    body: &'static str,
    args: [AbiValue; 2],
    python: &'static str,
    compiled: &'static str,
) -> Case {
    Case { body, args, python, compiled }
}

impl Case {
    fn name(&self) -> String {
        format!("{:?}: {}", self.args, self.body)
    }

    /// What the compiled function gives.
    fn run(&self) -> String {
        let source = format!("def f(a, b): {}", self.body);
        let types = self.args.clone().map(|arg| match arg {
            Int(_) => JitType::Int,
            Float(_) => JitType::Float,
            other => unreachable!("{other:?}"),
        });
        // Each of these functions gives what it takes.
        let result = Some(types[0].clone());
        let compiled = rustpython_jit::compile(&function(&source), &types, result);
        match compiled.expect("it compiles").invoke(&self.args).expect("these arguments fit") {
            Some(Int(value)) => value.to_string(),
            Some(Float(value)) => format!("{value:?}"),
            other => panic!("{other:?}"),
        }
    }

    /// What `run` gives in a child process, or how that ends.
    fn outcome(&self) -> String {
        let child = Command::new(std::env::current_exe().expect("the path of this program"))
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(CASE, self.name())
            .output()
            .expect("this program starts again");
        match child.status.signal() {
            Some(signal) => format!("killed by signal {signal}"),
            // libtest writes to stdout only.
            None => String::from_utf8_lossy(&child.stderr).trim().to_owned(),
        }
    }

    fn check(&self) {
        assert_eq!(
            self.outcome(),
            self.compiled,
            "rustpython-jit has changed: look at issue 'JIT' again ({}, Python gives {})",
            self.name(),
            self.python
        );
    }
}

/// The code of the only function of a module.
fn function(source: &str) -> CodeObject {
    let module = compile(source, Mode::Exec, "<case>", CompileOpts::default());
    let module = module.expect("the source is Python");
    let code = module.constants.iter().find_map(|constant| match constant {
        ConstantData::Code { code } => Some((**code).clone()),
        _ => None,
    });
    code.expect("the module has a function")
}

#[test]
#[ignore = "one case, in the process that the other tests start for it"]
fn child() {
    let name = std::env::var(CASE).expect("the other tests set it");
    let case = [RIGHT, WRONG, FATAL].into_iter().flatten().find(|case| case.name() == name);
    eprintln!("{}", case.expect("a case of this name").run());
}

#[test]
fn some_results_are_right() {
    for case in RIGHT {
        assert_eq!(case.python, case.compiled);
        case.check();
    }
}

#[test]
fn some_results_are_wrong() {
    for case in WRONG {
        assert_ne!(case.python, case.compiled);
        case.check();
    }
}

#[test]
fn some_calls_end_the_process() {
    for case in FATAL {
        case.check();
    }
}
