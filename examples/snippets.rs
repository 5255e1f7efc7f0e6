//! What every Python developer knows, as golden tests: each script in `snippets/` prints what CPython
//! prints (`.out`, written by CPython), in both lock modes.

use std::fs;
use std::path::Path;

use togil::{Host, Job, Output};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snippets");
    let host = Host::builder().import_path(folder.display().to_string()).build()?;
    let mut names: Vec<String> = fs::read_dir(&folder)?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".py")?.to_owned()))
        .collect();
    names.sort();
    let mut different = 0;
    for name in names {
        // Imported, so that each is a module and pickle finds its classes.
        let job = Job::exec(format!("import {name}")).output(Output::Capture);
        let (result, output) = host.spawn(job).join_with_output();
        let printed = output.stdout;
        let expected = fs::read_to_string(folder.join(format!("{name}.out")))?;
        match result {
            Ok(()) if printed == expected => println!("{name}: ok"),
            result => {
                different += 1;
                println!("{name}: DIFFERENT {result:?}\n{printed}--- expected\n{expected}");
            }
        }
    }
    println!("{}", if different == 0 { "all as expected" } else { "not all as expected" });
    Ok(())
}
