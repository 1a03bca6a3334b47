//! The command line: what can be typed, and who does it.

mod agent;
mod answer;
mod approvals;
mod auth;
mod backup;
mod call;
mod chat;
mod config;
mod configure;
mod connect;
mod context;
mod dashboard;
mod devices;
mod discover;
mod doctor;
mod failure;
mod health;
mod import;
mod lock;
mod logs;
mod manual;
mod node;
mod nodes;
mod onboard;
mod output;
mod pairing;
mod pick;
mod port;
mod probe;
mod run;
mod service;
mod sessions;
mod setup;
mod status;
mod stop;
mod update;
mod usage_cost;

use std::{
    ffi::OsString,
    pin::{Pin, pin},
    process::ExitCode,
};

use clap::{Args, CommandFactory, Parser, Subcommand, error::ErrorKind};
use clap_complete::Shell;
use ports::driven::ServiceKind;

use self::{context::Context, failure::Failure};

const GATEWAY: ServiceKind = ServiceKind::Gateway;
const NODE: ServiceKind = ServiceKind::Node;

/// A gateway between chat and agents.
#[derive(Debug, Parser)]
#[command(name = "openclaw", version, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
struct Global {
    /// Keep state and configuration apart under this name.
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// The profile `dev`, on port 19001.
    #[arg(long, global = true)]
    dev: bool,
    /// No colours.
    #[arg(long, global = true)]
    no_color: bool,
    /// Print JSON and nothing else.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set everything up, question by question.
    #[command(after_long_help = onboard::ABOUT_SECRETS)]
    Onboard(Box<onboard::Onboard>),
    /// Write what a gateway needs to begin with; with more than --workspace, the
    /// same as `onboard`.
    #[command(after_long_help = onboard::ABOUT_SECRETS)]
    Setup(Box<setup::Setup>),
    /// Change parts of what was set up, question by question.
    Configure(configure::Configure),
    /// Run the gateway, or look after the one that runs.
    #[command(visible_alias = "daemon")]
    Gateway(Box<Gateway>),
    /// Show the gateway's log.
    Logs(logs::Logs),
    /// Show how the gateway is doing.
    Status(connect::Rpc),
    /// Ask the gateway whether it is well.
    Health(connect::Rpc),
    /// List conversations.
    Sessions(sessions::Sessions),
    /// Ask an agent, and print its answer as it comes.
    Agent(agent::Agent),
    /// Talk with an agent.
    Chat(chat::Chat),
    /// Let a browser in, and show it the dashboard.
    Dashboard(dashboard::Dashboard),
    /// Decide which devices may connect, and as what.
    #[command(subcommand)]
    Devices(Box<devices::Devices>),
    /// Make a setup code for a phone, and draw it.
    Qr(devices::setup_code::SetupCode),
    /// Decide about whoever waits, devices and nodes.
    #[command(subcommand)]
    Pairing(pairing::Pairing),
    /// Look after the machines that carry out commands.
    #[command(subcommand)]
    Nodes(Box<nodes::Nodes>),
    /// Decide which commands may run.
    #[command(subcommand, visible_alias = "exec-approvals")]
    Approvals(Box<approvals::Approvals>),
    /// Make, check and put back backups of the state.
    #[command(subcommand)]
    Backup(backup::Backup),
    /// Take over the state of another OpenClaw.
    Import(import::Import),
    /// Explain who is let in, and with what.
    #[command(subcommand)]
    Auth(auth::Auth),
    /// Read and change the configuration file; alone, the same as `configure`.
    Config(Box<config::Config>),
    /// Let the gateway run commands on this machine.
    #[command(subcommand)]
    Node(NodeCommand),
    /// Bring this program up to date, by the tool that installed it.
    Update(update::Update),
    /// Find out what is the matter with the gateway and this machine.
    Doctor(doctor::Doctor),
    /// Look after the security of the gateway.
    #[command(subcommand)]
    Security(doctor::Security),
    /// Print a completion script for a shell.
    Completion(Completion),
    /// Print a page of the manual.
    #[command(hide = true)]
    Man(manual::Manual),
}

