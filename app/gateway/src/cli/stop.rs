//! Stopping a gateway that runs without a service.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::cli::{failure::Failure, lock::Holder};

/// How long a gateway may take to leave. It finishes what it is doing.
const PATIENCE: Duration = Duration::from_secs(45);
/// How often to look whether it has left.
const LOOK: Duration = Duration::from_millis(25);

/// Asks the process to leave and waits until it has. Returns what to say.
pub(crate) async fn stop(holder: &Holder) -> Result<String, Failure> {
    let pid = Pid::from_raw(holder.pid.cast_signed());
    let pid = pid.ok_or_else(|| Failure::new("the gateway's lock names no process"))?;
    kill_process(pid, Signal::TERM)
        .map_err(|error| Failure::new(format!("cannot stop pid {}: {error}", holder.pid)))?;
    let begin = Instant::now();
    while holder.is_alive() {
        if PATIENCE < begin.elapsed() {
            let seconds = PATIENCE.as_secs();
            let message = format!("pid {} has not stopped within {seconds} s", holder.pid);
            return Err(Failure::new(message));
        }
        sleep(LOOK).await;
    }
    Ok(format!("stopped the gateway (pid {})", holder.pid))
}
