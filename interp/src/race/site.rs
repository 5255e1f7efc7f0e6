//! The places in instrumented code where a thread announces what it is about to do.

/// One place, as the instrumenter found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// What is done there.
    pub kind: SiteKind,
    /// The file as the code object names it.
    pub file: String,
    /// 1 for the first line.
    pub line: u32,
    /// The qualified name of the function.
    pub function: String,
}

/// What happens there, and what the hook is given (from the operand stack, in this order).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteKind {
    /// `object.name`. Gives: object.
    LoadAttr(String),
    /// `object.name = value`. Gives: object, value.
    StoreAttr(String),
    /// `del object.name`. Gives: object.
    DeleteAttr(String),
    /// `object[key]`, of which the key may be a `slice`. Gives: object, key.
    LoadItem,
    /// `object[key] = value`. Gives: object, key, value.
    StoreItem,
    /// `del object[key]`. Gives: object, key.
    DeleteItem,
    /// `object[a:b]`. Gives: object.
    LoadSlice,
    /// `object[a:b] = value`. Gives: object.
    StoreSlice,
    /// A global name is read. Gives nothing: the frame has the globals.
    LoadGlobal(String),
    /// A global name is stored. Gives: value.
    StoreGlobal(String),
    /// A global name is deleted.
    DeleteGlobal(String),
    /// A variable of an enclosing function, or one that inner functions see. Gives: the cell.
    LoadCell(String),
    /// Such a variable is stored. Gives: the cell, value.
    StoreCell(String),
    /// Such a variable is deleted. Gives: the cell.
    DeleteCell(String),
    /// `item in container`. Gives: container, item.
    Contains,
    /// `iter(object)`, of a `for` loop for example. Gives: object.
    GetIter,
    /// The iterator that [`GetIter`](Self::GetIter) has made of the object of the same frame just before.
    /// Gives: the iterator. Nothing is announced here.
    GotIter,
    /// The next item of a `for` loop. Gives: the iterator.
    ForIter,
    /// The object is read as a whole: unpacked, formatted, added to a display. Gives: object.
    Read,
    /// `left OP right`, a comparison too, of which `left` is changed if `inplace`. Gives: left, right.
    Operator {
        /// Whether it is `left OP= right`.
        inplace: bool,
    },
    /// `not object`, `if object`. Gives: object.
    Truth,
    /// A call. Gives: callable, first positional argument if there is one.
    Call,
    /// A call like `len(object)` in a condition. Gives what [`Call`](Self::Call) does. Only for watched scripts.
    TestedCall,
    /// A place to switch, and nothing else: the entry of a function, or where a generator goes on behind a
    /// `yield`. Gives nothing.
    Entry,
    /// References to objects are given up: a variable is stored or deleted, a result is not used. Gives:
    /// the objects; none behind what gives up references, so that they can die there. Only in code whose module names destructors or weak references.
    Drop,
    /// A function returns and gives up what its variables refer to. Gives: its result, the objects. Only in
    /// such code, too.
    End,
    /// The frame returns or yields: native code that has called it goes on. Gives nothing.
    Leave,
    /// The end of a turn of a loop. Gives nothing.
    BackEdge {
        /// The loop's body stores nothing, so that a turn that read what the turn before has read changes
        /// nothing but by what it calls.
        pure: bool,
    },
    /// The value that the site before has read. Gives: value. Only for reports; nothing is announced.
    Value,
}
