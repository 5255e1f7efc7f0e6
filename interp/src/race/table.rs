//! What the methods and functions of built-in types do to the containers that they are given. Each
//! call is one step: the VM locks the object for it, as free-threaded CPython does.
//!
//! Sources: CPython 3.14, Doc/library/threadsafety.rst for lists, dicts and sets; the C sources of
//! `collections.deque` and `bytearray` for the rest.

/// What a call does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Reads all of it.
    Read,
    /// Changes its order or length.
    Write,
    /// Reads the item whose key is the first argument.
    ReadItem,
    /// Changes the item whose key is the first argument, or adds it.
    WriteItem,
}

/// What the method `name` of a container does to it. What is not known changes it.
pub(crate) fn of_method(name: &str) -> Effect {
    match name {
        "get" | "__getitem__" | "__contains__" => Effect::ReadItem,
        "__setitem__" | "setdefault" => Effect::WriteItem,
        "copy"
        | "count"
        | "index"
        | "items"
        | "keys"
        | "values"
        | "__len__"
        | "__iter__"
        | "__eq__"
        | "__ne__"
        | "__lt__"
        | "__le__"
        | "__gt__"
        | "__ge__"
        | "__repr__"
        | "__str__"
        | "__format__"
        | "__reversed__"
        | "__add__"
        | "__mul__"
        | "__rmul__"
        | "__or__"
        | "__and__"
        | "__sub__"
        | "__xor__"
        | "__bool__"
        | "__sizeof__"
        | "__reduce__"
        | "__reduce_ex__"
        | "__copy__"
        | "union"
        | "intersection"
        | "difference"
        | "symmetric_difference"
        | "isdisjoint"
        | "issubset"
        | "issuperset"
        | "most_common"
        | "total"
        | "elements"
        | "decode"
        | "hex"
        | "find"
        | "rfind"
        | "rindex"
        | "startswith"
        | "endswith"
        | "split"
        | "join" => Effect::Read,
        _ => Effect::Write,
    }
}

/// What a built-in function or class does to the container that is its first argument; `None` if
/// it does not look into it.
pub(crate) fn of_function(name: &str) -> Option<Effect> {
    match name {
        "isinstance" | "issubclass" | "id" | "type" | "callable" | "hash" | "print" | "getattr"
        | "hasattr" | "setattr" | "delattr" | "vars" | "dir" | "super" | "object" => None,
        "next" | "heappush" | "heappop" | "heapify" | "heappushpop" | "heapreplace" | "insort"
        | "insort_left" | "insort_right" | "shuffle" => Some(Effect::Write),
        _ => Some(Effect::Read),
    }
}

/// What a call does when Python code that it has called goes back into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Back {
    /// It is done with the container, or it calls none.
    Never,
    /// It comes to its end with the container, which nobody else has had meanwhile.
    Once,
    /// It goes on with the container.
    Each,
}

/// What the function or method `name` does with the container after each call of Python code.
pub(crate) fn back_in(name: &str) -> Back {
    match name {
        // Takes the items away, and looks in the end whether the list is as empty as it was left.
        "sort" => Back::Once,
        // Have copied it before. The rest compares nothing, and asks nothing for a hash.
        "sorted" | "append" | "appendleft" | "pop" | "popleft" | "clear" | "copy" | "reverse"
        | "len" | "keys" | "values" | "items" => Back::Never,
        _ => Back::Each,
    }
}

/// Whether the method `name` of a container gives up what is in it. What `pop` gives goes on.
pub(crate) fn drops(name: &str) -> bool {
    matches!(name, "clear" | "remove" | "discard" | "update" | "__setitem__" | "__delitem__")
        || name.ends_with("_update")
}

/// Whether CPython 3.14 leaves out the check for a switch after a call of it once the call is
/// specialised: `CALL_LEN`, `CALL_ISINSTANCE` and `CALL_TYPE_1` have no `_CHECK_PERIODIC`
/// (Python/bytecodes.c), and neither has `CALL_LIST_APPEND`, which is not told by its name.
pub(crate) fn is_unchecked(name: &str, arguments: usize) -> bool {
    match name {
        "len" | "type" => arguments == 1,
        "isinstance" => arguments == 2,
        _ => false,
    }
}
