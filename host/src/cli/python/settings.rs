//! From the resolved command line to an interpreter.

use super::args;
use super::env::{GilSwitch, Resolved};
use crate::vm::Settings;
use crate::{GilRequest, InterpreterBuilder};

/// Configures an interpreter as CPython's `python` would be.
pub(super) fn builder(resolved: &Resolved, argv: Vec<String>) -> InterpreterBuilder {
    let gil = match resolved.gil {
        args::GilRequest::Default => GilRequest::Default,
        args::GilRequest::Enable => GilRequest::Enable,
        args::GilRequest::Disable => GilRequest::Disable,
    };
    let builder = crate::shared::add_to(crate::Interpreter::builder());
    let builder = match resolved.gil_handoff {
        Some(handoff) => builder.handoff(handoff),
        None => builder,
    };
    let builder = builder
        .gil(gil)
        .switch_anywhere(resolved.gil_switch == Some(GilSwitch::Any))
        .signal_handlers(true)
        .immortalize(true)
        .settings(|settings| apply(resolved, argv, settings));
    match &resolved.pycache_prefix {
        Some(prefix) => builder.pycache_prefix(prefix.to_string_lossy()),
        None => builder,
    }
}

fn apply(resolved: &Resolved, argv: Vec<String>, settings: &mut Settings) {
    settings.argv = argv;
    settings.isolated = resolved.isolated;
    settings.ignore_environment = resolved.ignore_environment;
    settings.dev_mode = resolved.dev_mode;
    settings.hash_seed = resolved.hash_seed;
    settings.faulthandler = resolved.faulthandler;
    settings.code_debug_ranges = !resolved.no_debug_ranges;
    settings.xoptions = resolved.x_options.clone();
    settings.warnoptions = resolved.warnings.clone();
    // What CPython's `site`-independent filters do; the VM leaves it to its caller.
    match resolved.bytes_warning {
        0 => {}
        1 => settings.warnoptions.insert(0, "default::BytesWarning".to_owned()),
        _ => settings.warnoptions.insert(0, "error::BytesWarning".to_owned()),
    }
    settings.import_site = !resolved.no_site;
    settings.bytes_warning = resolved.bytes_warning.into();
    settings.warn_default_encoding = resolved.warn_default_encoding;
    settings.thread_inherit_context = resolved.thread_inherit_context;
    // CPython's default in a free-threaded build is on. With it, VM 0.6.0 raises
    // AttributeError in every `warnings.catch_warnings()`, so it stays off.
    settings.context_aware_warnings = false;
    settings.inspect = resolved.inspect;
    settings.interactive = resolved.interactive;
    settings.optimize = resolved.optimize;
    settings.write_bytecode = !resolved.dont_write_bytecode;
    if let Some(mode) = resolved.check_hash_based_pycs.as_deref().and_then(|mode| mode.parse().ok())
    {
        settings.check_hash_pycs_mode = mode;
    }
    settings.verbose = resolved.verbose;
    settings.quiet = resolved.quiet;
    settings.user_site_directory = !resolved.no_user_site;
    settings.buffered_stdio = !resolved.unbuffered;
    settings.stdio_encoding = resolved.stdio_encoding.clone();
    settings.stdio_errors = resolved.stdio_errors.clone();
    // PEP 686: on unless it is turned off.
    settings.utf8_mode = i8::from(resolved.utf8_mode.unwrap_or(true));
    settings.safe_path = resolved.safe_path;
    settings.int_max_str_digits = resolved.int_max_str_digits.into();
    settings.cpu_count = resolved.cpu_count;
    settings.debug = resolved.debug.into();
    settings.path_list =
        resolved.path.iter().map(|path| path.to_string_lossy().into_owned()).collect();
}
