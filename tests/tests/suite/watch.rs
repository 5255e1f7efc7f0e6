//! `togil race --watch`: which races it finds in scripts whose threads run as they like, and where it keeps silent. All of
//! it holds in both modes: with a GIL the threads take turns, and what is in no order is found as well.

use serde_json::Value;

use crate::harness::{Output, togil};

const BEFORE: &str = "
import threading, time, queue, collections
from concurrent.futures import ThreadPoolExecutor
def together(*functions):
    threads = [threading.Thread(target=f) for f in functions]
    for t in threads: t.start()
    for t in threads: t.join()
class Box: pass
";

fn watch(source: &str, args: &[&str]) -> Output {
    let lines = source.lines().map(|line| line.strip_prefix("        ").unwrap_or(line));
    let source: String = BEFORE.lines().chain(lines).flat_map(|line| [line, "\n"]).collect();
    let args = ["--watch"].iter().chain(args).chain(&["script.py"]);
    togil(["race"]).file("script.py", &source).args(args).output()
}

/// What `--json` says. The script must print nothing.
fn told(source: &str, args: &[&str], status: i32) -> Value {
    let args: Vec<_> = args.iter().chain(&["--json"]).copied().collect();
    let output = watch(source, &args).exits(status);
    serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", output.stdout, output.stderr))
}

fn count(told: &Value, what: &str) -> usize {
    told[what].as_array().expect("a list").len()
}

#[track_caller]
fn races(source: &str) {
    let told = told(source, &[], 1);
    assert!(count(&told, "races") > 0, "{told:#}");
    assert_eq!(told["script"]["status"], 0, "{told:#}");
}

#[track_caller]
fn is_clean(source: &str) {
    let told = told(source, &[], 0);
    assert_eq!(told["script"]["status"], 0, "{told:#}");
}

#[test]
fn scripts_have_what_a_host_has_as_togil() {
    let source = "
        import togil
        import togil.race
        @togil.race.model
        def channel():
            box = togil.Channel(1)
            together(lambda: box.send(1), lambda: print(box.recv()))
        ";
    let output = watch(source, &["--runs", "1"]).exits(0);
    assert!(output.stdout.starts_with("1\n"), "{}", output.stdout);
}

/// A test for each program.
macro_rules! programs {
    ($check:ident: $($name:ident $source:literal)*) => {
        mod $check {
            $(#[test]
            fn $name() {
                super::$check($source);
            })*
        }
    };
}

