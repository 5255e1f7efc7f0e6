//! The VM's detach sites, and what became of each.
//!
//! Kept by hand, checked against the VM's source by `tests/tests/suite/detach_sites.rs`: after
//! an upgrade of the VM the test names the sites that are new, gone or changed.

/// Why a detach site of the VM does not block a thread that holds the GIL.
#[derive(Debug, Clone, Copy)]
pub enum Cover {
    /// These are wrapped: `module.function` or `Class.method`.
    Wrapped(&'static [&'static str]),
    /// It needs no wrapper, for this reason.
    Excused(&'static str),
}

/// A function of the VM that detaches the thread.
#[derive(Debug, Clone, Copy)]
pub struct DetachSite {
    /// The file, below the crate's `src`, with the crate's short name before it.
    pub file: &'static str,
    /// The function that contains it, or the last one before it where a macro does.
    pub function: &'static str,
    /// How many times it occurs there.
    pub count: usize,
    /// What became of it.
    pub cover: Cover,
}

const fn site(
    file: &'static str,
    function: &'static str,
    count: usize,
    cover: Cover,
) -> DetachSite {
    DetachSite { file, function, count, cover }
}

use Cover::{Excused, Wrapped};

/// All of them, at the version of the VM that the workspace pins.
pub const DETACH_SITES: &[DetachSite] = &[
    site(
        "vm/object/core.rs",
        "weakref_proxies_keep_their_class_while_linked",
        1,
        Excused("a test of the VM"),
    ),
    site("vm/stdlib/_imp.rs", "acquire_lock", 1, Wrapped(&["_imp.acquire_lock"])),
    site(
        "vm/stdlib/_imp.rs",
        "acquire_imp_lock_for_fork",
        1,
        Wrapped(&["posix.fork", "posix.forkpty"]),
    ),
    site(
        "vm/stdlib/_interpchannels.rs",
        "release_waiters",
        1,
        Excused("takes a waiter's own mutex, held for a moment"),
    ),
    site(
        "vm/stdlib/_interpchannels.rs",
        "do_send",
        1,
        Wrapped(&["_interpchannels.send", "_interpchannels.send_buffer"]),
    ),
    site(
        "vm/stdlib/_io.rs",
        "lock",
        1,
        Wrapped(&[
            "BufferedReader.read",
            "BufferedWriter.write",
            "BufferedRandom.read",
            "BufferedRWPair.write",
        ]),
    ),
    site(
        "vm/stdlib/_io.rs",
        "lock_opt",
        2,
        Wrapped(&[
            "TextIOWrapper.write",
            "TextIOWrapper.readline",
            "IncrementalNewlineDecoder.decode",
        ]),
    ),
    site(
        "vm/stdlib/_io.rs",
        "repr",
        1,
        Excused(
            "repr() of a text file; waits only while another thread is inside a call on that file",
        ),
    ),
    site("vm/stdlib/_io.rs", "read_once_into", 1, Wrapped(&["FileIO.readinto"])),
    site("vm/stdlib/_io.rs", "read", 2, Wrapped(&["FileIO.read"])),
    site("vm/stdlib/_io.rs", "write", 1, Wrapped(&["FileIO.write"])),
    site("vm/stdlib/_signal.rs", "pause", 1, Wrapped(&["_signal.pause"])),
    site("vm/stdlib/_signal.rs", "raise_signal", 1, Excused("raise(3) returns at once")),
    site(
        "vm/stdlib/_thread.rs",
        "default_acquire_args",
        2,
        Wrapped(&["lock.acquire", "lock.__enter__", "RLock.acquire", "RLock.__enter__"]),
    ),
    site("vm/stdlib/_thread.rs", "_acquire_restore", 1, Wrapped(&["RLock._acquire_restore"])),
    site(
        "vm/stdlib/_thread.rs",
        "start_new_thread",
        1,
        Excused("a flag of the interpreter that has the same name"),
    ),
    site(
        "vm/stdlib/_thread.rs",
        "lock_done",
        1,
        Excused("a mutex that a joiner holds for a moment, never while it waits for the GIL"),
    ),
    site(
        "vm/stdlib/_thread.rs",
        "join_internal",
        4,
        Wrapped(&["_ThreadHandle.join", "_thread._shutdown"]),
    ),
    site(
        "vm/stdlib/_thread.rs",
        "start_joinable_thread",
        3,
        Excused("a hand-shake with the new thread, which needs no GIL for it"),
    ),
    site("vm/stdlib/_winapi.rs", "WaitForSingleObject", 1, Excused("Windows only")),
    site("vm/stdlib/_winapi.rs", "WaitForMultipleObjects", 1, Excused("Windows only")),
    site("vm/stdlib/_winapi.rs", "lock_inner", 1, Excused("Windows only")),
    site("vm/stdlib/_winapi.rs", "GetOverlappedResult", 1, Excused("Windows only")),
    site("vm/stdlib/_winapi.rs", "ConnectNamedPipe", 1, Excused("Windows only")),
    site("vm/stdlib/_winapi.rs", "ReadFile", 1, Excused("Windows only")),
    site("vm/stdlib/_winapi.rs", "BatchedWaitForMultipleObjects", 1, Excused("Windows only")),
    site("vm/stdlib/os.rs", "read", 1, Wrapped(&["posix.read"])),
    site("vm/stdlib/os.rs", "read_into_slice", 1, Wrapped(&["posix.readinto"])),
    site("vm/stdlib/os.rs", "write", 1, Wrapped(&["posix.write"])),
    site("vm/stdlib/posix.rs", "pread", 1, Wrapped(&["posix.pread"])),
    site("vm/stdlib/posix.rs", "pwrite", 1, Wrapped(&["posix.pwrite"])),
    site("vm/stdlib/posix.rs", "waitpid", 1, Wrapped(&["posix.waitpid", "posix.wait"])),
    site("vm/stdlib/posix.rs", "wait_with_rusage", 1, Wrapped(&["posix.wait3", "posix.wait4"])),
    site("vm/stdlib/time.rs", "sleep", 2, Wrapped(&["time.sleep"])),
    site(
        "vm/vm/interpreter.rs",
        "create_subinterpreter_from_parent",
        1,
        Excused("no wait: the thread goes on in another interpreter, with the GIL"),
    ),
    site(
        "vm/vm/interpreter.rs",
        "a_callback_inside_a_detached_call_waits_for_the_world",
        2,
        Excused("a test of the VM"),
    ),
    site("vm/vm/mod.rs", "allow_threads", 1, Excused("the mechanism itself")),
    site("vm/vm/mod.rs", "attach_for_callback", 1, Excused("the mechanism itself")),
    site(
        "vm/vm/runtime.rs",
        "register_interpreter",
        1,
        Excused("waits for a collection, which only a holder of the GIL starts"),
    ),
    site(
        "vm/vm/thread.rs",
        "wait_detached_from_interpreter",
        1,
        Excused("replaced by our own hook, `hook_lock_waits`"),
    ),
    site("stdlib/_queue.rs", "lock_count", 1, Excused("a counter's mutex, held for a moment")),
    site("stdlib/_queue.rs", "acquire", 1, Wrapped(&["SimpleQueue.get"])),
    site(
        "stdlib/fcntl.rs",
        "retry_on_eintr",
        1,
        Wrapped(&["fcntl.fcntl", "fcntl.ioctl", "fcntl.flock", "fcntl.lockf"]),
    ),
    site(
        "stdlib/multiprocessing.rs",
        "acquire",
        3,
        Wrapped(&["SemLock.acquire", "SemLock.__enter__"]),
    ),
    site("stdlib/multiprocessing.rs", "sem_timedwait_polled", 1, Excused("macOS only")),
    site("stdlib/openssl.rs", "_servername_callback", 1, Excused("OpenSSL is not built in")),
    site("stdlib/openssl.rs", "_msg_callback", 1, Excused("OpenSSL is not built in")),
    site("stdlib/openssl.rs", "shutdown", 2, Excused("OpenSSL is not built in")),
    site("stdlib/openssl.rs", "do_handshake", 2, Excused("OpenSSL is not built in")),
    site("stdlib/openssl.rs", "write", 2, Excused("OpenSSL is not built in")),
    site("stdlib/openssl.rs", "read", 2, Excused("OpenSSL is not built in")),
    site("stdlib/overlapped.rs", "getresult", 1, Excused("Windows only")),
    site("stdlib/overlapped.rs", "GetQueuedCompletionStatus", 1, Excused("Windows only")),
    site("stdlib/select.rs", "select", 1, Wrapped(&["select.select"])),
    site("stdlib/select.rs", "drop", 1, Wrapped(&["poll().poll"])),
    site("stdlib/select.rs", "poll", 1, Wrapped(&["epoll.poll"])),
    site("stdlib/select.rs", "control", 1, Excused("kqueue: not on Linux")),
    site(
        "stdlib/socket.rs",
        "sock_op_timeout_err",
        1,
        Wrapped(&[
            "socket._accept",
            "socket.recv",
            "socket.recv_into",
            "socket.recvfrom",
            "socket.recvfrom_into",
            "socket.recvmsg",
            "socket.send",
            "socket.sendall",
            "socket.sendto",
            "socket.sendmsg",
            "socket.sendmsg_afalg",
        ]),
    ),
    site("stdlib/socket.rs", "connect_inner", 1, Wrapped(&["socket.connect", "socket.connect_ex"])),
    site("stdlib/socket.rs", "sock_wait_deadline", 1, Wrapped(&["socket.connect", "socket.recv"])),
];

/// Whether a name as in [`Cover::Wrapped`] is wrapped.
pub fn is_wrapped(name: &str) -> bool {
    super::patches().any(|patch| {
        patch.names.iter().any(|&wrapped| {
            let owner = patch.class.unwrap_or(patch.module);
            name.strip_prefix(owner).and_then(|rest| rest.strip_prefix('.')) == Some(wrapped)
        })
    })
}
