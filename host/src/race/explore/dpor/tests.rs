//! What the exploration must visit, against all interleavings.

use super::super::bounded::Bounded;
use super::super::replay::Replay;
use super::super::rng::Rng;
use super::super::sim::brute::{self, Class};
use super::super::sim::{End, Names, Op, Program, Sim, Switches, everywhere, explore, programs};
use super::Dpor;
use std::collections::{BTreeMap, HashSet};
use togil_interp::race::{Point, Strategy, Turn};

/// What an exploration has visited.
struct Visited {
    classes: BTreeMap<Class, End>,
    ends: HashSet<End>,
    executions: usize,
    given_up: usize,
    exhaustive: bool,
}

fn visit(program: &Program, names: Names) -> Visited {
    let mut dpor = match names {
        Names::Fixed => Dpor::with_fixed_names(),
        Names::ByTouch => Dpor::new(),
    };
    let mut visited = Visited {
        classes: BTreeMap::new(),
        ends: HashSet::new(),
        executions: 0,
        given_up: 0,
        exhaustive: false,
    };
    explore(program, names, &mut dpor, everywhere, |execution| {
        visited.executions += 1;
        assert!(visited.executions < 100_000, "{program:?}");
        if execution.given_up {
            visited.given_up += 1;
        } else {
            visited.classes.insert(Class::of(execution), execution.end.clone());
            visited.ends.insert(execution.end.clone());
        }
    });
    visited.exhaustive = dpor.is_exhaustive();
    visited
}

/// The number of executions, all complete and no two of the same class.
fn count(program: &Program) -> usize {
    let visited = visit(program, Names::Fixed);
    assert_eq!(visited.given_up, 0);
    assert_eq!(visited.classes.len(), visited.executions);
    assert!(visited.exhaustive);
    visited.executions
}

#[test]
fn every_order_of_locked_sections_is_run_once() {
    let counts = [(2, 1), (2, 2), (2, 3), (3, 1), (3, 2)];
    let counts = counts.map(|(threads, sections)| count(&programs::locked(threads, sections)));
    assert_eq!(counts, [2, 6, 20, 6, 90]);
}

#[test]
fn every_order_of_unlocked_increments_is_run_once() {
    let counts = [(2, 1), (2, 2), (3, 1)];
    let counts = counts.map(|(threads, times)| count(&programs::unlocked(threads, times)));
    assert_eq!(counts, [4, 34, 36]);
}

#[test]
fn a_read_that_only_some_executions_do_is_counted_where_it_is_done() {
    // Checks a flag, and reads what the flag speaks of; the other thread writes the flag first.
    let reader = vec![Op::Read(0), Op::Unless(1, 1), Op::Read(2)];
    let writer = vec![Op::Write(0, 1), Op::Write(2, 1)];
    assert_eq!(count(&vec![reader, writer]), 3);
}

#[test]
fn both_orders_of_one_lock_are_seen() {
    // `with lock: if first is None: first = name`
    let thread =
        |name| vec![Op::Lock(0), Op::Read(0), Op::Unless(0, 1), Op::Write(0, name), Op::Unlock(0)];
    let visited = visit(&vec![thread(1), thread(2)], Names::Fixed);
    let firsts: HashSet<_> = visited.ends.iter().map(|(variables, _)| variables[0]).collect();
    assert_eq!((firsts, visited.executions), (HashSet::from([1, 2]), 2));
}

#[test]
fn readers_do_not_compete() {
    let program = vec![vec![Op::Read(0)], vec![Op::Read(0)], vec![Op::Write(0, 1)]];
    assert_eq!(count(&program), brute::classes(&program, 100).unwrap().len());
    assert_eq!(count(&vec![vec![Op::Read(0)]; 3]), 1);
}

#[test]
fn a_deadlock_is_found_from_executions_without_one() {
    let thread = |a, b| vec![Op::Lock(a), Op::Lock(b), Op::Unlock(b), Op::Unlock(a)];
    let visited = visit(&vec![thread(0, 1), thread(1, 0)], Names::Fixed);
    let stuck = |end: &&End| end.1.iter().any(|&(_, left)| left > 0);
    assert_eq!(visited.ends.iter().filter(stuck).count(), 1);
    assert_eq!((visited.executions, visited.given_up), (3, 0));
}

#[test]
fn the_other_order_is_found_from_an_execution_where_one_thread_never_got_the_lock() {
    // The first thread keeps the lock for ever.
    let program = vec![vec![Op::Lock(0), Op::Write(0, 1)], vec![Op::Lock(0), Op::Write(0, 2)]];
    assert_eq!(visit(&program, Names::Fixed).ends.len(), 2);
}

