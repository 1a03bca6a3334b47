//! Taking a call: who it is from, what it is about, whether it came before.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    hooks::{Action, DeliveryKeys, Draft, Scene, SignatureError, Tree},
    ids::RunId,
    time::Timestamp,
};
use ports::{
    Json,
    driven::{Transform, Urgency},
    driving::{HookAnswer, HookCall, HookEntry, HookRefusal},
};
use serde::Serialize;
use tracing::{debug, warn};

use super::{
    Webhooks,
    kept::{Done, Kept, NewDelivery},
    perform::unavailable,
    settings::{Configured, Settings, Signer, Step, is_own},
};
use crate::iso;

/// How long the transforms of one call may take together.
const TRANSFORMS: Duration = Duration::from_secs(30);
/// What a caller is told who wants the answer to be sent on.
const UNDELIVERED: &str =
    "no channel is running: the answer stays in its conversation and is not delivered";

/// A call that was taken.
pub(super) struct Taken {
    done: Done,
    waits: bool,
}

/// A call, understood as far as it can be before it is known whether it is new.
struct Job<'a> {
    settings: &'a Settings,
    subject: Subject<'a>,
    path: &'a str,
    call: &'a HookCall,
    payload: Tree,
    now: String,
}

/// What a call is about.
#[derive(Clone, Copy)]
enum Subject<'a> {
    Wake,
    Agent,
    Mapped(&'a Configured),
}

impl Webhooks {
    /// Takes a call, unless it came before: then what came of it then counts.
    pub(super) async fn take(
        &self,
        entry: HookEntry,
        call: HookCall,
    ) -> Result<Taken, HookRefusal> {
        let settings = self.settings()?;
        let now = self.0.deps.clock.now();
        let proven = self.proven(&settings, &entry.path, &call, now);
        if !entry.is_known && proven.is_empty() {
            return Err(self.turn_away(&entry));
        }
        let payload = parse(&call.body)?;
        let subject = match &*entry.path {
            "wake" => Subject::Wake,
            "agent" => Subject::Agent,
            path => {
                let mut mappings = settings.mappings.iter().enumerate();
                let (index, configured) = mappings
                    .find(|(_, it)| it.mapping.takes(path, &payload))
                    .ok_or(HookRefusal::NotFound)?;
                let may = if configured.signer.is_some() {
                    proven.contains(&index)
                } else {
                    entry.is_known
                };
                if !may {
                    return Err(self.turn_away(&entry));
                }
                Subject::Mapped(configured)
            }
        };
        let waits = matches!(subject, Subject::Agent)
            && payload.get("waitForCompletion") == Some(&Tree::Bool(true));
        let mut keys = DeliveryKeys::default();
        let chosen = chosen_key(&call, &payload)?;
        if let Some(key) = &chosen {
            keys.chosen(&entry.path, key);
        }
        let digest = self.0.deps.digests.sha256(&call.body);
        if let Subject::Mapped(Configured { signer: Some(signer), .. }) = subject {
            signer.name(&mut keys, &entry.path, &call, &payload);
            keys.signed(&entry.path, &digest);
        }
        let job = Job {
            settings: &settings,
            subject,
            path: &entry.path,
            call: &call,
            payload,
            now: iso(now),
        };
        let done = self.once(&job, &keys, chosen.is_some(), digest, now).await?;
        Ok(Taken { done, waits })
    }

    /// Carries a call out, unless one with these names was.
    async fn once(
        &self,
        job: &Job<'_>,
        keys: &DeliveryKeys,
        is_chosen: bool,
        digest: String,
        now: Timestamp,
    ) -> Result<Done, HookRefusal> {
        let run = self.0.deps.entropy.uuid();
        if keys.is_empty() {
            return self.carry_out(job, &run).await;
        }
        let kept = self.kept().await?;
        let (delivery, new) = kept.find_or_put(keys, run, digest.clone(), now);
        if is_chosen && delivery.digest != digest {
            return Err(HookRefusal::Conflict);
        }
        let journal = &self.0.deps.journal;
        let place = new.map(|NewDelivery { place, outdated }| {
            if !outdated.is_empty() {
                drop(journal.submit(outdated, Urgency::Lazy));
            }
            place
        });
        let carried = delivery.done.get_or_try_init(|| async {
            // Its name comes first: after a crash, the same call begins the same
            // runs, and those that began already are not begun again.
            delivery.begin(&**journal).await.map_err(unavailable)?;
            let done = self.carry_out(job, &delivery.run).await?;
            // Without it, the same call would look for its runs and find them.
            drop(delivery.finish(&done, &**journal));
            Ok(done)
        });
        let carried = carried.await.cloned();
        if let (Err(refusal), Some(place)) = (&carried, place)
            && !matches!(refusal, HookRefusal::Unavailable { .. })
            && let Some(change) = kept.forget(place)
        {
            drop(journal.submit(vec![change], Urgency::Lazy));
        }
        carried
    }

