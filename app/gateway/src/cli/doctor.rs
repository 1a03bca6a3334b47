//! `openclaw doctor` and `openclaw security audit`: what is the matter, and what
//! can be mended.

mod disk;
mod facts;
mod mend;

use std::{
    io::{self, IsTerminal},
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Args, Subcommand};
use domain::checkup::{Area, Finding, Repair, Severity, Summary};
use ports::driven::{ConfigSource, ServiceStatus};
use serde_json::{Value, json};

use self::facts::Gathered;
use crate::cli::{context::Context, failure::Failure, output, service::Service};

/// What to look at, and whether to mend it.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Doctor {
    /// Mend what can be mended.
    #[arg(long, visible_alias = "repair")]
    fix: bool,
    /// Do not ask first.
    #[arg(long, short)]
    yes: bool,
    /// Ask nothing, and change nothing that a running gateway would notice.
    #[arg(long)]
    non_interactive: bool,
    /// Look longer: at a large store, at services of the whole system.
    #[arg(long)]
    deep: bool,
    /// Put a new token in the place of the one in the state directory.
    #[arg(long)]
    generate_gateway_token: bool,
    /// Accepted for old scripts.
    #[arg(long, hide = true, alias = "no-workspace-suggestions", overrides_with = "force")]
    force: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Security {
    /// Find what lets others in, or could.
    Audit(Audit),
}

/// What to look at, and whether to mend it.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Ask the gateway as well.
    #[arg(long)]
    deep: bool,
    /// Mend what can be mended.
    #[arg(long)]
    fix: bool,
}

/// Finds out what is the matter with the gateway and this machine. An error when
/// something critical stays.
pub(crate) async fn doctor(context: &Context, asked: &Doctor) -> Result<(), Failure> {
    let mut done = Vec::new();
    if asked.generate_gateway_token {
        done.push(renew_token(context)?);
    }
    let look = facts::Look { deep: asked.deep, security_only: false };
    let mut gathered = Gathered::gather(context, look).await;
    let mut findings = gathered.facts().judge();
    if asked.fix {
        let repairs = asked.permitted(context, &findings)?;
        if !repairs.is_empty() {
            done.extend(mend::all(context, &repairs).await);
            gathered = Gathered::gather(context, look).await;
            findings = gathered.facts().judge();
        }
    }
    report(context, &findings, &done, None)
}

/// The part of it that is about security.
pub(crate) async fn audit(context: &Context, asked: &Audit) -> Result<(), Failure> {
    let look = facts::Look { deep: asked.deep, security_only: true };
    let mut gathered = Gathered::gather(context, look).await;
    let mut findings = about_security(&gathered);
    let mut done = Vec::new();
    if asked.fix {
        let quiet: Vec<_> = repairs(&findings).filter(Repair::is_quiet).collect();
        done = mend::all(context, &quiet).await;
        gathered = Gathered::gather(context, look).await;
        findings = about_security(&gathered);
    }
    let deep = if asked.deep { gathered.reached() } else { None };
    report(context, &findings, &done, deep)
}

/// What the audit finds without asking the gateway, for an overview.
pub(crate) async fn overview(context: &Context) -> Value {
    let look = facts::Look { deep: false, security_only: true };
    let gathered = Gathered::gather(context, look).await;
    let findings = about_security(&gathered);
    json!({ "summary": Summary::of(&findings), "findings": findings })
}

fn about_security(gathered: &Gathered) -> Vec<Finding> {
    let findings = gathered.facts().judge().into_iter();
    findings.filter(|finding| finding.area == Area::Security).collect()
}

/// What to say about a service, in the shape of `configAudit`.
pub(crate) fn about_service(service: &Service, status: &ServiceStatus) -> Vec<Value> {
    let findings = facts::service(service, status, Vec::new()).judge();
    let told = |it: &Finding| {
        json!({
            "code": it.check_id, "message": it.title, "detail": it.detail, "level": it.severity,
        })
    };
    findings.iter().map(told).collect()
}

impl Doctor {
    /// The repairs that may be made: all of them when somebody agrees, the quiet
    /// ones when nobody can be asked.
    fn permitted(&self, context: &Context, findings: &[Finding]) -> Result<Vec<Repair>, Failure> {
        let all: Vec<_> = repairs(findings).collect();
        if self.yes || all.is_empty() {
            return Ok(all);
        }
        if self.non_interactive || context.json || !io::stdin().is_terminal() {
            return Ok(all.into_iter().filter(Repair::is_quiet).collect());
        }
        for finding in findings.iter().filter(|finding| finding.repair.is_some()) {
            output::note(&output::tame(&format!("{}: {}", finding.title, finding.detail)))?;
        }
        output::prompt(&format!("Mend {} of these? [y/N] ", all.len()))?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        let agreed = matches!(answer.trim(), "y" | "Y" | "yes");
        Ok(if agreed { all } else { Vec::new() })
    }
}

fn repairs(findings: &[Finding]) -> impl Iterator<Item = Repair> {
    findings.iter().filter_map(|finding| finding.repair.clone())
}

fn renew_token(context: &Context) -> Result<String, Failure> {
    let state_dir = &context.paths.state_dir;
    let renewed = context.paths.create().map_err(|error| error.to_string());
    let renewed = renewed
        .and_then(|()| secrets_file::renew_token(state_dir).map_err(|error| error.to_string()));
    renewed.map_err(Failure::new)?;
    let place = secrets_file::token_path(state_dir);
    let counts = context.config.current().gateway.auth.token.is_none()
        && context.variable("GATEWAY_TOKEN").is_none();
    let but = if counts { "" } else { "; another one is configured, and counts" };
    Ok(format!("a new token is in {}{but}", place.display()))
}

/// Tells what was found and done.
fn report(
    context: &Context,
    findings: &[Finding],
    done: &[String],
    deep: Option<Value>,
) -> Result<(), Failure> {
    let summary = Summary::of(findings);
    if context.json {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut told = json!({
            "ts": now.as_millis(), "ok": summary.critical == 0, "summary": summary,
            "findings": findings, "fixed": done,
        });
        if let Some(deep) = deep {
            told["deep"] = deep;
        }
        output::json(&told)?;
    } else {
        for finding in findings {
            output::line(&output::tame(&in_words(finding)))?;
        }
        for done in done {
            output::line(&output::tame(&format!("Done: {done}")))?;
        }
        let Summary { critical, warn, info } = summary;
        output::line(&format!("{critical} critical, {warn} to change, {info} to know"))?;
    }
    if summary.critical == 0 { Ok(()) } else { Err(Failure::new("")) }
}

fn in_words(finding: &Finding) -> String {
    let word = match finding.severity {
        Severity::Critical => "critical",
        Severity::Warn => "warn",
        Severity::Info => "info",
    };
    let advice = finding.remediation.iter().map(|text| format!("\n    Do: {text}"));
    let head = format!("[{word}] {} ({})", finding.title, finding.check_id);
    format!("{head}\n    {}{}", finding.detail, advice.collect::<String>())
}
