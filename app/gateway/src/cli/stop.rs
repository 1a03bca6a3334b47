//! `openclaw gateway stop`.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::cli::{context::Context, failure::Failure, lock::Holder, output};

/// How long a gateway may take to leave. It finishes what it is doing.
const PATIENCE: Duration = Duration::from_secs(45);
/// How often to look whether it has left.
const LOOK: Duration = Duration::from_millis(25);

pub(crate) async fn stop(context: &Context) -> Result<(), Failure> {
    // The lock says that somebody holds it; the start time says that it is
    // still the same somebody.
    let Some(holder) = Holder::of(&context.paths.state_dir).filter(Holder::is_alive) else {
        return tell(context, "not-loaded", "no gateway is running here");
    };
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
    tell(context, "stopped", &format!("stopped the gateway (pid {})", holder.pid))
}

fn tell(context: &Context, result: &str, message: &str) -> Result<(), Failure> {
    if context.json {
        let told: Value =
            json!({ "action": "stop", "ok": true, "result": result, "message": message });
        return Ok(output::json(&told)?);
    }
    Ok(output::line(message)?)
}