    async fn kept(&self) -> Result<&Kept, HookRefusal> {
        let deps = &self.0.deps;
        let read = || Kept::read(&*deps.archive, &*deps.journal);
        let read = self.0.kept.get_or_try_init(read);
        read.await.map_err(unavailable)
    }

    /// The mappings whose signature is on the call.
    fn proven(
        &self,
        settings: &Settings,
        path: &str,
        call: &HookCall,
        now: Timestamp,
    ) -> Vec<usize> {
        if is_own(path) {
            return Vec::new();
        }
        let sealed = settings.signers(path).filter(|(_, signer)| {
            let sealed = self.is_sealed(signer, call, now);
            sealed.inspect_err(|why| debug!(%why, "a webhook is not signed")).unwrap_or_default()
        });
        sealed.map(|(index, _)| index).collect()
    }

    fn is_sealed(
        &self,
        signer: &Signer,
        call: &HookCall,
        now: Timestamp,
    ) -> Result<bool, SignatureError> {
        let Some(secret) = &signer.secret else { return Ok(false) };
        let header = header(call, &signer.header);
        let claim = signer.scheme.read(header, now, signer.tolerance)?;
        let is_seal =
            |seal: &[u8; 32]| self.0.deps.macs.is_seal(secret, &claim.before, &call.body, seal);
        Ok(claim.tags.iter().any(is_seal))
    }

    async fn carry_out(&self, job: &Job<'_>, run: &str) -> Result<Done, HookRefusal> {
        let rules = &job.settings.rules;
        let (actions, is_list) = match job.subject {
            Subject::Wake => {
                let draft = Draft::of_wake_call(&job.payload);
                (vec![(run.to_owned(), draft.decide(rules, run).map_err(invalid)?)], false)
            }
            Subject::Agent => {
                let draft = Draft::of_agent_call(&job.payload).map_err(invalid)?;
                (vec![(run.to_owned(), draft.decide(rules, run).map_err(invalid)?)], false)
            }
            Subject::Mapped(configured) => {
                let mapped = self.mapped(job, configured, run);
                let mapped = tokio::time::timeout(TRANSFORMS, mapped).await;
                let actions = mapped.unwrap_or_else(|_| {
                    warn!("the transforms of a webhook take too long");
                    Err(HookRefusal::Broken)
                })?;
                (actions, configured.mapping.for_each.is_some())
            }
        };
        self.perform(actions, is_list, job.settings.max_runs).await
    }

    /// What a mapping makes of a call: one thing, or one for each element of a
    /// list, except where a transform says that there is nothing to do.
    async fn mapped(
        &self,
        job: &Job<'_>,
        configured: &Configured,
        run: &str,
    ) -> Result<Vec<(String, Action)>, HookRefusal> {
        let mapping = &configured.mapping;
        let mut actions = Vec::new();
        for occasion in mapping.occasions(job.payload.clone()).map_err(invalid)? {
            let item = occasion.item.as_ref().map(|(index, item)| (*index, item));
            let scene = Scene {
                path: job.path,
                now: &job.now,
                headers: &job.call.headers,
                query: &job.call.query,
                payload: &occasion.payload,
                item,
            };
            let mut draft = mapping.draft(&scene);
            match &configured.step {
                Step::None => (),
                Step::Program(program) => match self.transform(program, job, &scene).await? {
                    Tree::Null => continue,
                    said => draft = draft.transformed(&said).map_err(invalid)?,
                },
                Step::Module(module) => {
                    warn!(%module, "JavaScript modules are not run: use transform.command");
                    return Err(HookRefusal::Broken);
                }
            }
            let run = item.map_or_else(|| run.to_owned(), |(index, _)| format!("{run}-{index}"));
            let action = draft.decide(&job.settings.rules, &run).map_err(invalid)?;
            actions.push((run, action));
        }
        Ok(actions)
    }

