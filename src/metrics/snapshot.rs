//! Gauges that are asked for at the scrape and forgotten after it.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Gauges of one moment.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) registry: Registry,
}

impl Default for Snapshot {
    fn default() -> Snapshot {
        Snapshot { registry: Registry::with_prefix(super::PREFIX) }
    }
}

impl Snapshot {
    /// Adds a gauge with its series; one without any is left out.
    pub fn gauge(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Vec<(&'static str, String)>, f64)>,
    ) {
        let family: Family<Vec<(&'static str, String)>, Gauge<f64, AtomicU64>> = Family::default();
        for (labels, value) in series {
            family.get_or_create(&labels).set(value);
        }
        self.registry.register(name, help, family);
    }
}
