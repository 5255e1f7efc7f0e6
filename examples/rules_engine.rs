//! A rules engine: users' scripts in a folder, reloaded when they change, while requests are
//! served. A rule that is broken is left as it last worked, and the others never notice.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use togil::{Error, Host, Job, Limits, Script};

/// What the rules judge.
#[derive(Clone, Serialize)]
struct Order {
    customer: String,
    total: f64,
    items: Vec<String>,
}

/// A rule that compiled, and the version of the file that it came from.
struct Rule {
    script: Script,
    modified: SystemTime,
}

#[derive(Default)]
struct Rules(BTreeMap<String, Rule>);

impl Rules {
    /// Looks into the folder again. Returns what is wrong with the files that changed.
    fn reload(&mut self, folder: &Path) -> std::io::Result<Vec<String>> {
        let mut complaints = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let modified = fs::metadata(&path)?.modified()?;
            if self.0.get(&name).is_some_and(|rule| rule.modified == modified) {
                continue;
            }
            match Script::compile(name.clone(), fs::read_to_string(&path)?) {
                Ok(script) => drop(self.0.insert(name, Rule { script, modified })),
                Err(error) => complaints.push(error.to_string()),
            }
        }
        Ok(complaints)
    }

    /// The discount that all rules together give, and what went wrong in which of them.
    fn judge(&self, host: &Host, order: &Order) -> (f64, Vec<String>) {
        let jobs = self.0.iter().map(|(name, rule)| {
            let job = Job::<f64>::run(&rule.script).var("order", order.clone());
            (name, host.spawn(job))
        });
        // All are in the queue before the first is waited for.
        let jobs: Vec<_> = jobs.collect();
        let (mut discount, mut complaints) = (0.0, Vec::new());
        for (name, job) in jobs {
            match job.join() {
                Ok(percent) => discount += percent,
                Err(Error::Stopped(report)) => {
                    complaints.push(format!("{name}: {}", report.reason))
                }
                Err(error) => complaints.push(format!("{name}: {error}")),
            }
        }
        (discount, complaints)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, source: &str| fs::write(folder.path().join(name), source);
    write("loyal.py", "5.0 if order['customer'] == 'ada' else 0.0")?;
    write("bulk.py", "10.0 if len(order['items']) > 2 else 0.0")?;

    let limits = Limits::new().timeout(Duration::from_millis(500));
    let host = Host::builder().limits(limits).build()?;
    let items = ["tea", "milk", "cake"].map(String::from).to_vec();
    let order = Order { customer: "ada".into(), total: 30.0, items };
    let mut rules = Rules::default();
    let mut serve = |what: &str| -> std::io::Result<()> {
        let broken = rules.reload(folder.path())?;
        let (discount, complaints) = rules.judge(&host, &order);
        println!("{what}: {discount} % off {:.2}", order.total);
        broken.iter().chain(&complaints).for_each(|complaint| println!("  {complaint}"));
        Ok(())
    };
    serve("two rules")?;
    write("bulk.py", "10.0 if len(order['items'] > 2 else 0.0")?;
    serve("one of them does not compile any more")?;
    write("bulk.py", "order['price'] / 10")?;
    serve("now it compiles, and raises")?;
    write("bulk.py", "while True: pass")?;
    serve("now it never ends")?;
    write("bulk.py", "order['total'] / 10")?;
    serve("mended")?;
    Ok(())
}
