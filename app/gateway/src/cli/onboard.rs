//! `openclaw onboard`: setting everything up, by questions or by flags.

mod ask;
mod attic;
mod finish;
mod flags;
mod keys;
mod summary;

use std::sync::Arc;

use async_trait::async_trait;
use config_file::ConfigFile;
use domain::wizard::{Kind, Plan, ProviderPlan, Scope, Section, flag, id};
use ports::driven::{ConfigEdit, ProviderCheck};
use usecases::wizard::{Deps, Options, Outcome, Session, StepError, WriteError};

use self::{attic::Trash, finish::Health, summary::Summary};
use crate::cli::{
    config::change::{refused, try_out},
    context::Context,
    failure::Failure,
    import::claim,
    lock::{Holder, Lock},
    output,
};

pub(crate) use ask::{ask, needs_terminal};
pub(crate) use flags::{ABOUT_SECRETS, Onboard};

/// What to do where nobody can be asked.
const BY_FLAGS: &str = "Say everything by flags: openclaw onboard --non-interactive --accept-risk … \
    (see openclaw onboard --help)";

/// Sets everything up.
pub(crate) async fn onboard(context: &Context, asked: &Onboard) -> Result<(), Failure> {
    let given = asked.flags(context)?;
    let given = given.answers().map_err(|refused| Failure::new(refused.to_string()))?;
    if !asked.non_interactive {
        needs_terminal(context, BY_FLAGS)?;
    }
    if asked.reset {
        // Nobody answers questions only to hear this.
        drop(claimed(context).await?);
    } else {
        try_out(context, ConfigEdit::Merge("{}".to_owned())).await?;
    }
    let service = match asked.service() {
        Some(wanted) => wanted,
        None => finish::has_services(context).await,
    };
    let options = Options {
        scope: Scope::All,
        given,
        resume: !asked.non_interactive,
        unattended: asked.non_interactive,
        check: true,
        service,
    };
    let mut session = Session::new(deps(context), options);
    let stopped = "Stopped. What was answered is kept: openclaw onboard goes on from there.";
    walk(context, &mut session, stopped).await?;
    let mut summary = finish(context, session, !asked.skip_health).await?;
    if asked.daemon_runtime.is_some() {
        let warning = "--daemon-runtime has no meaning here: this program needs none";
        summary.warnings.push(warning.to_owned());
    }
    summary.tell(context, asked)
}

/// Asks about one part of what was set up.
pub(crate) async fn ask_about(context: &Context, section: Section) -> Result<(), Failure> {
    try_out(context, ConfigEdit::Merge("{}".to_owned())).await?;
    let scope = Scope::Sections(vec![section]);
    let options = Options { scope, check: true, service: true, ..Options::default() };
    let mut session = Session::new(deps(context), options);
    walk(context, &mut session, "Stopped. Nothing was changed.").await?;
    finish(context, session, false).await?.tell_part()
}

/// Shows how the gateway is, as the last step of [`onboard`] does.
pub(crate) async fn show_health(context: &Context) -> Result<(), Failure> {
    match finish::look(context, false).await {
        Health::Silent(failure) => Err(failure),
        Health::Stopped => {
            Err(Failure::new("Gateway: not running").with("Start it with: openclaw gateway run"))
        }
        health @ (Health::Answered(_) | Health::Skipped) => {
            Ok(output::line(&output::tame(&health.told().unwrap_or_default()))?)
        }
    }
}

/// What the wizard works with. More than the configuration can be put away only
/// where no gateway works with it.
pub(crate) fn deps(context: &Context) -> Deps {
    let deps = gateway::wizard(&context.paths, &context.config);
    let runs = Holder::of(&context.paths.state_dir).is_some();
    let trash = Trash { paths: context.paths.clone() };
    let check = Arc::new(Telling { asked: deps.check, quiet: context.json });
    Deps { attic: (!runs).then(|| Arc::new(trash) as _), check, ..deps }
}

async fn claimed(context: &Context) -> Result<Lock, Failure> {
    context.paths.create()?;
    claim(&context.paths.state_dir, "onboard").await
}

