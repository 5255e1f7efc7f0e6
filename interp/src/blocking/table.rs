//! The table of wrapped calls.

use rustpython_vm::function::{Callee, FuncArgs};
use rustpython_vm::{PyResult, VirtualMachine};

use super::calls::{
    csv_writer, fork, pause, release, release_method, resolve, socket_address, socket_read,
    socket_send, socket_send_all, system, wait_with_usage, waitpid,
};
use super::owner;
use super::waits::{
    lock_acquire, poll, queue_get, rlock_acquire, select, semlock_acquire, sleep, thread_join,
    threads_shutdown,
};
use crate::patch::{Original, Patch, Wrapper};
use crate::{bytecode, identity, import_lock, imports, signals, threads};

const fn functions(
    module: &'static str,
    wrapper: Wrapper,
    names: &'static [&'static str],
) -> Patch {
    Patch { module, class: None, names, wrapper }
}

const fn methods(
    module: &'static str,
    class: &'static str,
    wrapper: Wrapper,
    names: &'static [&'static str],
) -> Patch {
    Patch { module, class: Some(class), names, wrapper }
}

const BUFFERED: &[&str] = &[
    "seek",
    "tell",
    "truncate",
    "detach",
    "seekable",
    "fileno",
    "isatty",
    "close",
    "read",
    "read1",
    "peek",
    "readinto",
    "readinto1",
    "flush",
    "write",
    // Inherited from _IOBase, which reads byte by byte.
    "readline",
    "readlines",
];

/// Everything that is wrapped: what may block, then what only has to know of threads.
pub(crate) static PATCHES: &[Patch] = &[
    // Locks and threads.
    methods("_thread", "lock", lock_acquire, &["acquire", "acquire_lock", "__enter__"]),
    methods("_thread", "RLock", rlock_acquire, &["acquire", "acquire_lock", "__enter__"]),
    methods("_thread", "RLock", release_method, &["_acquire_restore"]),
    methods("_thread", "_ThreadHandle", thread_join, &["join"]),
    // Saved for `thread_join`; it never waits for a thread that runs.
    methods("_thread", "_ThreadHandle", plain, &["is_done"]),
    functions("_thread", threads_shutdown, &["_shutdown"]),
    methods("_queue", "SimpleQueue", queue_get, &["get"]),
    methods("_queue", "SimpleQueue", plain, &["get_nowait", "empty"]),
    methods("_multiprocessing", "SemLock", semlock_acquire, &["acquire", "__enter__"]),
    functions("_imp", import_lock::acquire, &["acquire_lock"]),
    functions("_imp", bytecode::extension_suffixes, &["extension_suffixes"]),
    functions("_imp", bytecode::get_frozen_object, &["get_frozen_object"]),
    functions("_imp", imports::find_frozen, &["find_frozen"]),
    // That module is patched for its functions to be known to the bytecode cache.
    functions("marshal", plain, &["dumps"]),
    functions("_interpchannels", release, &["send", "send_buffer"]),
    // Time, signals and processes.
    // `sleep(0)` too: it does not block in the VM, but it is how a thread yields.
    functions("time", sleep, &["sleep"]),
    functions("_signal", pause, &["pause"]),
    functions("posix", waitpid, &["waitpid"]),
    functions("posix", release, &["wait"]),
    functions("posix", system, &["system"]),
    functions("posix", wait_with_usage, &["wait3", "wait4"]),
    functions("posix", fork, &["fork", "forkpty"]),
    // Files. The VM does not detach in the second line; CPython gives its GIL up there.
    functions("posix", release, &["read", "readinto", "write", "pread", "pwrite"]),
    functions(
        "posix",
        release,
        &["open", "fsync", "sync", "sendfile", "copy_file_range", "getrandom", "truncate"],
    ),
    functions("fcntl", release, &["fcntl", "ioctl", "flock", "lockf"]),
    functions("termios", release, &["tcdrain", "tcsetattr", "tcsendbreak", "tcflow"]),
    methods("_io", "FileIO", release_method, &["read", "readinto", "write"]),
    methods("_io", "BufferedReader", owner::call, BUFFERED),
    methods("_io", "BufferedWriter", owner::call, BUFFERED),
    methods("_io", "BufferedRandom", owner::call, BUFFERED),
    methods("_io", "BufferedRWPair", owner::call, BUFFERED),
    methods(
        "_io",
        "TextIOWrapper",
        owner::call,
        &[
            "reconfigure",
            "detach",
            "fileno",
            "isatty",
            "seek",
            "tell",
            "read",
            "readline",
            "write",
            "flush",
            "truncate",
            "close",
        ],
    ),
    methods(
        "_io",
        "IncrementalNewlineDecoder",
        owner::call,
        &["decode", "getstate", "setstate", "reset"],
    ),
    // Its class is known only once there is a writer.
    functions("_csv", csv_writer, &["writer"]),
    // Sockets and readiness.
    methods("_socket", "socket", socket_read, &["recv"]),
    methods("_socket", "socket", socket_send, &["send"]),
    methods("_socket", "socket", socket_send_all, &["sendall"]),
    methods(
        "_socket",
        "socket",
        release_method,
        &["_accept", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "sendmsg_afalg"],
    ),
    methods(
        "_socket",
        "socket",
        socket_address,
        &["connect", "connect_ex", "sendto", "sendmsg", "bind"],
    ),
    methods("_socket", "socket", plain, &["fileno", "gettimeout"]),
    functions(
        "_socket",
        resolve,
        &["getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"],
    ),
    functions("_socket", release, &["getnameinfo"]),
    functions("select", select, &["select"]),
    methods("select", "poll()", poll, &["poll"]),
    methods("select", "epoll", poll, &["poll"]),
    // A poll in another thread holds the epoll object's lock, so these may wait for it.
    methods("select", "epoll", release_method, &["close", "__exit__"]),
    // Calls that start threads, deliver signals, or say how the process runs.
    functions("_thread", threads::start_new_thread, &["start_new_thread", "start_new"]),
    functions("_thread", threads::start_joinable_thread, &["start_joinable_thread"]),
    functions("_thread", signals::interrupt_main, &["interrupt_main"]),
    functions("_signal", signals::signal, &["signal"]),
    functions("_signal", signals::getsignal, &["getsignal"]),
    functions("_signal", signals::set_wakeup_fd, &["set_wakeup_fd"]),
    functions("_sysconfig", identity::config_vars, &["config_vars"]),
    // No name replaced: only for what `after_exec` does to them.
    functions("_sysconfigdata", plain, &[]),
];

/// Not wrapped, only known by name to the wrappers of others.
fn plain(original: Original, vm: &VirtualMachine, args: FuncArgs, callee: Callee) -> PyResult {
    (original.func)(vm, args, callee)
}
