//! A child process together with all that it starts.

use std::io;
use std::process::{Child, ExitStatus};

use anyhow::Context as _;
use libc::pid_t;

use super::wait::{self, Usage};

/// A process group whose leader is our child and has not been reaped.
#[derive(Debug)]
pub(super) struct Group {
    leader: pid_t,
    reaped: bool,
}

impl Group {
    /// The group of a child that was started as the leader of its own, and that
    /// nobody else waits for.
    ///
    /// # Errors
    ///
    /// When the system gives out larger numbers for processes than it can take back.
    pub(super) fn led_by(child: &Child) -> anyhow::Result<Self> {
        let leader =
            pid_t::try_from(child.id()).context("the number of the process is too large")?;
        Ok(Group { leader, reaped: false })
    }

    /// Blocks until the leader has ended.
    pub(super) fn wait(&self) -> io::Result<()> {
        wait::until_end(self.leader)
    }

    /// Kills every process of the group. Does no harm when there is none left.
    pub(super) fn kill(&self) {
        wait::kill_group(self.leader);
    }

    /// Kills who is left, then reaps the leader: in this order the number
    /// cannot have become another group's.
    ///
    /// # Errors
    ///
    /// When someone else has reaped it.
    pub(super) fn end(&mut self) -> anyhow::Result<(ExitStatus, Usage)> {
        self.kill();
        self.reaped = true;
        wait::reap(self.leader).context("can't tell how the process ended")
    }
}

impl Drop for Group {
    /// Only has something to do when an error cut the run short.
    fn drop(&mut self) {
        if !self.reaped {
            drop(self.end());
        }
    }
}
