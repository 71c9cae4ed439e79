//! The customary metrics of a process, from `/proc/self`; what cannot be read there is left out.

use std::fmt::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Reads them at each scrape.
#[derive(Debug)]
pub struct Process {
    /// Seconds since 1970.
    begun: f64,
}

impl Process {
    /// Of a process that has just begun.
    pub fn new() -> Process {
        Process { begun: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64()) }
    }
}

impl Collector for Process {
    fn encode(&self, mut to: DescriptorEncoder) -> Result<(), Error> {
        let mut gauge = |name, help, value: f64| {
            let metric = ConstGauge::new(value);
            metric.encode(to.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        gauge("process_start_time_seconds", "When the process began, seconds since 1970", self.begun)?;
        if let Some(bytes) = resident() {
            gauge("process_resident_memory_bytes", "Resident memory, without the reading processes", bytes)?;
        }
        if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
            gauge("process_open_fds", "Open file descriptors", open.count() as f64)?;
        }
        if let Some(seconds) = cpu() {
            let metric = ConstCounter::new(seconds);
            let help = "Processor time, with that of reading processes that have ended";
            metric.encode(to.encode_descriptor("process_cpu_seconds", help, None, metric.metric_type())?)?;
        }
        Ok(())
    }
}

fn resident() -> Option<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as f64)
}

/// utime, stime, cutime and cstime: fields 14 to 17 of proc_pid_stat(5), counted behind the program's name.
fn cpu() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let ticks: Vec<f64> =
        stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(4).map_while(|t| t.parse().ok()).collect();
    (ticks.len() == 4).then(|| ticks.iter().sum::<f64>() / rustix::param::clock_ticks_per_second() as f64)
}