programs! { races:
    a_global r#"
        n=0
        def w():
            global n
            n+=1
        together(w,w)
    "#
    an_attribute r#"
        b=Box(); b.n=0
        def w(): b.n+=1
        together(w,w)
    "#
    an_item_of_a_dict r#"
        d={"n":0}
        def w(): d["n"]+=1
        together(w,w)
    "#
    an_item_of_a_list r#"
        d=[0]
        def w(): d[0]+=1
        together(w,w)
    "#
    a_variable_of_a_closure r#"
        def f():
            n=0
            def w():
                nonlocal n
                n+=1
            together(w,w)
        f()
    "#
    an_attribute_of_a_class r#"
        class C: n=0
        def w(): C.n+=1
        together(w,w)
    "#
    a_key_that_is_looked_for_and_added r#"
        d={}
        def w():
            if "k" not in d: d["k"]=1
        together(w,w)
    "#
    a_lazy_singleton r#"
        inst=None
        def w():
            global inst
            if inst is None: inst=Box()
            return inst
        together(w,w)
    "#
    a_double_checked_lock r#"
        inst=None
        l=threading.Lock()
        def w():
            global inst
            if inst is None:
                with l:
                    if inst is None: inst=Box()
            return inst
        together(w,w)
    "#
    a_publication_before_its_payload r#"
        b=Box(); b.ready=False; b.data=None
        def p():
            b.ready=True
            b.data=1
        def c():
            if b.ready: return b.data
        together(p,c)
    "#
    a_dict_resized_while_iterated r#"
        d={1:1,2:2}
        def a():
            for i in range(5): d[i+10]=1
        def b():
            try:
                for k in d: pass
            except RuntimeError: pass
        together(a,b)
    "#
    a_dict_resized_while_its_items_are_iterated r#"
        d={1:1,2:2}
        def a():
            for i in range(5): d[i+10]=1
        def b():
            try:
                for k,v in d.items(): pass
            except RuntimeError: pass
        together(a,b)
    "#
    a_list_resized_while_iterated r#"
        d=[1]
        def a():
            for i in range(5): d.append(1)
        def b():
            for k in d: pass
        together(a,b)
    "#
    fields_that_belong_together r#"
        b=Box(); b.x=b.y=0
        def a():
            b.x=1; b.y=1
        def c(): return b.x==b.y
        together(a,c)
    "#
    a_transfer_between_objects r#"
        a=Box();b=Box();a.m=b.m=10
        def w():
            a.m-=1; b.m+=1
        together(w,w)
    "#
    a_busy_flag r#"
        b=Box(); b.busy=False
        def w():
            if not b.busy:
                b.busy=True
                b.busy=False
        together(w,w)
    "#
    a_read_without_the_lock r#"
        b=Box(); b.n=0; l=threading.Lock()
        def w():
            with l: b.n+=1
        def r(): return b.n
        together(w,r)
    "#
    a_pop_after_a_test r#"
        xs=[1]
        def w():
            if xs: xs.pop()
        together(w,w)
    "#
    a_pop_after_a_test_of_the_length r#"
        xs=[1]
        def w():
            if len(xs)>0: xs.pop()
        together(w,w)
    "#
    a_semaphore_of_two_taken_for_a_lock r#"
        s=threading.Semaphore(2); b=Box(); b.n=0
        def w():
            for i in range(5):
                with s: b.n+=1
        together(w,w)
    "#
    tasks_of_a_pool_that_one_worker_runs r#"
        b=Box(); b.n=0
        def w(): b.n+=1
        with ThreadPoolExecutor(2) as p:
            p.submit(w); time.sleep(0.1); p.submit(w)
    "#
    an_attribute_by_setattr r#"
        b=Box()
        def w(): setattr(b,"n",1)
        together(w,w)
    "#
    a_list_unpacked_while_items_change r#"
        b=[0,0]
        def w(): b[0]=1; b[1]=1
        def r():
            x,y=b
        together(w,r)
    "#
    a_list_added_up_while_items_change r#"
        b=[0,0]
        def w(): b[0]-=1; b[1]+=1
        def r(): return sum(b)
        together(w,r)
    "#
    a_slot r#"
        class S:
            __slots__=("n",)
        b=S(); b.n=0
        def w(): b.n+=1
        together(w,w)
    "#
    a_model_that_the_script_does_not_call r#"
        def race_m():
            b=Box(); b.n=0
            def w(): b.n+=1
            together(w,w)
    "#
    a_set_that_is_looked_into_and_added_to r#"
        s=set()
        def w():
            if 1 not in s: s.add(1)
        together(w,w)
    "#
}