#[derive(Debug, Args)]
struct Gateway {
    #[command(flatten)]
    run: run::Run,
    #[command(subcommand)]
    command: Option<GatewayCommand>,
}

#[derive(Debug, Subcommand)]
enum GatewayCommand {
    /// Run the gateway in the foreground.
    Run(run::Run),
    /// Let the system start the gateway, and keep it running.
    Install(service::install::Install),
    /// Take that back.
    Uninstall(service::Which),
    /// Start the gateway's service.
    Start(service::Which),
    /// Stop the gateway that runs on this machine.
    Stop(service::Which),
    /// Start the gateway of this machine anew.
    Restart(service::Which),
    /// Show whether the gateway runs and answers.
    Status(service::status::Asked),
    /// Ask the gateway whether it is well.
    Health(connect::Rpc),
    /// Show what was used, and what that cost.
    UsageCost(usage_cost::UsageCost),
    /// Try to reach the gateway.
    Probe(connect::Rpc),
    /// Call a method of the gateway.
    Call(call::Call),
    /// List the gateways on the local network.
    Discover(discover::Discover),
}

#[derive(Debug, Subcommand)]
enum NodeCommand {
    /// Connect this machine to a gateway as a node, and stay connected.
    Run(Box<node::Run>),
    /// Let the system start it, and keep it connected.
    Install(Box<service::install::InstallNode>),
    /// Take that back.
    Uninstall(service::Which),
    /// Start its service.
    Start(service::Which),
    /// Stop its service.
    Stop(service::Which),
    /// Start its service anew.
    Restart(service::Which),
    /// Show as which device this machine would connect, and what may run here.
    Status,
}

