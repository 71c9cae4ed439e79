//! The log: to stderr, in lines for people or as JSON for machines (docs/logging.md).
//!
//! `FAXBRIDGE_LOG` says how much (`debug`, or for each module as in `faxbridge::intake=debug,info`), `FAXBRIDGE_LOG_FORMAT`
//! in which form (`text`, `json`). No patient data at any level: what a panic of the daemon says may quote a page's text,
//! so only its place is told.

mod json;

use std::io;

use tracing::Level;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::metrics::{LogLevel, Metrics};

/// Begins to log from `level` up. For the daemon, which has metrics: warnings and errors are counted, and panics are
/// told without their words.
pub fn start(level: &str, metrics: Option<Metrics>) {
    let filter = EnvFilter::try_from_env("FAXBRIDGE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let format = std::env::var("FAXBRIDGE_LOG_FORMAT").unwrap_or_default();
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = if format == "json" { lines.event_format(json::Json).boxed() } else { lines.boxed() };
    let counts = metrics.clone().map(|m| Counts(m).with_filter(LevelFilter::WARN));
    // Nobody else sets one in this process; a second would only be refused.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).with(counts).try_init();
    if !matches!(format.as_str(), "" | "text" | "json") {
        tracing::warn!("FAXBRIDGE_LOG_FORMAT must be text or json; text is used");
    }
    if metrics.is_some() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, why = harmless(panic.payload()), "a fault of the program");
        }));
    }
}

/// What a panic says, where that stands in the program word for word: anything that was put together may hold what was
/// read from a page.
fn harmless(payload: &dyn std::any::Any) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("not told, as it may quote a page")
}

/// Counts warnings and errors, whatever is written of them.
struct Counts(Metrics);

impl<S: tracing::Subscriber> Layer<S> for Counts {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        match *event.metadata().level() {
            Level::ERROR => self.0.logged(LogLevel::Error),
            Level::WARN => self.0.logged(LogLevel::Warn),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_panic_tells_only_what_stands_in_the_program() {
        assert_eq!(harmless(&"a literal"), "a literal");
        assert!(!harmless(&format!("byte index 1 of {}", "柏 花子")).contains("柏"));
    }
}
