//! The places that announce something, by number.

use rustpython_vm::Py;
use rustpython_vm::builtins::PyCode;

use crate::race::SiteId;
use crate::race::site::{Site, SiteKind};

/// All places of an execution. `SiteId(0)` is none of them.
#[derive(Debug, Default)]
pub(crate) struct Sites(Vec<Site>);

impl Sites {
    /// What is at a place; `None` for none.
    pub(crate) fn get(&self, id: SiteId) -> Option<&Site> {
        self.0.get(id.0.checked_sub(1)? as usize)
    }

    pub(super) fn add(&mut self, kind: SiteKind, code: &Py<PyCode>, unit: usize) -> SiteId {
        let line = code.locations.get(unit).map_or(0, |(start, _)| start.line.get());
        self.push(Site {
            kind,
            file: code.source_path().as_str().to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            function: code.qualname.as_str().to_owned(),
        })
    }

    /// Adds a site that was found in another way.
    pub(in crate::race) fn push(&mut self, site: Site) -> SiteId {
        self.0.push(site);
        SiteId(u32::try_from(self.0.len()).expect("there are fewer than 2^32 sites"))
    }
}