    async fn transform(
        &self,
        program: &Transform,
        job: &Job<'_>,
        scene: &Scene<'_>,
    ) -> Result<Tree, HookRefusal> {
        #[derive(Serialize)]
        struct Input<'a> {
            payload: &'a Tree,
            headers: BTreeMap<&'a str, &'a str>,
            url: &'a str,
            path: &'a str,
        }

        let headers = scene.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let input = Input { payload: scene.payload, headers, url: &job.call.url, path: job.path };
        // Nobody closes it.
        let _turn = self.0.transforming.acquire().await;
        let said = self.0.deps.transforms.run(program.clone(), Json::of(&input)).await;
        let said = said.map_err(|error| {
            warn!(
                program = program.program,
                error = &error as &dyn std::error::Error,
                "a webhook's transform failed"
            );
            HookRefusal::Broken
        })?;
        serde_json::from_str(said.as_str()).map_err(|_| HookRefusal::Broken)
    }
}

impl Signer {
    /// Adds what its sender calls the delivery.
    fn name(&self, keys: &mut DeliveryKeys, path: &str, call: &HookCall, payload: &Tree) {
        let in_header = self.delivery_header.as_deref().and_then(|name| header(call, name));
        let in_body = self.scheme.delivery_field().and_then(|name| payload.get(name));
        let names = in_header.into_iter().chain(in_body.and_then(Tree::as_text));
        for name in names.map(str::trim).filter(|name| is_key(name)) {
            keys.named(path, name);
        }
    }
}

impl Taken {
    /// Whether the caller waits for the ends of runs.
    pub(super) fn waits(&self) -> bool {
        self.waits && matches!(self.done, Done::Asked { .. })
    }

    /// The runs that were begun.
    pub(super) fn runs(&self) -> &[RunId] {
        match &self.done {
            Done::Asked { runs, .. } => runs,
            Done::Woken(_) | Done::Nothing => &[],
        }
    }

    /// Whether it was about a list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.done, Done::Asked { is_list: true, .. })
    }

    /// What the caller should know.
    pub(super) fn note(&self) -> Option<&'static str> {
        matches!(self.done, Done::Asked { is_undelivered: true, .. }).then_some(UNDELIVERED)
    }

    /// What the caller is told who does not wait.
    pub(super) fn answer(&self) -> HookAnswer {
        match &self.done {
            Done::Woken(mode) => HookAnswer::Woken(*mode),
            Done::Nothing => HookAnswer::Nothing,
            Done::Asked { runs, is_list, .. } => {
                HookAnswer::Asked { runs: runs.clone(), is_list: *is_list, note: self.note() }
            }
        }
    }
}

fn header<'a>(call: &'a HookCall, name: &str) -> Option<&'a str> {
    call.headers.iter().find(|(own, _)| **own == *name).map(|(_, value)| &**value)
}

/// The key the caller chose, so that the same call is carried out once.
fn chosen_key(call: &HookCall, payload: &Tree) -> Result<Option<String>, HookRefusal> {
    const HEADERS: [&str; 2] = ["idempotency-key", "x-openclaw-idempotency-key"];
    let in_header = HEADERS.into_iter().find_map(|name| header(call, name));
    let in_body = || payload.get("idempotencyKey").and_then(Tree::as_text);
    let key = in_header.or_else(in_body).map(str::trim).filter(|key| !key.is_empty());
    match key {
        Some(key) if !is_key(key) => {
            let most = DeliveryKeys::MAX_KEY;
            Err(invalid(format!("idempotencyKey has to be a text of at most {most} bytes")))
        }
        key => Ok(key.map(str::to_owned)),
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.len() <= DeliveryKeys::MAX_KEY && !text.chars().any(char::is_control)
}

/// The body as JSON; an empty one says nothing.
fn parse(body: &[u8]) -> Result<Tree, HookRefusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| invalid(format!("invalid JSON: {error}")))
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn invalid(why: impl ToString) -> HookRefusal {
    HookRefusal::Invalid(why.to_string())
}
