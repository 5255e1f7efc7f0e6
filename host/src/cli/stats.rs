//! `TOGIL_STATS=FILE`: what the locks did, as JSON, when a script ends. `togil ab` reads it.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::vm::common::rc::PyRc;
use crate::vm::vm::PyGlobalState;

/// The document. Times are in nanoseconds; see `GilStats` for what is counted.
#[derive(Debug, Serialize)]
struct Document {
    schema: u32,
    mode: &'static str,
    gil_enabled: bool,
    gil: Option<Gil>,
    stop_the_world: StopTheWorld,
    gc: Gc,
}

#[derive(Debug, Serialize)]
struct Gc {
    collections: usize,
    collected: usize,
    duration_ns: u64,
}

#[derive(Debug, Serialize)]
struct Gil {
    /// The rule by which it changes hands.
    handoff: &'static str,
    acquisitions: u64,
    waits: u64,
    wait_ns: u64,
    max_wait_ns: u64,
    hold_ns: u64,
    forced_switches: u64,
    voluntary_releases: u64,
}

#[derive(Debug, Serialize)]
struct StopTheWorld {
    stops: u64,
    total_ns: u64,
    max_ns: u64,
}

/// Reads the counters of the process, and those of this interpreter's collector.
pub(super) fn collect(state: &PyRc<PyGlobalState>) -> impl Serialize + use<> {
    let stops = state.stop_the_world.stats_snapshot();
    let generations = state.gc.get_stats();
    Document {
        schema: 1,
        mode: crate::LOCK_MODE.as_str(),
        gil_enabled: crate::gil_enabled(),
        gil: crate::gil_stats().map(|gil| Gil {
            handoff: crate::gil_handoff().map_or("", crate::lock::Handoff::as_str),
            acquisitions: gil.acquisitions,
            waits: gil.waits,
            wait_ns: gil.wait_ns,
            max_wait_ns: gil.max_wait_ns,
            hold_ns: gil.hold_ns,
            forced_switches: gil.forced_switches,
            voluntary_releases: gil.voluntary_releases,
        }),
        stop_the_world: StopTheWorld {
            stops: stops.stop_calls,
            total_ns: stops.total_wait_ns,
            max_ns: stops.max_wait_ns,
        },
        gc: Gc {
            collections: generations.iter().map(|generation| generation.collections).sum(),
            collected: generations.iter().map(|generation| generation.collected).sum(),
            duration_ns: generations
                .iter()
                .map(|generation| (generation.duration * 1e9) as u64)
                .sum(),
        },
    }
}

/// Writes the document; the script's own outcome stands whatever happens here.
pub(super) fn write(path: &Path, document: &impl Serialize) {
    let written = serde_json::to_vec(document)
        .map_err(std::io::Error::from)
        .and_then(|json| std::fs::File::create(path)?.write_all(&json));
    if let Err(error) = written {
        anstream::eprintln!("togil: cannot write TOGIL_STATS to {}: {error}", path.display());
    }
}