#[test]
fn a_time_out_and_its_absence_are_both_tried() {
    let holder = vec![Op::Lock(0), Op::Unlock(0)];
    let program = vec![holder, vec![Op::TimedLock(0)]];
    let visited = visit(&program, Names::Fixed);
    let got: HashSet<_> = visited.ends.iter().map(|(_, threads)| threads[1].0).collect();
    assert_eq!((got, visited.executions), (HashSet::from([0, 1]), 3));
}

#[test]
fn a_loop_that_waits_for_a_write_ends() {
    let program = vec![vec![Op::Spin(0, 1)], vec![Op::Write(1, 1), Op::Write(0, 1)]];
    let visited = visit(&program, Names::Fixed);
    assert_eq!((visited.ends.len(), visited.executions), (1, 2));
}

/// A program by number. Some have few objects, and so many conflicts.
fn random(seed: u64, number: u64) -> Program {
    let rng = &mut Rng::of_execution(seed, number);
    let extra = std::env::var("TOGIL_STEPS").map_or(0, |steps| steps.parse().unwrap());
    let steps = 4 + number as usize % 9 + extra;
    programs::random(rng, steps, 1 + number as usize % 3)
}

/// How many programs to try: many more when somebody asks for it.
fn programs_to_try(few: u64) -> u64 {
    std::env::var("TOGIL_PROGRAMS").map_or(few, |programs| programs.parse().unwrap())
}

#[test]
fn a_race_is_looked_at_again_when_something_else_follows_it() {
    // What follows decides whether the other order was explored: a thread that sleeps may be woken
    // by it.
    use Op::{End, Lock, Look, Scan, TimedJoin, Unlock, Write};
    let program = vec![
        vec![TimedJoin(3), Write(1, 1), Lock(0)],
        vec![Scan(1)],
        vec![Look(0)],
        vec![Lock(0), Unlock(0), Lock(0), Unlock(0), End],
    ];
    assert_eq!(count(&program), brute::classes(&program, 10_000).unwrap().len());
}

#[test]
fn looks_at_a_lock_do_not_compete() {
    assert_eq!(count(&vec![vec![Op::Look(0)], vec![Op::Look(0)]]), 1);
    assert_eq!(count(&vec![vec![Op::Look(0)], vec![Op::Lock(0)]]), 2);
}

#[test]
fn random_programs_are_explored_fully_and_without_repetition() {
    let mut small = 0;
    let mut total = 0;
    let programs = programs_to_try(10_000);
    for number in 0..programs {
        let program = random(1, number);
        let Some(all) = brute::classes(&program, 4_000) else { continue };
        let visited = visit(&program, Names::Fixed);
        small += 1;
        total += all.len();
        assert!(
            visited.classes == all,
            "classes of {program:?}, {} of {}",
            visited.classes.len(),
            all.len()
        );
        assert_eq!((visited.executions, visited.given_up), (all.len(), 0), "{program:?}");
        assert_eq!(visited.ends, brute::ends(&program), "{program:?}");
        assert!(visited.exhaustive, "{program:?}");
    }
    println!("{small} of {programs} programs, {total} classes");
    assert!(small > programs / 2 && total as u64 > 3 * small, "{small} {total}");
}

#[test]
fn objects_numbered_by_touch_lose_nothing() {
    let (mut executions, mut given_up, mut total) = (0, 0, 0);
    for number in 0..programs_to_try(1_500) {
        let program = random(2, number);
        let Some(all) = brute::classes(&program, 1_000) else { continue };
        let visited = visit(&program, Names::ByTouch);
        assert_eq!(visited.ends, brute::ends(&program), "{program:?}");
        assert!(visited.exhaustive, "{program:?}");
        executions += visited.executions;
        given_up += visited.given_up;
        total += all.len();
    }
    println!("{total} classes, {executions} executions, {given_up} of them given up");
    assert!(total <= executions && executions <= total * 101 / 100, "{executions} of {total}");
}

/// Before which steps a thread can be taken off, when it cannot be before all.
const SWITCHES: [Switches; 3] = [|_, op| op % 2 == 0, |_, op| op % 3 == 0, |thread, _| thread == 0];

