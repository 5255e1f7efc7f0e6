//! The `togil` command, built in the mode of the tests that run it. And `lent [-X gil=N] SCRIPT`:
//! runs a script that a host lends modules to, in a process of its own, because what such a module
//! does counts for the whole process. `lent-explain NAME` has a host with these modules explain an import.

use std::process::ExitCode;

use togil::{Function, GilRequest, Interpreter, Module, ModuleError};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["lent", "-X", "gil=0", script] => lent(script, GilRequest::Disable),
        ["lent", "-X", "gil=1", script] => lent(script, GilRequest::Enable),
        ["lent-explain", name] => lent_explain(name),
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

/// JSON on stdout, text on stderr.
fn lent_explain(name: &str) -> ExitCode {
    let run = || -> Result<(), Box<dyn std::error::Error>> {
        let modules = modules()?.into_iter();
        let host = modules
            .fold(togil::Host::builder().workers(1).import_path("."), |host, module| {
                host.module(module)
            });
        let report = host.build()?.explain_import(name)?;
        println!("{}", serde_json::to_string(&report)?);
        eprintln!("{report}");
        Ok(())
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lent-explain: {error}");
            ExitCode::from(100)
        }
    }
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
