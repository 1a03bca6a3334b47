//! What `systemctl show` says about a unit.

use ports::driven::ServiceRuntime;

/// What is asked for.
pub(crate) const ASKED: &str = "LoadState,UnitFileState,ActiveState,SubState,MainPID,ExecMainStatus,ExecMainCode,Result,\
     ExecMainStartTimestamp";

/// The answer.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    load_state: String,
    unit_file_state: String,
    runtime: ServiceRuntime,
}

impl Shown {
    pub(crate) fn read(text: &str) -> Self {
        let mut shown = Self::default();
        let runtime = &mut shown.runtime;
        for (key, value) in text.lines().filter_map(|line| line.trim().split_once('=')) {
            let word = Some(value.to_owned()).filter(|word| !word.is_empty());
            match key {
                "LoadState" => value.clone_into(&mut shown.load_state),
                "UnitFileState" => value.clone_into(&mut shown.unit_file_state),
                "ActiveState" => runtime.state = word,
                "SubState" => runtime.sub_state = word,
                "MainPID" => runtime.pid = value.parse().ok().filter(|pid| *pid != 0),
                "ExecMainStatus" => runtime.last_exit_status = value.parse().ok(),
                "ExecMainCode" => runtime.last_exit_reason = reason(value),
                "Result" => runtime.last_run_result = word,
                "ExecMainStartTimestamp" => runtime.last_run_time = word,
                _ => (),
            }
        }
        runtime.running = runtime.state.as_ref().map(|state| state == "active");
        shown
    }

    /// When nobody could be asked.
    pub(crate) fn unknown(detail: String) -> Self {
        Self {
            runtime: ServiceRuntime { detail: Some(detail), ..ServiceRuntime::default() },
            ..Self::default()
        }
    }

    /// Whether it starts by itself, or runs.
    pub(crate) fn is_loaded(&self) -> bool {
        let enabled = matches!(&*self.unit_file_state, "enabled" | "enabled-runtime" | "linked");
        self.load_state == "loaded" && (enabled || self.is_active())
    }

    pub(crate) fn is_active(&self) -> bool {
        // One that waits to be started anew, or is starting, is being run.
        let state = self.runtime.state.as_deref();
        matches!(state, Some("active" | "activating" | "reloading"))
    }

    pub(crate) fn into_runtime(self) -> ServiceRuntime {
        self.runtime
    }
}

/// The word for `si_code` of how a process ended; newer versions print the word.
fn reason(code: &str) -> Option<String> {
    let word = match code {
        "" | "0" => return None,
        "1" => "exited",
        "2" => "killed",
        "3" => "dumped",
        other => other,
    };
    Some(word.to_owned())
}

#[test]
fn states() {
    #[rustfmt::skip]
    let table = [
        // load       file        active        loaded  runs
        ("loaded",    "enabled",  "active",     true,   true),
        ("loaded",    "enabled",  "failed",     true,   false),
        ("loaded",    "disabled", "inactive",   false,  false),
        ("loaded",    "disabled", "active",     true,   true),
        ("not-found", "",         "inactive",   false,  false),
        ("masked",    "masked",   "inactive",   false,  false),
    ];
    for (load, file, active, loaded, runs) in table {
        let text = format!("LoadState={load}\nUnitFileState={file}\nActiveState={active}\n");
        let shown = Shown::read(&text);
        assert_eq!(shown.is_loaded(), loaded, "{text}");
        assert_eq!(shown.into_runtime().running, Some(runs), "{text}");
    }
    let text = "MainPID=0\nExecMainStatus=78\nExecMainCode=1\nResult=exit-code\nSubState=\n";
    let runtime = Shown::read(text).into_runtime();
    assert_eq!((runtime.pid, runtime.sub_state), (None, None));
    assert_eq!(runtime.last_exit_status, Some(78));
    assert_eq!(runtime.last_exit_reason.as_deref(), Some("exited"));
}