#[test]
fn programs_of_blocks_are_explored_fully() {
    let (mut executions, mut given_up, mut total) = (0, 0, 0);
    for number in 0..programs_to_try(1_000) {
        let program = random(3, number);
        for switches in SWITCHES {
            let names = if number % 2 == 0 { Names::Fixed } else { Names::ByTouch };
            let Some(all) = brute::block_ends(&program, switches, 20_000) else { continue };
            for mut dpor in [Dpor::new(), Dpor::with_blocks()] {
                let mut ends = HashSet::new();
                explore(&program, names, &mut dpor, switches, |execution| {
                    executions += 1;
                    given_up += usize::from(execution.given_up);
                    if !execution.given_up {
                        ends.insert(execution.end.clone());
                    }
                });
                assert_eq!(ends, all, "{program:?}");
                assert!(dpor.is_exhaustive(), "{program:?}");
            }
            total += 2 * all.len();
        }
    }
    println!("{total} ends, {executions} executions, {given_up} of them given up");
    assert!(executions > total);
}

#[test]
fn a_block_that_would_be_another_one_earlier_is_not_taken_for_explored() {
    use Op::{End, Lock, Read, TimedJoin, TimedLock, Unless, Unlock, WriteSum};
    // Behind the third thread the second one gets no lock, and looks at nothing.
    let looks = [Read(0), Unless(1, 2), Read(3), WriteSum(3, 1)];
    let mut second = vec![TimedLock(0), Unless(1, 5)];
    second.extend(looks);
    second.push(Unlock(0));
    let fourth = vec![Read(0), WriteSum(0, 1), End];
    let program = vec![vec![TimedJoin(3)], second, vec![Lock(0)], fourth];
    let switches: Switches = |thread, _| thread == 0;
    let mut ends = HashSet::new();
    explore(&program, Names::Fixed, &mut Dpor::with_blocks(), switches, |execution| {
        if !execution.given_up {
            ends.insert(execution.end.clone());
        }
    });
    assert_eq!(Some(ends), brute::block_ends(&program, switches, 20_000));
}

/// Lets the strategy see one thread fewer in every other execution.
struct Flaky(Box<dyn Strategy>, usize);

impl Strategy for Flaky {
    fn choose(&mut self, point: Point<'_>) -> Option<Turn> {
        let seen = (point.pending.len() - self.1 % 2).max(1);
        self.0.choose(Point { pending: &point.pending[..seen], ..point })
    }

    fn end(&mut self, point: Point<'_>) -> bool {
        self.1 += 1;
        self.0.end(point)
    }

    fn is_exhaustive(&self) -> bool {
        self.0.is_exhaustive()
    }
}

#[test]
fn what_is_not_repeated_ends_and_is_not_called_exhaustive() {
    let program = programs::unlocked(2, 2);
    let strategies: [Box<dyn Strategy>; 3] =
        [Box::new(Dpor::new()), Box::new(Dpor::with_blocks()), Box::new(Bounded::new(u32::MAX))];
    for strategy in strategies {
        let mut flaky = Flaky(strategy, 0);
        explore(&program, Names::Fixed, &mut flaky, everywhere, |_| {});
        assert!(!flaky.is_exhaustive());
    }
}

#[test]
fn an_execution_that_was_stopped_is_not_called_exhaustive() {
    let program = programs::unlocked(2, 1);
    for mut dpor in [Dpor::new(), Dpor::with_blocks()] {
        loop {
            let mut sim = Sim::new(&program, Names::Fixed);
            let turn = dpor.choose(Point { trace: &[], pending: &sim.pending });
            let trace = turn.map(|turn| sim.step(turn));
            let trace: Vec<_> = trace.into_iter().collect();
            if !dpor.end(Point { trace: &trace, pending: &sim.pending }) {
                break;
            }
        }
        assert!(!dpor.is_exhaustive());
    }
}

/// Prints how fast the engine is. The simulator's own time is that of the random walk, nearly.
#[test]
#[ignore = "measures"]
fn speed() {
    let program = programs::locked(2, 2);
    type Make = fn() -> Box<dyn Strategy>;
    let strategies: [(&str, Make); 3] = [
        ("dpor", || Box::new(Dpor::new())),
        ("blocks", || Box::new(Dpor::with_blocks())),
        ("replay", || Box::new(Replay::new(Vec::new()))),
    ];
    for (name, new) in strategies {
        let (mut executions, mut steps) = (0, 0);
        let start = std::time::Instant::now();
        while executions < 60_000 {
            explore(&program, Names::Fixed, &mut *new(), everywhere, |execution| {
                executions += 1;
                steps += execution.trace.len();
            });
        }
        let nanoseconds = start.elapsed().as_nanos();
        println!(
            "{name}: {} executions/s, {} ns/step",
            executions as u128 * 1_000_000_000 / nanoseconds,
            nanoseconds / steps as u128,
        );
    }
}
