//! What a process has used so far, as the system counts it.

use std::fs;

use nix::{
    time::{clock_getcpuclockid, clock_gettime},
    unistd::Pid,
};

use super::BenchError;

/// Processor time of all threads, in the process's own code and in the kernel's, in nanoseconds.
pub(super) fn processor_nanos(id: u32) -> Result<u64, BenchError> {
    let unknown = |_| BenchError::Said(format!("process {id} is gone"));
    let pid = Pid::from_raw(i32::try_from(id).map_err(|_| BenchError::Said(format!("{id} is no process")))?);
    let time = clock_getcpuclockid(pid).and_then(clock_gettime).map_err(unknown)?;
    let nanos = std::time::Duration::from(time).as_nanos();
    u64::try_from(nanos).map_err(|_| BenchError::Said(format!("process {id} has used {nanos} ns")))
}

/// The most memory it has held, in bytes.
pub(super) fn peak_memory(id: u32) -> Result<u64, BenchError> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<u64> = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| BenchError::Said(format!("process {id} tells no peak of memory")))
}
