//! Plays cases.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize as _;
use serde_json::Value;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    binary::binary,
    cases::{self, Case},
    device::Device,
    environment::Surroundings,
    expect::Expect,
    fixture::Fixture,
    gateway::{Gateway, Launch},
    generate::{Words, merged},
    invariant::{self, Invariant},
    model::EndlessModel,
    report::{Outcome, Played, Report},
    scope::{self, Scope},
    site::Machine,
    stage::{Stage, secrets},
    starting,
    step::{Step, settle},
    watch::Watch,
};

/// How many gateways run at once. They mostly wait.
const AT_ONCE: usize = 8;

/// Plays the cases that `select` names, by their ids or the beginnings of these,
/// separated by commas; or all of them.
pub async fn play_all(select: Option<&str>) -> Result<Report, String> {
    let binary: Arc<Path> = binary().map_err(|error| error.to_string())?.into();
    let file = cases::load().map_err(|error| format!("bad-inputs.json: {error}"))?;
    let paths: Arc<BTreeMap<String, Value>> = Arc::new(file.meta.paths);
    let is_selected = |case: &Case| {
        select.is_none_or(|select| select.split(',').any(|id| case.id.starts_with(id.trim())))
    };
    let mut report = Report::new(&binary);
    let (mut loud, mut quiet) = (Vec::new(), Vec::new());
    for case in file.cases.into_iter().filter(is_selected) {
        match scope::of(&case) {
            Scope::NotYet(not_yet) => report.add(Played::new(&case, Outcome::NotYet(not_yet))),
            Scope::Elsewhere(_) => (),
            Scope::Now if wants_quiet(&case) => quiet.push(case),
            Scope::Now => loud.push(case),
        }
    }
    let seats = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for case in loud {
        let (seats, binary, paths) = (Arc::clone(&seats), Arc::clone(&binary), Arc::clone(&paths));
        tasks.spawn(async move {
            let _seat = seats.acquire().await;
            Played::new(&case, play(&case, &binary, &paths).await)
        });
    }
    while let Some(played) = tasks.join_next().await {
        report.add(played.map_err(|error| error.to_string())?);
    }
    for case in quiet {
        report.add(Played::new(&case, play_quietly(&case, &binary, &paths).await));
    }
    Ok(report)
}

/// Plays a case that measures, with nothing of ours beside it. What else runs on
/// the machine can spoil a measurement, so that it may fail, but not every time.
async fn play_quietly(case: &Case, binary: &Path, paths: &BTreeMap<String, Value>) -> Outcome {
    const TRIES: usize = 3;
    let mut outcome = play(case, binary, paths).await;
    for _ in 1..TRIES {
        if !measures(case) || !matches!(outcome, Outcome::Failed(_)) {
            break;
        }
        outcome = play(case, binary, paths).await;
    }
    outcome
}

/// Whether a case has to be alone on the machine.
fn wants_quiet(case: &Case) -> bool {
    case.surface == "environment" || measures(case)
}

fn measures(case: &Case) -> bool {
    let names = case.expect["invariants"].as_array().into_iter().flatten();
    let mut names = names.filter_map(Value::as_str);
    names.any(|name| Invariant::parse(name).is_ok_and(|it| it.is_measured()))
        || Expect::deserialize(&case.expect).is_ok_and(|expect| expect.is_timed_start())
}

async fn play(case: &Case, binary: &Path, paths: &BTreeMap<String, Value>) -> Outcome {
    let script = match Script::read(case) {
        Ok(script) => script,
        Err(why) => return Outcome::Failed(vec![why]),
    };
    let surroundings = match Surroundings::of(&script.steps) {
        Ok(surroundings) => surroundings,
        Err(why) => return Outcome::ImpossibleHere(why),
    };
    let machine = match script.fixture.machine() {
        Ok(machine) => machine,
        Err(why) => return Outcome::ImpossibleHere(why),
    };
    match script.play(binary.to_owned(), paths, surroundings, machine).await {
        Ok(mismatches) if mismatches.is_empty() => Outcome::Passed,
        Ok(mismatches) => Outcome::Failed(mismatches),
        Err(why) => Outcome::Failed(vec![why]),
    }
}

/// A case that is understood.
struct Script {
    fixture: Fixture,
    /// The devices that are let in beforehand.
    devices: Vec<Device>,
    steps: Vec<Step>,
    expect: Expect,
    invariants: Vec<Invariant>,
}

