//! Settings that every service has; each may be a flag or an environment variable.

use std::time::Duration;

use clap::Args;

/// Reads a duration given in milliseconds.
pub fn parse_millis(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_millis).map_err(|_| format!("`{text}` is not a whole number"))
}

/// Settings common to all services.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Common {
    /// The secret that internal calls between the services carry.
    #[arg(long, env = "INTERNAL_TOKEN", hide_env_values = true)]
    pub internal_token: String,

    /// Longest time that a reader of a feed is kept waiting for the next event, in milliseconds.
    #[arg(long, env = "FEED_WAIT_MS", default_value = "20000", value_parser = parse_millis)]
    pub feed_wait: Duration,

    /// How often a waiting reader's feed looks for events that another replica wrote, in
    /// milliseconds. Events of the same replica are seen at once.
    #[arg(long, env = "FEED_RECHECK_MS", default_value = "500", value_parser = parse_millis)]
    pub feed_recheck: Duration,

    /// How often a worker looks for work that another replica left, in milliseconds. Work of the
    /// same replica is seen at once.
    #[arg(long, env = "WORKER_POLL_MS", default_value = "1000", value_parser = parse_millis)]
    pub worker_poll: Duration,
}

impl Common {
    /// The defaults with a token.
    pub fn with_token(token: impl Into<String>) -> Self {
        Self {
            internal_token: token.into(),
            feed_wait: Duration::from_secs(20),
            feed_recheck: Duration::from_millis(500),
            worker_poll: Duration::from_secs(1),
        }
    }
}
