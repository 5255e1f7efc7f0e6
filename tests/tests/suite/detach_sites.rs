//! Every place in the VM that detaches is either wrapped or excused.
//!
//! Reads the VM's source where cargo keeps it, so an upgrade of the VM cannot slip in a blocking
//! call that keeps the GIL.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use togil::blocking::sites::{Cover, DETACH_SITES, is_wrapped};

const CRATES: [(&str, &str); 2] = [("rustpython-vm", "vm"), ("rustpython-stdlib", "stdlib")];
const DETACHING: [&str; 4] =
    ["allow_threads(", "save_current_thread", "attach_for_callback(", "lock_wrapped("];

/// File and function of a site.
type Place = (String, String);

#[test]
fn every_detach_site_of_the_vm_is_in_the_table() {
    let mut found = BTreeMap::new();
    for (name, short) in CRATES {
        let source = source_of(name);
        let mut files = Vec::new();
        collect(&source, &mut files);
        for file in files {
            let below = file.strip_prefix(&source).expect("below the source").to_string_lossy();
            scan(
                &fs::read_to_string(&file).expect("readable"),
                &format!("{short}/{below}"),
                &mut found,
            );
        }
    }
    let table: BTreeMap<Place, usize> = DETACH_SITES
        .iter()
        .map(|site| ((site.file.to_owned(), site.function.to_owned()), site.count))
        .collect();
    assert!(found.len() > 40, "only {} sites found: does the scan still work?", found.len());
    let new: Vec<_> = found.iter().filter(|(place, n)| table.get(*place) != Some(*n)).collect();
    let gone: Vec<_> = table.iter().filter(|(place, n)| found.get(*place) != Some(*n)).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "the VM detaches elsewhere than interp/src/blocking/sites.rs says.\n\
         In the source, not so in the table: {new:#?}\nIn the table, not so in the source: {gone:#?}"
    );
}

#[test]
fn every_name_that_covers_a_site_is_wrapped() {
    for site in DETACH_SITES {
        match site.cover {
            Cover::Wrapped(names) => {
                assert!(!names.is_empty());
                for name in names {
                    assert!(is_wrapped(name), "{name} covers {} but is not wrapped", site.function);
                }
            }
            Cover::Excused(reason) => assert!(reason.len() > 8, "{}: no reason", site.function),
        }
    }
}

/// Where cargo keeps the source of a dependency.
fn source_of(name: &str) -> PathBuf {
    // Of other platforms' dependencies nothing may be here.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", &platform])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages.iter().find(|package| package["name"] == name).expect("a dependency");
    let manifest = package["manifest_path"].as_str().expect("a path");
    Path::new(manifest).parent().expect("a directory").join("src")
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn scan(source: &str, file: &str, found: &mut BTreeMap<Place, usize>) {
    let mut function = String::new();
    for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
        if let Some((_, rest)) = line.split_once("fn ") {
            let name: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                function = name;
            }
        }
        let defined = DETACHING.iter().any(|site| line.contains(&format!("fn {site}")));
        // `lock_wrapped(|lock| vm.allow_threads(lock))` is one site, not two.
        let sites = DETACHING.iter().map(|site| line.matches(site).count()).max().unwrap_or(0);
        if sites > 0 && !defined && !line.contains('"') {
            *found.entry((file.to_owned(), function.clone())).or_default() += sites;
        }
    }
}
