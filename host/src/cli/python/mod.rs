//! `togil run`: the `python` command.

mod args;
mod env;
mod help;
mod import_time;
mod run;
mod settings;
mod site;
mod target;

pub(super) use run::main;
