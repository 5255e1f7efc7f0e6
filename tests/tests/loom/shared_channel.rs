//! `Channel`: every item arrives once and in order, no wake-up is lost, closing reaches everybody.
//! A lost wake-up leaves a thread waiting for ever, which loom reports.

use std::num::NonZeroUsize;

use loom::sync::Arc;
use loom::thread::{self, JoinHandle};
use togil::shared::core::channel::{Channel, NotReceived, NotSent, select};

use crate::scene::explore;
use crate::waits::{hasty, interrupted, patient};

fn channel(capacity: usize) -> Arc<Channel<u32>> {
    Arc::new(Channel::new(NonZeroUsize::new(capacity).unwrap()))
}

fn sender(channel: &Arc<Channel<u32>>, items: &'static [u32]) -> JoinHandle<()> {
    let channel = channel.clone();
    thread::spawn(move || {
        for item in items {
            channel.send(*item, patient).unwrap();
            assert!(channel.len() <= channel.capacity().get(), "more items than there is room for");
        }
    })
}

fn receiver(channel: &Arc<Channel<u32>>) -> JoinHandle<Result<u32, NotReceived<()>>> {
    let channel = channel.clone();
    thread::spawn(move || channel.recv(patient))
}

#[test]
fn items_arrive_in_order_through_a_channel_that_is_too_small() {
    explore(Some(3), || {
        let line = channel(1);
        let other = sender(&line, &[1, 2, 3]);
        let got = [(); 3].map(|()| line.recv(patient).unwrap());
        assert_eq!(got, [1, 2, 3]);
        other.join().unwrap();
    });
}

#[test]
fn items_arrive_in_order_through_a_channel_that_has_room() {
    explore(Some(3), || {
        let line = channel(2);
        let other = sender(&line, &[1, 2, 3]);
        while line.len() < 2 {
            thread::yield_now();
        }
        let got = [(); 3].map(|()| line.recv(patient).unwrap());
        assert_eq!(got, [1, 2, 3]);
        other.join().unwrap();
    });
}

#[test]
fn the_items_of_two_senders_arrive_once_and_each_ones_in_order() {
    explore(Some(3), || {
        let line = channel(1);
        let others = [sender(&line, &[1, 2]), sender(&line, &[11])];
        let mut got: Vec<u32> = (0..3).map(|_| line.recv(patient).unwrap()).collect();
        let first = got.iter().position(|item| *item == 1);
        assert!(first < got.iter().position(|item| *item == 2), "{got:?}");
        got.sort_unstable();
        assert_eq!(got, [1, 2, 11]);
        for other in others {
            other.join().unwrap();
        }
    });
}

#[test]
fn two_receivers_both_get_one() {
    explore(Some(3), || {
        let line = channel(2);
        let others = [receiver(&line), receiver(&line)];
        line.send(1, patient).unwrap();
        line.send(2, patient).unwrap();
        let mut got = others.map(|other| other.join().unwrap().unwrap());
        got.sort_unstable();
        assert_eq!(got, [1, 2]);
    });
}

#[test]
fn closing_wakes_all_receivers() {
    explore(Some(3), || {
        let line = channel(1);
        let others = [receiver(&line), receiver(&line)];
        line.close();
        for other in others {
            assert_eq!(other.join().unwrap(), Err(NotReceived::Closed));
        }
    });
}

#[test]
fn closing_wakes_all_senders_and_gives_their_items_back() {
    explore(Some(3), || {
        let line = channel(1);
        line.send(0, patient).unwrap();
        let others = [1, 2].map(|item| {
            let line = line.clone();
            thread::spawn(move || line.send(item, patient))
        });
        line.close();
        let results = others.map(|other| other.join().unwrap());
        assert_eq!(results, [Err(NotSent::Closed(1)), Err(NotSent::Closed(2))]);
        // What was in it stays.
        assert_eq!(line.recv(patient), Ok(0));
        assert_eq!(line.recv(patient), Err(NotReceived::Closed));
    });
}

#[test]
fn a_receiver_that_is_stopped_passes_its_wake_up_on() {
    explore(Some(3), || {
        let line = channel(2);
        let stopped = {
            let line = line.clone();
            thread::spawn(move || line.recv(interrupted))
        };
        let other = receiver(&line);
        line.send(1, patient).unwrap();
        line.send(2, patient).unwrap();
        let got = stopped.join().unwrap().is_ok() as u32;
        assert!(other.join().unwrap().is_ok());
        assert_eq!(line.len() as u32 + got, 1);
    });
}

#[test]
fn a_sender_that_is_stopped_passes_its_wake_up_on() {
    explore(Some(3), || {
        let line = channel(1);
        line.send(0, patient).unwrap();
        let stopped = {
            let line = line.clone();
            thread::spawn(move || line.send(1, interrupted).is_ok())
        };
        let other = sender(&line, &[2]);
        // Room for one of the two; what the stopped one did not send, nobody waits for.
        assert_eq!(line.recv(patient), Ok(0));
        let mut got = vec![line.recv(patient).unwrap()];
        if stopped.join().unwrap() {
            got.push(line.recv(patient).unwrap());
        }
        other.join().unwrap();
        got.extend(line.drain());
        assert!(got.contains(&2), "{got:?}");
    });
}

#[test]
fn a_receiver_whose_time_is_over_takes_what_came_at_the_last_moment() {
    explore(None, || {
        let line = channel(1);
        let other = sender(&line, &[1]);
        let got = line.recv(hasty);
        other.join().unwrap();
        match got {
            Ok(item) => assert_eq!((item, line.len()), (1, 0)),
            Err(error) => assert_eq!((error, line.len()), (NotReceived::TimedOut, 1)),
        }
    });
}

#[test]
fn select_takes_each_item_of_two_channels_once() {
    explore(Some(3), || {
        let (left, right) = (channel(1), channel(1));
        let others = [sender(&left, &[1]), sender(&right, &[2])];
        let mut got = [(); 2].map(|()| select(&[&left, &right], patient).unwrap());
        got.sort_unstable();
        assert_eq!(got, [(0, 1), (1, 2)]);
        assert!(left.is_empty() && right.is_empty());
        for other in others {
            other.join().unwrap();
        }
    });
}

#[test]
fn select_leaves_what_it_did_not_take_to_others() {
    // The selecting thread may be woken by the second channel, too, and has no use for that.
    explore(Some(3), || {
        let (left, right) = (channel(1), channel(1));
        let selecting = {
            let (left, right) = (left.clone(), right.clone());
            thread::spawn(move || select(&[&left, &right], patient).unwrap())
        };
        let waiting = receiver(&right);
        right.send(2, patient).unwrap();
        left.send(1, patient).unwrap();
        let selected = selecting.join().unwrap();
        if selected == (1, 2) {
            // The other one waits for an item that the select took before it.
            right.send(3, patient).unwrap();
            assert_eq!(waiting.join().unwrap(), Ok(3));
        } else {
            assert_eq!((selected, waiting.join().unwrap()), ((0, 1), Ok(2)));
        }
    });
}

#[test]
fn select_learns_that_the_last_channel_closes() {
    explore(Some(3), || {
        let (left, right) = (channel(1), channel(1));
        let others = [left.clone(), right.clone()].map(|line| thread::spawn(move || line.close()));
        assert_eq!(select(&[&left, &right], patient), Err(NotReceived::Closed));
        for other in others {
            other.join().unwrap();
        }
    });
}
