//! Programs to explore: known ones, and random ones.

use super::super::rng::Rng;
use super::{Op, Program};

/// So many threads, each with so many sections under the same lock that add 1 to a variable.
pub(in super::super) fn locked(threads: usize, sections: usize) -> Program {
    let section = [Op::Lock(0), Op::Read(0), Op::WriteSum(0, 1), Op::Unlock(0)];
    vec![section.repeat(sections); threads]
}

/// So many threads that add 1 to a variable so many times, without a lock.
pub(in super::super) fn unlocked(threads: usize, times: usize) -> Program {
    vec![[Op::Read(0), Op::WriteSum(0, 1)].repeat(times); threads]
}

/// Two to four threads with up to about `steps` steps together, on so many variables and locks.
pub(in super::super) fn random(rng: &mut Rng, steps: usize, objects: usize) -> Program {
    let mut program: Program = vec![Vec::new(); 2 + rng.below(10).div_ceil(4).min(2)];
    let threads = program.len();
    let mut left = steps as isize;
    while left > 0 {
        let thread = rng.below(threads);
        let before = program[thread].len();
        piece(rng, &mut program[thread], objects, 0);
        left -= (program[thread].len() - before) as isize;
    }
    // A thread that waits for another one to end, or for one that it has started.
    if rng.below(3) == 0 {
        let child = (threads - 1) as u32;
        let place = rng.below(program[0].len() + 1);
        let join = if rng.below(2) == 0 { Op::Join(child) } else { Op::TimedJoin(child) };
        let splits_if = program[0].iter().any(|op| matches!(op, Op::Unless(..)));
        match rng.below(3) {
            0 => program[0].insert(0, Op::Start(child)),
            1 => program[0].push(join),
            _ if splits_if => {}
            _ => {
                program[0].insert(place, join);
                program[0].insert(rng.below(place + 1), Op::Start(child));
            }
        }
        if matches!(join, Op::TimedJoin(_)) || rng.below(2) == 0 {
            program[child as usize].push(Op::End);
        }
    }
    program
}

fn piece(rng: &mut Rng, ops: &mut Vec<Op>, objects: usize, depth: usize) {
    let x = rng.below(objects + 1) as u32;
    let lock = rng.below(objects) as u32;
    match rng.below(if depth > 1 { 5 } else { 17 }) {
        0 => ops.push(Op::Read(x)),
        1 | 2 => ops.push(Op::Write(x, 1 + rng.below(2) as i64)),
        3 => ops.extend([Op::Read(x), Op::WriteSum(x, 1)]),
        4 => ops.push(Op::Scan(x)),
        5..=7 => {
            ops.push(Op::Lock(lock));
            body(rng, ops, objects, depth);
            ops.push(Op::Unlock(lock));
        }
        8 | 9 => {
            ops.push(if rng.below(2) == 0 { Op::TryLock(lock) } else { Op::TimedLock(lock) });
            guarded(rng, ops, objects, depth, Some(lock));
        }
        10 => ops.push(Op::Spin(x, 1 + rng.below(2) as i64)),
        11 => ops.push(Op::Unlock(lock)),
        12 => ops.push(Op::Lock(lock)),
        13 => {
            ops.push(Op::Look(lock));
            guarded(rng, ops, objects, depth, None);
        }
        _ => {
            ops.push(Op::Read(x));
            guarded(rng, ops, objects, depth, None);
        }
    }
}

fn body(rng: &mut Rng, ops: &mut Vec<Op>, objects: usize, depth: usize) {
    for _ in 0..rng.below(3) {
        piece(rng, ops, objects, depth + 1);
    }
}

/// Something to do only if the register is 1, and to give the lock back then.
fn guarded(rng: &mut Rng, ops: &mut Vec<Op>, objects: usize, depth: usize, lock: Option<u32>) {
    let mut inner = Vec::new();
    piece(rng, &mut inner, objects, depth + 1);
    inner.extend(lock.map(Op::Unlock));
    ops.push(Op::Unless(if lock.is_some() { 1 } else { rng.below(2) as i64 }, inner.len()));
    ops.append(&mut inner);
}
