//! Models in the tests of a program that embeds togil.

use parking_lot::Mutex;

use super::{Lab, RaceError, Report, Search, Target};
use crate::InterpreterBuilder;

/// One lab at a time in a process, however many tests run in it.
static ONE: Mutex<()> = Mutex::new(());

/// Explores the models in `source`: functions `race_*` that start threads, join them and assert. What
/// the builder lends is there: modules with functions and classes of the host's, and the types of the
/// `togil` module, which threads share.
///
/// A call of Rust code is one step. Two are independent if neither may change what the other reads: an object of a
/// host class is a variable, which its properties read and set, and methods that take a `&mut T` change; so is each
/// object of the `togil` module. What else a function or a method may share nobody knows, so that counts as one more
/// variable, which all of them change that are not [`isolated`](crate::FunctionBuilder::isolated). Rust code
/// must not wait for another thread by itself; `togil.Channel` and its kin may. Waits for other calls of this
/// function.
///
/// # Errors
/// [`RaceError`]: the source raises outside of its models, or has none.
///
/// ```
/// use togil::race::{Search, Verdict, explore};
///
/// let source = "
/// import threading, togil
/// def race_adds():
///     total = togil.AtomicInt(0)
///     def add(): total.set(total.get() + 1)
///     threads = [threading.Thread(target=add) for _ in range(2)]
///     for thread in threads: thread.start()
///     for thread in threads: thread.join()
///     assert total.get() == 2
/// ";
/// let reports = explore(togil::Interpreter::builder(), source, Search::default())?;
/// assert_eq!(reports[0].verdict, Verdict::Fails, "{}", reports[0]);
/// # Ok::<(), togil::race::RaceError>(())
/// ```
pub fn explore(
    builder: InterpreterBuilder,
    source: &str,
    search: Search,
) -> Result<Vec<Report>, RaceError> {
    let _one = ONE.lock();
    // The order of sets must be the same each time.
    let builder = crate::shared::add_to(builder).settings(|s| s.hash_seed = Some(0));
    let interpreter = builder.build()?;
    let reports = interpreter.attach(|py| {
        let mut lab = Lab::new(py)?;
        lab.open(&Target::File { path: "<models>".into(), text: source.to_owned() })?;
        let models = lab.models()?;
        if models.is_empty() {
            return Err(RaceError::NoModels);
        }
        models.iter().map(|model| lab.explore(model, search)).collect()
    });
    interpreter.finalize(None);
    reports
}
