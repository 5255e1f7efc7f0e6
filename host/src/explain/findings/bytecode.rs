//! Caches that were not used, or should not have been.

use crate::explain::report::{CacheState, FindingKind, ModuleReport};

pub(super) fn look(module: &ModuleReport, add: &mut impl FnMut(FindingKind, String)) {
    let Some(compile) = &module.compile else { return };
    let Some(cache) = &compile.cache else { return };
    let path = &cache.path;
    let source = compile.source.as_deref().unwrap_or_default();
    let detail = cache.detail.as_deref().unwrap_or_default();
    let was_used = compile.compiled_ns.is_none();
    let and_now = match (compile.wrote, &compile.why_not_written) {
        (true, _) => ". It was written anew".to_owned(),
        (false, Some(why)) => {
            format!(". It was not written anew ({why}), so each start compiles again")
        }
        (false, None) => String::new(),
    };
    match cache.state {
        CacheState::Stale if !was_used => add(
            FindingKind::StaleCache,
            format!("the cache {path} is stale, and was not used: {detail}{and_now}"),
        ),
        CacheState::UncheckedStale if was_used => add(
            FindingKind::UncheckedCache,
            format!(
                "your edit of {source} does nothing: the cache {path} is an unchecked hash-based one, which is \
                 taken whatever the source is ({detail}). Delete the cache, or run with \
                 --check-hash-based-pycs always"
            ),
        ),
        CacheState::Foreign => add(
            FindingKind::ForeignCache,
            format!(
                "the cache {path} was made by another interpreter, and was not used: {detail}{and_now}"
            ),
        ),
        CacheState::Truncated | CacheState::Corrupt => add(
            FindingKind::BrokenCache,
            format!("the cache {path} is damaged, and was not used: {detail}{and_now}"),
        ),
        CacheState::Unreadable => {
            add(FindingKind::BrokenCache, format!("the cache {path} could not be read: {detail}"))
        }
        CacheState::Fresh | CacheState::Unchecked if !was_used => {
            if let Some(refused) = &compile.refused {
                let text = format!(
                    "the cache {path} has a good head, but was not used: {refused}{and_now}"
                );
                add(FindingKind::BrokenCache, text);
            }
        }
        _ => {}
    }
    if cache.state == CacheState::Absent && !cache.foreign.is_empty() {
        let text = format!(
            "{} made by other interpreters, and never read by togil: {}",
            if cache.foreign.len() == 1 { "this cache was" } else { "these caches were" },
            cache.foreign.join(", ")
        );
        add(FindingKind::ForeignCache, text);
    }
}