programs! { is_clean:
    a_lock r#"
        b=Box(); b.n=0; l=threading.Lock()
        def w():
            for i in range(20):
                with l: b.n+=1
        together(w,w)
    "#
    an_rlock r#"
        b=Box(); b.n=0; l=threading.RLock()
        def w():
            for i in range(20):
                with l:
                    with l: b.n+=1
        together(w,w)
    "#
    a_condition r#"
        b=Box(); b.r=False; c=threading.Condition()
        def p():
            with c:
                b.r=True; b.v=1; c.notify()
        def w():
            with c:
                while not b.r: c.wait()
                return b.v
        together(p,w)
    "#
    an_event r#"
        b=Box(); e=threading.Event()
        def p(): b.v=1; e.set()
        def w(): e.wait(); return b.v
        together(w,p)
    "#
    an_event_that_is_asked r#"
        b=Box(); e=threading.Event()
        def p(): b.v=1; e.set()
        def w():
            while not e.is_set(): time.sleep(.001)
            b.v=2
        together(w,p)
    "#
    a_semaphore_of_one r#"
        b=Box(); b.n=0; l=threading.Semaphore(1)
        def w():
            for i in range(20):
                with l: b.n+=1
        together(w,w)
    "#
    a_bounded_semaphore_of_one r#"
        b=Box(); b.n=0; l=threading.BoundedSemaphore(1)
        def w():
            for i in range(20):
                with l: b.n+=1
        together(w,w)
    "#
    a_semaphore_as_a_signal r#"
        b=Box(); s=threading.Semaphore(0)
        def p(): b.v=1; s.release()
        def w(): s.acquire(); b.v=2
        together(p,w)
    "#
    a_barrier r#"
        b=[0,0]; g=threading.Barrier(2)
        def w(i):
            b[i]=1; g.wait(); return b[1-i]
        together(lambda:w(0),lambda:w(1))
    "#
    a_timer r#"
        b=Box(); b.v=1
        def w(): b.v=2
        t=threading.Timer(.01,w); t.start(); t.join(); assert b.v
    "#
    a_queue r#"
        q=queue.Queue()
        def p():
            for i in range(20):
                b=Box(); b.v=i; q.put(b)
            q.put(None)
        def c():
            while (b:=q.get()) is not None: b.v+=1
        together(p,c)
    "#
    a_bounded_queue r#"
        q=queue.Queue(1)
        def p():
            for i in range(20):
                b=Box(); b.v=i; q.put(b)
            q.put(None)
        def c():
            while (b:=q.get()) is not None: b.v+=1
        together(p,c)
    "#
    a_simple_queue r#"
        q=queue.SimpleQueue()
        def p():
            for i in range(20):
                b=Box(); b.v=i; q.put(b)
            q.put(None)
        def c():
            while (b:=q.get()) is not None: b.v+=1
        together(p,c)
    "#
    the_results_of_a_pool r#"
        b=Box(); b.n=0
        def w(x):
            y=Box(); y.v=x; return y
        with ThreadPoolExecutor(4) as p:
            r=[f.result().v for f in [p.submit(w,i) for i in range(20)]]
            assert sum(y.v for y in p.map(w,range(20)))
    "#
    a_pool_with_one_worker r#"
        b=Box(); b.n=0
        def w(): b.n+=1
        with ThreadPoolExecutor(1) as p:
            p.submit(w); p.submit(w)
    "#
    the_end_of_a_pool r#"
        bs=[Box() for i in range(8)]
        def w(b): b.n=1
        with ThreadPoolExecutor(2) as p:
            for b in bs: p.submit(w,b)
    "#
    thread_locals r#"
        l=threading.local()
        def w():
            l.n=0
            for i in range(5): l.n+=1
        together(w,w)
    "#
    context_variables r#"
        import contextvars
        v=contextvars.ContextVar("v",default=0)
        def w(): v.set(v.get()+1)
        together(w,w)
    "#
    starts_and_joins r#"
        b=Box(); b.n=0
        def w(): b.n+=1
        for i in range(3):
            t=threading.Thread(target=w); t.start(); t.join()
    "#
    atomic_calls_of_containers r#"
        xs=[]; d={}; s=set(); q=collections.deque()
        def w():
            for i in range(20): xs.append(i); d.setdefault(i,[]).append(1); s.add(i); q.append(i); q.popleft(); len(xs)
        together(w,w)
    "#
    new_keys_of_one_dict r#"
        d={}
        def w(k):
            for i in range(20): d[(k,i)]=i
        together(lambda:w(0),lambda:w(1))
    "#
    items_of_one_list r#"
        d=[0]*4
        def w(k):
            for i in range(20): d[k]+=1
        together(*[(lambda k=k:w(k)) for k in range(4)])
    "#
    a_property_with_a_lock r#"
        class P:
            def __init__(self): self._l=threading.Lock(); self._v=0
            @property
            def v(self):
                with self._l: return self._v
            @v.setter
            def v(self,x):
                with self._l: self._v=x
        p=P()
        def w(): p.v=p.v+1
        together(w,w)
    "#
    objects_at_addresses_that_come_again r#"
        def w():
            for i in range(3000):
                b=Box(); b.n=i; b.n+=1; x=[0]; x[0]+=1; d={}; d["a"]=1
        together(w,w)
    "#
    a_subclass_of_thread r#"
        class T(threading.Thread):
            def run(self): self.r=1
        t=T(); t.start(); t.join(); assert t.r
    "#
    a_thread_that_is_asked_whether_it_lives r#"
        b=Box()
        def w(): b.v=1
        t=threading.Thread(target=w); t.start()
        while t.is_alive(): time.sleep(.001)
    "#
    a_setattr_with_a_lock r#"
        class G:
            def __setattr__(s,k,v):
                with L: object.__setattr__(s,k,v)
        L=threading.Lock(); g=G()
        def w(): g.n=1
        together(w,w)
    "#
    a_subclass_of_queue r#"
        class U(queue.Queue):
            def _init(self,m): self.seen=set(); super()._init(m); self.k=0
            def _put(self,i):
                self.k+=1
                super()._put(i)
        q=U()
        def w():
            for i in range(9): q.put(i)
        together(w,w)
    "#
}

#[test]
fn locks_in_two_orders_are_told_though_nothing_happened() {
    let told = told(
        r#"
        a=threading.Lock();b=threading.Lock()
        def x():
            with a:
                with b: pass
        def y():
            with b:
                with a: pass
        t=threading.Thread(target=x);t.start();time.sleep(.1);u=threading.Thread(target=y);u.start();t.join();u.join()
        "#,
        &[],
        3,
    );
    assert_eq!((count(&told, "deadlocks"), count(&told, "hangs")), (1, 0), "{told:#}");
    assert_eq!(told["deadlocks"][0].as_array().expect("threads").len(), 2);
}

