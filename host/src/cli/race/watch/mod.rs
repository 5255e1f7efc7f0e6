//! `togil race --watch`: runs a script as it is, and tells which accesses nothing puts into an order.

mod json;
mod sarif;
mod text;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::PythonError;
use crate::vm::PyResult;
use crate::vm::builtins::PyDictRef;
use crate::{GilRequest, Interpreter, Python};
use togil_interp::race::watch::{Findings, Watch};

/// Options of `togil race --watch`.
#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// Run the script as it is, threads in parallel, and report data races and possible deadlocks
    #[arg(long, conflicts_with_all = ["name", "replay", "junit", "module"])]
    pub(super) watch: bool,
    /// With --watch: operations that are atomic by contract, such as list.append, race, too
    #[arg(long, requires = "watch")]
    strict: bool,
    /// With --watch: how often to run each model of a script that starts no thread itself
    #[arg(long, value_name = "N", requires = "watch", default_value_t = 3)]
    runs: usize,
}

/// Two threads that race, whatever their order: if that is not found, nothing is instrumented.
const CANARY: &str = "
import threading
class Counter: n = 0
counter = Counter()
def add(): counter.n += 1
threads = [threading.Thread(target=add) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
";

/// How a watched script ended.
#[derive(Debug, Default)]
struct Ending {
    /// Its exit status, as Python has it.
    status: u32,
    /// The models that were run instead, with what they raised.
    models: Vec<(String, Option<String>)>,
}

/// All that there is to tell.
struct Report {
    file: String,
    findings: Findings,
    ending: Ending,
}

impl Report {
    /// The exit status.
    fn status(&self) -> u8 {
        let Findings { races, cycles, hangs } = &self.findings;
        let failed = self.ending.models.iter().any(|(_, raised)| raised.is_some());
        match () {
            () if !races.is_empty() => 1,
            () if !cycles.is_empty() || !hangs.is_empty() => 3,
            () if self.ending.status != 0 || failed => FAILED,
            () => 0,
        }
    }
}

/// Nothing was found, and the script or a model failed.
const FAILED: u8 = 7;

/// What is run.
pub(super) struct Script<'a> {
    pub(super) file: PathBuf,
    /// The rest of `sys.argv`.
    pub(super) arguments: &'a [String],
    /// Modules that are instrumented besides those beside the script.
    pub(super) include: &'a [String],
}

/// What `togil race` has besides.
pub(super) struct Outputs<'a> {
    pub(super) json: bool,
    pub(super) sarif: Option<&'a Path>,
    /// Whether to have the GIL where it can be chosen.
    pub(super) gil: bool,
}

pub(super) fn run(
    script: &Script<'_>,
    args: &WatchArgs,
    outputs: &Outputs<'_>,
) -> Result<u8, String> {
    let Script { file, arguments, .. } = script;
    let path = file.to_string_lossy().into_owned();
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("cannot read '{path}': {error}"))?;
    let argv: Vec<String> =
        std::iter::once(path.clone()).chain(arguments.iter().cloned()).collect();
    let builder = crate::shared::add_to(Interpreter::builder())
        .signal_handlers(true)
        .settings(|settings| settings.argv = argv);
    let builder = if outputs.gil { builder.gil(GilRequest::Enable) } else { builder };
    let interpreter = builder.build().map_err(|error| error.to_string())?;
    let ran = interpreter.attach(|py| {
        let watch = set_up(py, script, args)?;
        let raised = watched(py, &watch, &path, &text, args.runs);
        // The canary is forgotten, and what the end of the script does still counts.
        PyResult::Ok(raised)
    });
    let (raised, models, canary) = match ran {
        Ok(Ok((models, raised))) => (raised, models, true),
        Ok(Err(Canary)) => (None, Vec::new(), false),
        Err(error) => {
            let error = interpreter.attach(|py| PythonError::new(py, error));
            interpreter.finalize(None);
            return Err(error.traceback().trim_end().to_owned());
        }
    };
    let status = interpreter.finalize(raised);
    if !canary {
        return Err(
            "the built-in race was not found, so nothing that is said could be believed; this \
                    is a bug of togil: please report it"
                .to_owned(),
        );
    }
    let findings = Watch::take_findings();
    let report = Report { file: path, findings, ending: Ending { status, models } };
    if outputs.json {
        anstream::println!("{:#}", json::document(&report));
    } else {
        anstream::eprint!("{}", text::render(&report));
    }
    if let Some(sarif) = outputs.sarif {
        super::write(sarif, &format!("{:#}\n", sarif::document(&report)))?;
    }
    Ok(report.status())
}

/// The built-in race was not found.
struct Canary;

type Raised = Option<crate::vm::builtins::PyBaseExceptionRef>;
type Ran = (Vec<(String, Option<String>)>, Raised);

fn set_up(py: Python<'_>, script: &Script<'_>, args: &WatchArgs) -> PyResult<Watch> {
    let watch = Watch::new(py)?;
    watch.set_strict(args.strict);
    let absolute = std::fs::canonicalize(&script.file).unwrap_or_else(|_| script.file.clone());
    let directory = absolute.parent().unwrap_or(Path::new("")).to_string_lossy();
    let names = script.include.iter().map(|name| py.ctx.new_str(name.as_str()).into()).collect();
    let names = py.ctx.new_list(names);
    watch.get(py, "include")?.call((directory.as_ref(), names), py.vm())?;
    Ok(watch)
}

/// Runs the canary and the script, and the models of one that only defines them.
fn watched(
    py: Python<'_>,
    watch: &Watch,
    path: &str,
    text: &str,
    runs: usize,
) -> Result<Ran, Canary> {
    match run_canary(py, watch) {
        Ok(true) => {}
        _ => return Err(Canary),
    }
    let mut models = Vec::new();
    let mut script = || -> PyResult<()> {
        let scope = py.new_scope_with_main()?;
        let names: PyDictRef = scope.globals.clone();
        names.set_item("__file__", py.ctx.new_str(path).into(), py.vm())?;
        watch.get(py, "execute")?.call((path, text, names.clone()), py.vm())?;
        run_models(py, watch, names, runs, &mut models)
    };
    let raised = script().err();
    let ends = watch.get(py, "main_ends").and_then(|ends| ends.call((), py.vm()));
    Ok((models, raised.or(ends.err())))
}

fn run_canary(py: Python<'_>, watch: &Watch) -> PyResult<bool> {
    let names = py.ctx.new_dict();
    names.set_item("__name__", py.ctx.new_str("canary").into(), py.vm())?;
    watch.get(py, "execute")?.call(("<canary>", CANARY, names), py.vm())?;
    watch.get(py, "forget")?.call((), py.vm())?;
    let found = Watch::take_findings();
    Ok(found.races.iter().any(|race| race.what == "Counter.n"))
}

fn run_models(
    py: Python<'_>,
    watch: &Watch,
    names: PyDictRef,
    runs: usize,
    ran: &mut Vec<(String, Option<String>)>,
) -> PyResult<()> {
    let models = watch.get(py, "models")?.call((names,), py.vm())?;
    let models: PyDictRef = models.try_into_value(py.vm())?;
    for (name, model) in models {
        let raised = watch.get(py, "run_model")?.call((model, runs), py.vm())?;
        let raised: Option<String> = raised.try_into_value(py.vm())?;
        let name = name.str(py.vm())?.to_string_lossy().into_owned();
        ran.push((name, raised));
    }
    Ok(())
}

/// A place as the reports write it.
fn place(stack: &[togil_interp::race::watch::Place]) -> String {
    stack.first().map_or("somewhere".to_owned(), |place| format!("{}:{}", place.file, place.line))
}
