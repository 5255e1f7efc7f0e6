//! The `togil` command, built in the mode of the tests that run it. And `lent [-X gil=N] SCRIPT`:
//! runs a script that a host lends modules to, in a process of its own, because what such a module
//! does counts for the whole process.

use std::process::ExitCode;

use togil::{Function, GilRequest, Interpreter, Module, ModuleError};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["lent", "-X", "gil=0", script] => lent(script, GilRequest::Disable),
        ["lent", "-X", "gil=1", script] => lent(script, GilRequest::Enable),
        ["lent", script] => lent(script, GilRequest::Default),
        _ => togil::cli::main(),
    }
}

fn modules() -> Result<[Module; 3], ModuleError> {
    let answer = || Function::new("answer", |(): ()| 42);
    let enabled_by = Function::new("enabled_by", |(): ()| togil::gil_enabled_by());
    Ok([
        Module::builder("needs_gil").gil_used(true).function(answer()).build()?,
        Module::builder("needs_it_too").gil_used(true).build()?,
        Module::builder("safe").function(answer()).function(enabled_by).build()?,
    ])
}

fn lent(script: &str, request: GilRequest) -> ExitCode {
    let run = || -> Result<u32, Box<dyn std::error::Error>> {
        let source = std::fs::read_to_string(script)?;
        let mut builder = Interpreter::builder().gil(request);
        for module in modules()? {
            builder = builder.module(module);
        }
        let interpreter = builder.build()?;
        let result = interpreter.attach(|py| {
            let scope = py.new_scope_with_main().map_err(|_| "no __main__")?;
            Ok::<_, &str>(py.run_string(scope, &source, script).err())
        });
        Ok(interpreter.finalize(result?))
    };
    match run() {
        Ok(status) => ExitCode::from(status as u8),
        Err(error) => {
            eprintln!("lent: {error}");
            ExitCode::from(100)
        }
    }
}