impl Script {
    fn read(case: &Case) -> Result<Self, String> {
        let words = |error: serde_json::Error| format!("runner does not know: {error}");
        let expect = Expect::deserialize(&case.expect).map_err(words)?;
        let secrets = Words(secrets());
        let invariants = expect
            .invariants
            .iter()
            .map(|name| Invariant::parse(&secrets.fill(name).map_err(|error| error.to_string())?));
        let invariants = invariants.collect::<Result<_, String>>()?;
        let steps = case.steps.iter().map(Step::deserialize).collect::<Result<_, _>>();
        let mut steps: Vec<Step> = steps.map_err(words)?;
        settle(&mut steps, None);
        let (mut fixture, devices) =
            (Fixture::named(&case.fixture)?, Device::paired_in(&case.steps));
        // What is changed while it runs is there before.
        fixture.is_blank &= steps.last().is_some_and(Step::is_start);
        fixture.is_networked |= steps.iter().any(Step::may_reach_out);
        Ok(Self { fixture, devices, steps, expect, invariants })
    }

    /// Plays it, and returns what was expected and did not come.
    async fn play(
        &self,
        binary: PathBuf,
        paths: &BTreeMap<String, Value>,
        surroundings: Surroundings,
        machine: Option<Arc<Machine>>,
    ) -> Result<Vec<String>, String> {
        let needs_model = self.invariants.contains(&Invariant::RunEnds);
        let model = if needs_model { Some(EndlessModel::start().await?) } else { None };
        let mut fixture = self.fixture.clone();
        if let Some(model) = &model {
            fixture.config = merged(fixture.config, &model.config());
        }
        let launch = Launch { binary, fixture, machine, surroundings };
        if let Some((start, before)) = self.steps.split_last()
            && start.is_start()
        {
            return self.play_start(launch, paths, before, start).await;
        }
        let gateway = Gateway::start(launch).await?;
        let mut stage = Stage::new(gateway, paths, model);
        stage.keeps_answers = !self.expect.status_sequence.is_empty();
        stage.prepare(&self.fixture, &self.devices, &self.steps, &self.invariants).await?;
        let watch = Watch::begin(&stage.gateway, &self.invariants).await?;
        for step in &self.steps {
            stage.play(step).await?;
        }
        let mut mismatches = Vec::new();
        mismatches.extend(self.expect.check(&stage.scene()).await.err());
        mismatches.extend(stage.check_full(&self.expect).err());
        for invariant in &self.invariants {
            mismatches.extend(invariant.check(&mut stage.aftermath(&watch)).await.err());
        }
        if !self.invariants.contains(&Invariant::StopsAfterFailure) {
            mismatches.extend(invariant::alive(&mut stage.gateway).err());
        }
        mismatches.extend(invariant::no_panic(&stage.gateway).err());
        mismatches.dedup();
        stage.gateway.stop().await;
        Ok(mismatches)
    }
}

impl Script {
    /// Plays a case that is about whether the gateway starts.
    async fn play_start(
        &self,
        launch: Launch,
        paths: &BTreeMap<String, Value>,
        before: &[Step],
        start: &Step,
    ) -> Result<Vec<String>, String> {
        let runs = launch.fixture.is_running;
        let gateway = if runs { Gateway::start(launch).await? } else { Gateway::idle(launch)? };
        let mut stage = Stage::new(gateway, paths, None);
        if runs {
            stage.prepare(&self.fixture, &self.devices, before, &self.invariants).await?;
        }
        for step in before {
            stage.play(step).await?;
        }
        let database = fs::read(stage.gateway.database()).ok();
        let start = stage.start(start).await?;
        let mut mismatches: Vec<_> = self.expect.check_start(&start).err().into_iter().collect();
        let mut scene = starting::Scene { gateway: &mut stage.gateway, start: &start, database };
        for invariant in &self.invariants {
            mismatches.extend(invariant.check_start(&mut scene).await.err());
        }
        mismatches.extend(invariant::no_panic(&stage.gateway).err());
        stage.gateway.stop().await;
        Ok(mismatches)
    }
}

#[test]
fn every_case_of_this_issue_is_understood() {
    let cases = cases::load().unwrap().cases;
    let mut played = 0;
    for case in cases.iter().filter(|case| scope::of(case) == Scope::Now) {
        let script = Script::read(case);
        assert_eq!(script.map(drop), Ok(()), "{}", case.id);
        played += 1;
    }
    assert_eq!(played, 306);
}

#[test]
fn a_case_that_is_not_understood_is_not_played() {
    let mut case = cases::load().unwrap().cases.remove(0);
    case.expect["smells_good"] = Value::from(true);
    assert!(Script::read(&case).err().unwrap().starts_with("runner does not know"));

    case.expect = serde_json::json!({ "invariants": ["it smells good"] });
    assert!(Script::read(&case).err().unwrap().starts_with("runner does not know"));
}
