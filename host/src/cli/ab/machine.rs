//! The machine the figures belong to.

use std::fs;
use std::thread;

use serde::Serialize;

/// What the figures depend on. Fields that the system does not tell are empty.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Machine {
    /// Model of the processor.
    pub(super) cpu: Option<String>,
    /// Cores that this process may use.
    pub(super) cores: usize,
    /// Load average of the last minute, before anything was built or run.
    pub(super) load_average: Option<f64>,
    /// Kernel and its release.
    pub(super) kernel: Option<String>,
    /// How the first core chooses its frequency.
    pub(super) governor: Option<String>,
    /// The compiler that this program was built with.
    pub(super) rustc: &'static str,
}

impl Machine {
    /// Looks at this machine now.
    pub(super) fn now() -> Self {
        let read = |path| fs::read_to_string(path).ok();
        Machine {
            cpu: read("/proc/cpuinfo").as_deref().and_then(cpu_model),
            cores: thread::available_parallelism().map_or(1, usize::from),
            load_average: read("/proc/loadavg").as_deref().and_then(last_minute),
            // What uname tells, without a system call of our own.
            kernel: read("/proc/sys/kernel/ostype")
                .zip(read("/proc/sys/kernel/osrelease"))
                .map(|(name, release)| format!("{} {}", name.trim(), release.trim())),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
                .map(|governor| governor.trim().to_owned()),
            rustc: env!("TOGIL_RUSTC"),
        }
    }
}

fn cpu_model(cpuinfo: &str) -> Option<String> {
    let value = |key: &str| {
        cpuinfo.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == key).then(|| value.trim().to_owned())
        })
    };
    // Arm and RISC-V kernels have other names for it, or none.
    ["model name", "Model", "uarch"].into_iter().find_map(value)
}

fn last_minute(loadavg: &str) -> Option<f64> {
    loadavg.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A machine of a test.
    pub(in super::super) fn machine() -> Machine {
        Machine {
            cpu: Some("Some CPU".to_owned()),
            cores: 4,
            load_average: Some(0.25),
            kernel: Some("Linux 6.1".to_owned()),
            governor: None,
            rustc: "rustc 1.95.0",
        }
    }

    #[test]
    fn the_files_of_linux_are_understood() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC 7B13\nprocessor\t: 1\n";
        assert_eq!(cpu_model(cpuinfo).as_deref(), Some("AMD EPYC 7B13"));
        assert_eq!(cpu_model("processor: 0\n"), None);
        assert_eq!(last_minute("0.31 0.20 0.10 1/200 4711\n"), Some(0.31));
        assert_eq!(last_minute(""), None);
    }

    #[test]
    fn every_machine_has_a_core() {
        assert!(Machine::now().cores >= 1);
    }
}
