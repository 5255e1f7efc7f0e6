//! Objects that threads share without counting references to them: only without a GIL, and only what
//! is likely to outlive the threads.

use crate::GIL;
use crate::harness::{prints, script};

/// Prints which of some objects are immortal, as `sys.getrefcount` tells.
const SCRIPT: &str = "
    import sys, threading, types
    CONSTANT = (1234567, 'x' * 3)
    def function():
        return (7654321, 2.5)
    class Class:
        def method(self):
            return lambda: self
    def make():
        data = object()
        def nested():
            return data
        class Local:
            pass
        return data, nested, Local
    data, nested, Local = make()
    instance = Class()
    module = types.ModuleType('module')
    def immortal(*objects):
        return ''.join('01'[sys.getrefcount(each) >= 2 ** 31] for each in objects)
    def show():
        print(immortal(function, function.__code__, function.__code__.co_consts[-1], Class, Class.method,
                       module, sys.modules['__main__']),
              immortal(nested, Local, instance, data))
    show()
    def run():
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
    run()
    show()
    def later(): pass
    run()
    print(immortal(later))
";

#[test]
fn what_is_likely_to_outlive_threads_is_immortal_once_they_start() {
    let after = if GIL { "0000000" } else { "1111111" };
    let later = if GIL { "0" } else { "1" };
    prints(SCRIPT, &format!("0000000 0000\n{after} 0000\n{later}"));
}

#[test]
fn with_a_gil_that_was_asked_for_nothing_is_immortal() {
    let output = script(SCRIPT).options(["-X", "gil=1"]).output();
    output.prints("0000000 0000\n0000000 0000\n0");
}

#[test]
fn the_end_of_a_program_is_as_it_was() {
    prints(
        "
        import threading, weakref
        class Thing:
            def __del__(self):
                print('deleted')
        thing = Thing()
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        kept = [thing]
        kept.append(kept)
        del thing
        print('end')
    ",
        "end\ndeleted",
    );
}
