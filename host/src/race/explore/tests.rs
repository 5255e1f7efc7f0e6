//! The strategies other than the exhaustive one, which has tests of its own.

use super::bounded::Bounded;
use super::pct::Pct;
use super::random::Random;
use super::record::Record;
use super::replay::Replay;
use super::rng::Rng;
use super::shrink::{Outcome, Shrunk, shrink};
use super::sim::{Execution, Names, Op, Program, Sim, brute, everywhere, programs, run};
use std::collections::HashSet;
use std::num::NonZero;
use togil_interp::race::{Point, Strategy, ThreadId, Turn};

/// Every execution.
const ALL: NonZero<u32> = NonZero::<u32>::MIN;

fn random_programs(count: u64) -> impl Iterator<Item = Program> {
    (0..count).map(|number| programs::random(&mut Rng::of_execution(4, number), 6, 2))
}

fn executions(program: &Program, strategy: &mut dyn Strategy) -> Vec<Execution> {
    some(program, strategy, usize::MAX)
}

/// The first executions, up to so many.
fn some(program: &Program, strategy: &mut dyn Strategy, most: usize) -> Vec<Execution> {
    let sim = Sim::new(program, Names::Fixed);
    let mut all = Vec::new();
    for _ in 0..most {
        let execution = run(&sim, strategy, everywhere);
        let point = Point { trace: &execution.trace, pending: &execution.pending };
        let goes_on = strategy.end(point);
        all.push(execution);
        if !goes_on {
            break;
        }
    }
    all
}

/// Whether the increments do not add up.
fn is_lost_update(execution: &Execution) -> bool {
    execution.end.0[0] < execution.trace.len() as i64 / 2
}

#[test]
fn an_unbounded_search_finds_every_end() {
    let mut finished = 0;
    for program in random_programs(200) {
        let mut search = Bounded::new(u32::MAX);
        let executions = some(&program, &mut search, 20_000);
        if executions.len() < 20_000 {
            let ends: HashSet<_> = executions.into_iter().map(|execution| execution.end).collect();
            assert_eq!(ends, brute::ends(&program), "{program:?}");
            assert!(search.is_exhaustive());
            finished += 1;
        }
    }
    assert!(finished > 100, "{finished}");
}

#[test]
fn a_bound_is_kept_and_told() {
    let program = programs::unlocked(2, 1);
    let counts = [0, 1, u32::MAX].map(|most| {
        let mut search = Record::new(Bounded::new(most));
        let mut preemptions = Vec::new();
        let sim = Sim::new(&program, Names::Fixed);
        loop {
            let execution = run(&sim, &mut search, everywhere);
            preemptions.push((search.preemptions(), is_lost_update(&execution)));
            let point = Point { trace: &execution.trace, pending: &execution.pending };
            if !search.end(point) {
                break;
            }
        }
        let most_preempted = preemptions.iter().map(|&(count, _)| count).max();
        let fails = preemptions.iter().any(|&(_, fails)| fails);
        (most_preempted, fails, search.is_exhaustive())
    });
    assert_eq!(counts[0], (Some(0), false, false));
    assert_eq!(counts[1], (Some(1), true, false));
    // Of two threads with two steps each, the first can be taken off once, and the second once.
    assert_eq!(counts[2], (Some(2), true, true));
}

#[test]
fn each_schedule_is_run_once_under_each_bound() {
    let program = programs::unlocked(2, 2);
    let mut search = Bounded::new(0);
    for bound in 0..4 {
        search = Bounded::starting_with(bound, bound);
        let turns: Vec<_> = executions(&program, &mut search)
            .into_iter()
            .map(|execution| execution.turns)
            .collect();
        assert_eq!(turns.iter().collect::<HashSet<_>>().len(), turns.len());
    }
    assert!(!search.is_exhaustive());
    // 8 choose 4 interleavings.
    assert_eq!(executions(&program, &mut Bounded::starting_with(9, 9)).len(), 70);
}

#[test]
fn random_strategies_find_a_lost_update_and_repeat_themselves() {
    let program = programs::unlocked(3, 2);
    let strategies: [fn(u64) -> Box<dyn Strategy>; 2] =
        [|seed| Box::new(Random::new(seed, 0, ALL)), |seed| Box::new(Pct::new(seed, 3, 0, ALL))];
    for new in strategies {
        let all = |seed| {
            let mut left = 100;
            let mut strategy = new(seed);
            let sim = Sim::new(&program, Names::Fixed);
            std::iter::from_fn(|| {
                left -= 1;
                let execution = run(&sim, &mut *strategy, everywhere);
                strategy.end(Point { trace: &execution.trace, pending: &execution.pending });
                (left >= 0).then_some(execution)
            })
            .map(|execution| (execution.turns.clone(), is_lost_update(&execution)))
            .collect::<Vec<_>>()
        };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
        assert!(all(1).iter().any(|(_, fails)| *fails));
        assert!(!new(1).is_exhaustive());
    }
}

#[test]
fn any_execution_of_a_random_walk_can_be_run_alone() {
    let program = programs::unlocked(3, 2);
    let mut walk = Random::new(5, 0, ALL);
    for (number, execution) in some(&program, &mut walk, 20).iter().enumerate() {
        let mut alone = Random::new(5, number as u32, ALL);
        assert_eq!(some(&program, &mut alone, 1)[0].turns, execution.turns);
    }
}