#[derive(Debug, Args)]
struct Completion {
    /// For which shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Does what was typed, and says how the process ends.
pub(crate) fn main() -> ExitCode {
    let typed: Vec<_> = std::env::args_os().collect();
    match Cli::try_parse_from(&typed) {
        Ok(cli) => execute(cli),
        Err(error) => misused(&typed, &error),
    }
}

fn execute(cli: Cli) -> ExitCode {
    let Cli { global, command } = cli;
    output::choose_colour(global.no_color);
    let json = global.json;
    let done = match command {
        Command::Completion(asked) => complete(asked.shell),
        Command::Man(asked) => manual::manual(&asked, Cli::command()),
        command => on_runtime(&global, command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

/// Says that what was typed makes no sense, or prints the help or the version.
fn misused(typed: &[OsString], error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Nobody is left to be told that the pipe is broken.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if typed.iter().any(|word| word == "--json") {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        return Failure::new(first.trim_start_matches("error: ")).report(true);
    }
    let _ = error.print();
    ExitCode::FAILURE
}

/// Everything but the pure output runs on one thread of tokio.
fn on_runtime(global: &Global, command: Command) -> Result<(), Failure> {
    let context = Context::new(global)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Named only by what it is: otherwise the runtime would hold three copies of
    // everything that can be done, one for each way it has of running it.
    let work: Pin<&mut dyn Future<Output = _>> = pin!(dispatch(&context, command));
    let done = runtime.block_on(work);
    // A read from the terminal that is still waiting must not keep us.
    runtime.shutdown_background();
    done
}

async fn dispatch(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Onboard(asked) => onboard::onboard(context, &asked).await,
        Command::Setup(asked) => setup::setup(context, &asked).await,
        Command::Configure(asked) => configure::configure(context, &asked).await,
        Command::Dashboard(asked) => dashboard::dashboard(context, &asked).await,
        Command::Gateway(gateway) => look_after(context, *gateway).await,
        Command::Logs(logs) => logs::logs(context, &logs).await,
        Command::Status(rpc) => status::status(context, &rpc).await,
        Command::Health(rpc) => health::health(context, &rpc).await,
        Command::Sessions(sessions) => sessions::sessions(context, &sessions).await,
        Command::Agent(agent) => agent::agent(context, &agent).await,
        Command::Chat(chat) => chat::chat(context, &chat).await,
        Command::Devices(command) => devices::devices(context, &command).await,
        Command::Qr(asked) => devices::setup_code::setup_code(context, &asked).await,
        Command::Pairing(command) => pairing::pairing(context, &command).await,
        Command::Nodes(command) => nodes::nodes(context, &command).await,
        Command::Approvals(command) => approvals::approvals(context, &command).await,
        Command::Backup(command) => backup::backup(context, &command).await,
        Command::Import(asked) => import::import(context, &asked).await,
        Command::Auth(command) => auth::auth(context, &command).await,
        Command::Config(command) => config::config(context, &command).await,
        Command::Node(command) => look_after_node(context, command).await,
        Command::Update(asked) => update::update(context, &asked).await,
        Command::Doctor(asked) => doctor::doctor(context, &asked).await,
        Command::Security(doctor::Security::Audit(asked)) => doctor::audit(context, &asked).await,
        Command::Completion(asked) => complete(asked.shell),
        Command::Man(asked) => manual::manual(&asked, Cli::command()),
    }
}

async fn look_after(context: &Context, Gateway { run, command }: Gateway) -> Result<(), Failure> {
    let Some(command) = command else { return run::run(context, run).await };
    if run != run::Run::default() {
        return Err(Failure::new("put the options of a gateway command behind its name"));
    }
    match command {
        GatewayCommand::Run(run) => run::run(context, run).await,
        GatewayCommand::Install(asked) => service::install::gateway(context, &asked).await,
        GatewayCommand::Uninstall(which) => service::uninstall(context, GATEWAY, &which).await,
        GatewayCommand::Start(which) => service::start(context, GATEWAY, &which).await,
        GatewayCommand::Stop(which) => service::stop(context, GATEWAY, &which).await,
        GatewayCommand::Restart(which) => service::restart(context, GATEWAY, &which).await,
        GatewayCommand::Status(asked) => service::status::status(context, &asked).await,
        GatewayCommand::Health(rpc) => health::health(context, &rpc).await,
        GatewayCommand::UsageCost(asked) => usage_cost::usage_cost(context, &asked).await,
        GatewayCommand::Probe(rpc) => probe::probe(context, &rpc).await,
        GatewayCommand::Call(call) => call::call(context, &call).await,
        GatewayCommand::Discover(asked) => discover::discover(context, &asked).await,
    }
}

async fn look_after_node(context: &Context, command: NodeCommand) -> Result<(), Failure> {
    match command {
        NodeCommand::Run(run) => node::run(context, &run).await,
        NodeCommand::Install(asked) => service::install::node(context, &asked).await,
        NodeCommand::Uninstall(which) => service::uninstall(context, NODE, &which).await,
        NodeCommand::Start(which) => service::start(context, NODE, &which).await,
        NodeCommand::Stop(which) => service::stop(context, NODE, &which).await,
        NodeCommand::Restart(which) => service::restart(context, NODE, &which).await,
        NodeCommand::Status => node::status(context).await,
    }
}

fn complete(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "openclaw", &mut script);
    output::raw(&script)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_can_be_typed() {
        #[rustfmt::skip]
        let table = [
            ("gateway", true), ("gateway run", true), ("gateway --port 1", true),
            ("gateway run --port 1 --bind lan --auth token --token t --verbose --force", true),
            ("gateway run --allow-unconfigured --ws-log full --compact", true),
            ("gateway --dev run", true), ("--profile x gateway run", true),
            ("gateway install --port 1 --force --json --runtime node --token -t", true),
            ("gateway install --system", true), ("daemon install", true), ("daemon status", true),
            ("gateway uninstall", true), ("gateway start", true), ("gateway restart --wait", true),
            ("gateway stop --disable", true), ("gateway status --deep --no-probe", true),
            ("node install --host x --port 1 --force", true), ("node stop", true),
            ("node uninstall --system", true), ("node start", true), ("node restart", true),
            ("doctor --fix --yes --non-interactive --deep --json", true),
            ("doctor --repair --generate-gateway-token", true),
            ("doctor --force --no-workspace-suggestions", true), ("doctor --unknown", false),
            ("security audit --deep --fix --json", true), ("security", false),
            ("gateway stop --json", true), ("gateway status --timeout 5", true),
            ("gateway health", true), ("gateway probe --url ws://x:1", true),
            ("gateway status --url wss://x:1 --tls-fingerprint sha256:00 --allow-insecure", true),
            ("gateway call health --params {} --expect-final --token t", true),
            ("gateway discover --timeout 500 --json", true), ("gateway discover --timeout 0", false),
            // One of 64 tokens of ours begins so.
            ("gateway status --token -z", true), ("gateway run --token -z", true),
            ("gateway call", false), ("gateway dance", false), ("gateway --port", false),
            ("logs", true), ("logs tail", true), ("logs --follow --plain --limit 5", true),
            ("logs head", false), ("status --json", true), ("health --timeout 1", true),
            ("sessions --active 5", true), ("sessions --active x", false),
            ("agent --message hello --session main --agent x --thinking low --timeout 5", true),
            ("agent -m hello --session-key agent:main:main", true), ("agent", false),
            ("chat", true), ("chat --session x", true), ("completion bash", true),
             ("node run --host gateway.local --port 1 --display-name desk --token t", true),
             ("node run --url ws://x:1 --host y", false), ("node status --json", true), ("node", false),
            ("completion tcsh", false), ("", false), ("--no-color health", true),
            ("devices", false), ("devices list --json --timeout 5", true),
            ("devices approve", true), ("devices approve abc", true),
            ("devices approve --latest", true), ("devices approve abc --latest", false),
            ("devices reject", false), ("devices reject abc", true),
            ("devices remove abc", true), ("devices remove", false),
            ("devices rename abc Phone", true), ("devices rename abc", false),
            ("devices rename --device abc --name Phone", true),
            ("devices rename --device abc", false), ("devices rename abc --name x", false),
            ("devices rotate --device a --role operator", true),
            ("devices rotate --device a --role operator --scope x y --scope z", true),
            ("devices rotate --device a --role operator --no-scopes", true),
            ("devices rotate --device a --role operator --no-scopes --scope x", false),
            ("devices rotate --device a", false), ("devices revoke --device a --role node", true),
            ("devices setup-code --public-url wss://x --access node --no-qr", true),
            ("qr --limited --no-ascii --setup-code-only", true), ("qr --access admin", false),
            ("--profile work qr", true), ("pairing list --json", true),
            ("pairing approve abc", true), ("pairing reject", false), ("nodes status", true),
            ("nodes list --connected", true), ("nodes describe n", true),
            ("nodes describe --node n", true), ("nodes describe", false),
            ("nodes describe n --node n", false), ("nodes rename n Kitchen", true),
            ("nodes rename --node n --name Kitchen", true), ("nodes rename n", false),
            ("nodes pending", true), ("nodes approve r", true), ("nodes reject r", true),
            ("nodes remove --node n", true),
            ("nodes invoke --node n --command c --params {} --timeout 5", true),
            ("nodes invoke --node n --command c --invoke-timeout 5 --idempotency-key k", true),
            ("nodes invoke --node n", false), ("approvals list", true),
            ("exec-approvals pending", true), ("approvals get", true), ("approvals get a", true),
            ("approvals allow a --always", true), ("approvals allow", false),
            ("approvals approve a", true), ("approvals grants", true), ("approvals revoke g", true),
            ("approvals get --node n", true), ("approvals get a --node n", false),
            ("approvals set --stdin --node n", true), ("approvals deny a", true), ("approvals resolve a allow-once", true),
            ("approvals resolve a maybe", false), ("approvals history --limit 5 --cursor c", true),
            ("approvals history --limit 0", false), ("approvals policy get", true),
            ("approvals policy set --file f", true), ("approvals policy set", false),
            ("approvals set --stdin", true), ("approvals set --stdin --file f", false),
            ("approvals allowlist add /usr/bin/rg --agent main", true),
            ("approvals allowlist remove /usr/bin/rg", true), ("approvals allowlist list", true),
            ("auth explain", true), ("auth explain --from 192.0.2.9 --role node", true),
            ("auth explain --from nowhere", false), ("auth explain --device maybe", false),
            ("auth explain --via-proxy 10.0.0.1 --forwarded-for 1.1.1.1,2.2.2.2", true),
            ("auth explain --host x --origin https://x --scopes read,write --no-secret", true),
            ("auth explain --via-tailscale --via-proxy 10.0.0.1", false),
            ("auth hash-password", true), ("auth hash-password secret", false),
            ("auth token", true),
            ("config", true), ("config --section gateway", true),
            ("config --section gateway get a", false), ("config get", false), ("config get gateway.port --json", true),
            ("config get gateway.auth --show-secrets", true), ("config set gateway.port", false),
            ("config set gateway.port 1 --dry-run", true), ("config set a.b -5 --strict-json", true),
            ("config unset gateway.port", true), ("config unset", false),
            ("config patch {}", true), ("config patch", false), ("config patch --stdin", true),
            ("config patch --file f --dry-run", true), ("config patch {} --stdin", false),
            ("config validate", true), ("config validate f --json", true), ("config edit", true),
            ("config path", true), ("config file", true), ("config schema", true),
            ("config plan set gateway.port 1", true), ("config plan unset a", true),
            ("config plan patch {}", true), ("config plan file f", true), ("config plan", false),
            ("auth token", true), ("update", true), ("update status --json", true),
            ("update --channel beta --timeout 60 --no-restart --yes", true),
            ("update --tag 1.2.3", true), ("update --tag --force", false), ("update --tag=-f", false),
            ("update --channel wild", false), ("update --timeout 0", false),
            ("update --tag 1 --channel dev", false), ("man", true), ("man gateway run", true),
            ("man --dir d", true), ("man --dir d gateway", false),
            ("auth token", true), ("backup", false), ("backup create", true),
            ("backup create --output b.tar.gz --json --no-include-workspace --verify", true),
            ("backup create --only-config --dry-run --include-workspace", true),
            ("backup create --include-workspace --no-include-workspace", false),
            ("backup verify", false), ("backup verify b.tar.gz --json", true),
            ("backup restore b.tar.gz --dry-run", true), ("backup restore", false),
            ("backup restore b.tar.gz --target d", true),
            ("backup restore b.tar.gz --target d --dry-run", false),
            ("backup list", true), ("backup list d", true), ("import", true),
            ("import --from d --dry-run --agents main,work --no-config --json", true),
            ("import --config --no-config", false), ("import d", false),
            ("onboard", true), ("onboard --non-interactive --accept-risk --json", true),
            ("onboard --flow manual --mode local --workspace w --reset --reset-scope full", true),
            ("onboard --reset-scope full", false), ("onboard --flow slow", false),
            ("onboard --auth-choice openai-api-key --openai-api-key - --model m", true),
            ("onboard --custom-base-url http://x --custom-api-key -k --custom-model-id m", true),
            ("onboard --gateway-port 1 --gateway-bind lan --gateway-auth password", true),
            ("onboard --gateway-port 0", false), ("onboard --gateway-auth none", false),
            ("onboard --gateway-token -z --gateway-password -p", true),
            ("onboard --mode remote --remote-url wss://x --remote-token -t", true),
            ("onboard --tailscale serve --tailscale-reset-on-exit", true),
            ("onboard --install-daemon --skip-channels --skip-skills --skip-health --skip-ui", true),
            ("onboard --no-install-daemon --daemon-runtime node --node-manager npm", true),
            ("onboard --skip-daemon --venice-api-key k --token-provider x", true),
            ("setup", true), ("setup --workspace w --json", true), ("setup --wizard", true),
            ("setup --non-interactive --mode remote --remote-url wss://x", true),
            ("configure", true), ("configure --section model --section web", true),
            ("configure --section everything", false),
        ];
        for (typed, understood) in table {
            let arguments = ["openclaw"].into_iter().chain(typed.split_whitespace());
            assert_eq!(Cli::try_parse_from(arguments).is_ok(), understood, "{typed}");
        }
    }
}
