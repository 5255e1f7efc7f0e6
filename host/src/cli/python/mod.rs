//! `togil run`: the `python` command.

mod args;
mod env;
mod help;
mod import_time;
mod prepared;
mod run;
mod settings;
mod site;
mod small_pages;
mod target;

pub(super) use prepared::{Prepared, plain};
pub(super) use run::main;