#[test]
fn a_lock_around_two_orders_guards_them() {
    is_clean(
        r#"
        g=threading.Lock();a=threading.Lock();b=threading.Lock()
        def x():
            with g:
                with a:
                    with b: pass
        def y():
            with g:
                with b:
                    with a: pass
        together(x,y)
        "#,
    );
}

#[test]
fn a_deadlock_ends_and_is_told() {
    let told = told(
        r#"
        a=threading.Lock();b=threading.Lock()
        def x():
            with a:
                time.sleep(.1)
                with b: pass
        def y():
            with b:
                time.sleep(.1)
                with a: pass
        together(x,y)
        "#,
        &[],
        3,
    );
    assert_eq!((count(&told, "deadlocks"), count(&told, "hangs")), (1, 1), "{told:#}");
}

#[test]
fn a_lost_wake_up_ends_and_is_told() {
    let told = told(
        r#"
        c=threading.Condition()
        def w():
            with c: c.wait()
        together(w)
        "#,
        &[],
        3,
    );
    assert_eq!((count(&told, "deadlocks"), count(&told, "hangs")), (0, 1), "{told:#}");
    assert_eq!(count(&told, "races"), 0, "{told:#}");
}

#[test]
fn atomic_calls_race_if_that_is_asked_for() {
    let source = "
        xs = []
        together(lambda: xs.append(1), lambda: xs.append(2))
        ";
    is_clean(source);
    told(source, &["--strict"], 1);
}

#[test]
fn a_race_is_told_with_both_stacks_threads_locks_and_the_objects_origin() {
    let told = told(
        "
        lock = threading.Lock()
        class Account:
            def __init__(self): self.balance = 0
        account = Account()
        def change():
            account.balance = 1
        def locked():
            with lock: change()
        together(change, locked)
        ",
        &[],
        1,
    );
    assert_eq!(count(&told, "races"), 1, "{told:#}");
    let race = &told["races"][0];
    assert_eq!(race["what"], "Account.balance");
    let functions = |stack: &Value| -> Vec<String> {
        let stack = stack.as_array().expect("a stack").iter();
        stack.map(|place| place["function"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(functions(&race["first_touched"]), ["Account.__init__", "<module>"]);
    let mut stacks: Vec<_> =
        (0..2).map(|side| functions(&race["accesses"][side]["stack"])).collect();
    stacks.sort();
    assert_eq!(stacks, [vec!["change"], vec!["change", "locked"]]);
    let sides = race["accesses"].as_array().expect("two");
    let mut threads: Vec<_> = sides.iter().map(|side| side["thread"].to_string()).collect();
    threads.sort();
    assert_eq!(threads, ["\"Thread-1 (change)\"", "\"Thread-2 (locked)\""]);
    let locked = sides.iter().find(|side| count(side, "locks") == 1).expect("one has the lock");
    assert_eq!(functions(&locked["locks"][0]), ["<module>"]);
}

#[test]
fn the_script_runs_as_it_does_alone() {
    let source = "
        import sys
        if __name__ == '__main__': print(sys.argv, __file__)
        sys.exit('failed')
        ";
    let output = watch(source, &["--strict"]).exits(7);
    assert_eq!(output.stdout, "['script.py'] script.py\n");
    assert!(
        output.stderr.contains("failed") && output.stderr.contains("status 1"),
        "{}",
        output.stderr
    );
}

#[test]
fn modules_beside_the_script_are_watched() {
    let module = "class Counter: n = 0\ndef add(): Counter.n += 1\n";
    let script = "
        import threading, counter
        threads = [threading.Thread(target=counter.add) for _ in range(2)]
        for t in threads: t.start()
        for t in threads: t.join()
        ";
    let output = togil(["race"]).file("counter.py", module).file("script.py", script);
    let output = output.args(["--watch", "script.py"]).output().exits(1);
    assert!(output.stderr.contains("counter.py:2 in add"), "{}", output.stderr);
}

#[test]
fn what_is_found_is_written_as_sarif() {
    let source = "
        b = Box()
        def w(): b.n = 1
        together(w, w)
        ";
    let output = watch(source, &["--sarif", "/dev/stderr"]).exits(1);
    let document = &output.stderr[output.stderr.find("{\n").expect("a document")..];
    let document: Value = serde_json::from_str(document).expect("JSON");
    let result = &document["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "data-race");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"], 10, "{result:#}");
}

#[test]
fn options_of_a_watch_need_one() {
    let output = togil(["race"]).file("m.py", "").args(["--strict", "m.py"]).output().exits(2);
    assert!(output.stderr.contains("--watch"), "{}", output.stderr);
}