/// Goes through the questions to their end; whoever does not want to hears
/// `stopped`.
async fn walk(context: &Context, session: &mut Session, stopped: &str) -> Result<(), Failure> {
    loop {
        let step = session.advance().await.map_err(|error| explained(context, error))?;
        let Some(step) = step else { return Ok(()) };
        let answer = match step.id {
            // What to do next is told when all is done.
            id::CLOSING => "".into(),
            _ => ask(&step)?.ok_or_else(|| Failure::new(stopped))?,
        };
        if let Err(bad) = session.answer(answer) {
            if step.kind == Kind::Confirm {
                return Err(Failure::new(bad.reason()));
            }
            output::note(&bad.reason())?;
        }
    }
}

/// Why there is no next question, in the words of the command line.
fn explained(context: &Context, error: StepError) -> Failure {
    let named = |id: &str| flag(id).unwrap_or("an answer").to_owned();
    match error {
        StepError::Answer(bad) => {
            Failure::new(format!("{}: {}", named(bad.question()), bad.reason()))
        }
        StepError::Unanswered(id::RISK) => {
            let message = "an agent can be talked into things by what it reads, and acts with what \
                it was given; say that this is understood with --accept-risk";
            Failure::new(message)
        }
        StepError::Unanswered(id::PROVIDER_KEY) => Failure::new(
            "the provider wants a key: --<provider>-api-key, or its variable in the environment",
        ),
        StepError::Unanswered(id) => Failure::new(format!("{} is missing", named(id))),
        StepError::Provider(_) => Failure::new(error.to_string())
            .with("Name the model with --model to go on anyway, or choose --auth-choice skip."),
        StepError::Pointless("--tailscale") => Failure::new(error.to_string())
            .with("What Tailscale brings comes by loopback: --gateway-bind loopback"),
        StepError::Pointless(_) => Failure::new(error.to_string()),
        StepError::Write(WriteError::Config(error)) => refused(context, &error),
        StepError::Write(error) => Failure::new(error.to_string()),
    }
}

/// Does what is left when the questions are answered.
async fn finish(context: &Context, session: Session, health: bool) -> Result<Summary, Failure> {
    let pointless = session.pointless().into_iter();
    let mut warnings: Vec<_> =
        pointless.map(|flag| format!("{flag} has no place among the other answers")).collect();
    let outcome = session.outcome().clone();
    drop(session);
    // The file says something else now.
    let context = &context.reread();
    if let Some(why) = &outcome.unsure {
        warnings.push(format!("the provider does not answer: {why}"));
    }
    let here = outcome.plan.remote.is_none();
    let token = if here && outcome.plan.local { finish::make_token(context)? } else { None };
    let mut service = None;
    if outcome.plan.service == Some(true) {
        let (message, more) = finish::install_service(context).await?;
        service = Some(message);
        warnings.extend(more);
        warnings.extend(unseen_key(context, &outcome.plan));
    } else if outcome.changed.iter().any(|key| key == "gateway.port")
        && finish::has_installed_service(context)
    {
        let stays = "the installed service keeps its port: openclaw gateway install --force";
        warnings.push(stays.to_owned());
    }
    let health =
        if health { finish::look(context, service.is_some()).await } else { Health::Skipped };
    Ok(Summary { outcome, token, service, health, warnings })
}

/// What to do about a key that is only in the environment of this shell.
fn unseen_key(context: &Context, plan: &Plan) -> Option<String> {
    let provider = plan.provider.as_ref().filter(|provider| provider.key.is_none())?;
    let name = format!("{}_API_KEY", provider.id.to_uppercase());
    let path = &context.paths.config_path;
    let kept = ConfigFile::load(path.clone(), |_| None).variable(&name);
    let shown = path.with_file_name(".env").display().to_string();
    (kept.is_none() && context.config.variable(&name).is_some())
        .then(|| format!("the service does not see {name} of this shell; write it into {shown}"))
}

/// Says that a provider is asked, because that takes a while.
struct Telling {
    asked: Arc<dyn ProviderCheck>,
    quiet: bool,
}

#[async_trait]
impl ProviderCheck for Telling {
    fn keys(&self) -> Vec<String> {
        self.asked.keys()
    }

    async fn models(&self, provider: &ProviderPlan) -> Result<Vec<String>, String> {
        if !self.quiet {
            // Nobody is left to be told.
            let _ = output::note(&format!("Asking {} which models it offers …", provider.id));
        }
        self.asked.models(provider).await
    }
}