#[test]
fn what_several_run_of_a_random_walk_is_what_one_runs() {
    let program = programs::unlocked(3, 2);
    let turns = |execution: &Execution| execution.turns.clone();
    let one: Vec<_> = some(&program, &mut Random::new(5, 0, ALL), 9).iter().map(turns).collect();
    let mut several = vec![Vec::new(); 9];
    for first in 0..3 {
        let mut walk = Random::new(5, first, NonZero::new(3).unwrap());
        for (number, execution) in some(&program, &mut walk, 3).iter().enumerate() {
            several[first as usize + 3 * number] = turns(execution);
        }
    }
    assert_eq!(several, one);
}

#[test]
fn priorities_change_less_often_than_a_random_walk() {
    let program = programs::unlocked(3, 4);
    let mut pct = Pct::new(3, 3, 0, ALL);
    for execution in some(&program, &mut pct, 200) {
        // Three threads, and two changes of priority.
        let runs = execution.turns.chunk_by(|a, b| a.thread == b.thread).count();
        assert!(runs <= 3 + 2 * 2, "{runs}");
    }
}

#[test]
fn a_thread_that_times_out_lets_others_go_on() {
    // Tries again, by hand, more often than the others have steps.
    let tries = [Op::TimedLock(0), Op::Unless(0, 0)].repeat(10);
    let program =
        vec![tries, vec![Op::Write(0, 1); 3], vec![Op::Lock(0), Op::Write(1, 1), Op::Unlock(0)]];
    let mut pct = Pct::new(1, 1, 0, ALL);
    for execution in some(&program, &mut pct, 300) {
        let others = execution.turns.iter().rposition(|turn| turn.thread != ThreadId(0)).unwrap();
        let again = |two: &[Turn]| two[0].times_out && two[1].thread == two[0].thread;
        assert!(!execution.turns[..=others].windows(2).any(again), "{:?}", execution.turns);
    }
}

#[test]
fn a_recording_is_replayed_exactly() {
    for program in random_programs(100) {
        let mut walk = Random::new(6, 0, ALL);
        for execution in some(&program, &mut walk, 5) {
            let mut replay = Replay::new(execution.turns.clone());
            let again = executions(&program, &mut replay);
            assert_eq!((again.len(), replay.left_at()), (1, None));
            assert_eq!(again[0].trace, execution.trace);
        }
    }
}

#[test]
fn a_replay_tells_where_it_had_to_leave_the_recording() {
    let turn = |thread| Turn { thread: ThreadId(thread), times_out: false };
    let program = vec![vec![Op::Lock(0), Op::Unlock(0)]; 2];
    let left_at = |turns: &[Turn]| {
        let mut replay = Replay::new(turns.to_vec());
        let execution = executions(&program, &mut replay).remove(0);
        assert_eq!(execution.trace.len(), 4);
        replay.left_at()
    };
    assert_eq!(left_at(&[turn(1), turn(0), turn(1)]), Some(1), "the lock is taken");
    assert_eq!(left_at(&[turn(1), turn(7)]), Some(1), "there is no such thread");
    assert_eq!(left_at(&[turn(0); 3]), Some(2), "the thread has ended");
    assert_eq!(left_at(&[Turn { times_out: true, ..turn(0) }]), Some(0), "it need not wait");
    assert_eq!(left_at(&[turn(0), turn(0), turn(1), turn(1), turn(0)]), Some(4), "all is over");
    assert_eq!(left_at(&[turn(1)]), None, "the rest was not recorded");
}

fn shrink_lost_update(program: &Program, turns: &[Turn], most: usize) -> (Option<Shrunk>, usize) {
    let sim = Sim::new(program, Names::Fixed);
    let mut runs = 0;
    let shrunk = shrink(turns, most, |mut strategy| {
        runs += 1;
        let execution = run(&sim, &mut *strategy, everywhere);
        strategy.end(Point { trace: &execution.trace, pending: &execution.pending });
        let fails = is_lost_update(&execution);
        Outcome { fails, turns: execution.turns, trace: execution.trace, ..Outcome::default() }
    });
    (shrunk, runs)
}

#[test]
fn a_failing_schedule_is_shrunk_to_the_fewest_preemptions() {
    let program = programs::unlocked(3, 1);
    let mut walk = Random::new(2, 0, ALL);
    let mut shrunk_some = false;
    for execution in some(&program, &mut walk, 200).iter().filter(|found| is_lost_update(found)) {
        let (shrunk, runs) = shrink_lost_update(&program, &execution.turns, 200);
        let shrunk = shrunk.unwrap();
        // One thread is taken off between its read and its write.
        assert_eq!((shrunk.preemptions, shrunk.is_fewest), (1, true));
        assert!(shrunk.outcome.fails && runs <= 200);
        shrunk_some |= shrunk.outcome.turns != execution.turns;
    }
    assert!(shrunk_some);
}

#[test]
fn shrinking_keeps_to_its_number_of_runs_and_to_failing_schedules() {
    let program = programs::unlocked(2, 6);
    let mut walk = Random::new(3, 0, ALL);
    for execution in some(&program, &mut walk, 50) {
        for most in [0, 1, 5, 20] {
            let (shrunk, runs) = shrink_lost_update(&program, &execution.turns, most);
            assert!(runs <= most);
            assert_eq!(shrunk.is_some(), most > 0 && is_lost_update(&execution));
            // A lost update takes a preemption, and there was no run left to see that.
            assert!(most > 1 || shrunk.is_none_or(|shrunk| !shrunk.is_fewest));
        }
    }
}
