//! Against a command that is a script and writes down what it is asked.

use std::{
    fs::{self, Permissions},
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use domain::exposure::Exposure::{Funnel, Serve};
use ports::driven::{Tailnet, TailnetError};
use serde_json::{Value, json};
use tailscale::{Options, Tailscale};
use tempfile::TempDir;

/// A directory with a `tailscale` in it: it answers `a b` with the file `a_b`,
/// or says what is in `a_b.error` and fails.
struct House {
    home: TempDir,
}

const SCRIPT: &str = r#"#!/bin/sh
home=$(dirname "$0")
[ "$1" = --socket ] && shift 2
echo "$*" >> "$home/asked"
env >> "$home/environment"
name=$(echo "$*" | tr ' ' '_')
if [ -e "$home/$name.sh" ]; then . "$home/$name.sh"; exit; fi
if [ -e "$home/$name.error" ]; then cat "$home/$name.error" >&2; exit 1; fi
[ -e "$home/$name" ] && cat "$home/$name"
exit 0
"#;

impl House {
    fn open() -> Self {
        let house = Self { home: TempDir::new().expect("there is room") };
        house.put_program("tailscale", SCRIPT);
        let status = json!({
            "BackendState": "Running",
            "Self": {
                "DNSName": "host.tailnet.ts.net.",
                "TailscaleIPs": ["100.100.1.1"],
                "CapMap": { "funnel": null },
            },
            "CertDomains": ["host.tailnet.ts.net"],
        });
        house.put("status_--json", format!("Warning: versions differ\n{status}\nbye\n"));
        house
            .put("whois_--json_100.64.0.7", r#"{"UserProfile":{"LoginName":"owner@example.com"}}"#);
        house.serves(&Value::Null);
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("there is room");
    }

    fn put_program(&self, name: &str, script: &str) {
        self.put(name, script);
        let permissions = Permissions::from_mode(0o755);
        fs::set_permissions(self.path(name), permissions).expect("it is ours");
    }

    fn serves(&self, config: &Value) {
        self.put("serve_status_--json", config.to_string());
        self.put("funnel_status_--json", config.to_string());
    }

    fn tailscale(&self) -> Tailscale {
        Tailscale::new(Options {
            socket: Some(self.path("no.sock")),
            command: Some(self.path("tailscale")),
            sudo: Some(self.path("sudo")),
            ..Options::default()
        })
    }

    /// What was asked, without looking whether the command works.
    fn asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.path("asked")).unwrap_or_default();
        asked.lines().filter(|line| *line != "--version").map(Into::into).collect()
    }
}

fn phone() -> IpAddr {
    [100, 64, 0, 7].into()
}

fn ours(beside: Value) -> Value {
    let mut handlers = serde_json::Map::new();
    handlers.insert("/".to_owned(), json!({ "Proxy": "http://127.0.0.1:18789" }));
    if let Value::Object(beside) = beside {
        handlers.extend(beside);
    }
    json!({
        "TCP": { "443": { "HTTPS": true } },
        "Web": { "host.tailnet.ts.net:443": { "Handlers": handlers } },
    })
}

#[tokio::test]
async fn the_command_answers_where_there_is_no_socket() {
    let house = House::open();
    let tailscale = house.tailscale();
    let status = tailscale.status().await.unwrap();
    assert_eq!(status.dns_name.as_deref(), Some("host.tailnet.ts.net"));
    let user = tailscale.whois(phone()).await.unwrap().unwrap();
    assert_eq!(user.login, "owner@example.com");
    assert_eq!(house.asked(), ["status --json", "whois --json 100.64.0.7"]);
}

#[tokio::test]
async fn serving_and_withdrawing_are_the_commands_of_the_reference() {
    for (how, word) in [(Serve, "serve"), (Funnel, "funnel")] {
        let house = House::open();
        let tailscale = house.tailscale();
        let exposed = tailscale.expose(how, 18789).await.unwrap();
        assert_eq!(exposed.url, "https://host.tailnet.ts.net/");
        house.serves(&ours(Value::Null));
        tailscale.withdraw(how).await.unwrap();
        assert_eq!(
            house.asked(),
            [
                "status --json".to_owned(),
                format!("{word} status --json"),
                format!("{word} --bg --yes 18789"),
                format!("{word} status --json"),
                format!("{word} reset"),
            ]
        );
    }
}

#[tokio::test]
async fn nothing_is_reset_that_others_serve() {
    let house = House::open();
    let tailscale = house.tailscale();
    tailscale.expose(Serve, 18789).await.unwrap();
    house.serves(&ours(json!({ "/x": { "Text": "x" } })));
    let error = tailscale.withdraw(Serve).await.unwrap_err();
    assert!(error.to_string().contains("tailscale serve --https=443 off"), "{error}");
    assert!(!house.asked().contains(&"serve reset".to_owned()));
}

#[tokio::test]
async fn a_place_that_is_taken_is_left_alone() {
    let house = House::open();
    house.serves(&json!({ "TCP": { "443": { "TCPForward": "127.0.0.1:22" } } }));
    let error = house.tailscale().expose(Serve, 18789).await.unwrap_err();
    assert!(matches!(error, TailnetError::Taken(_)), "{error}");
    assert_eq!(house.asked(), ["status --json", "serve status --json"]);
}

#[tokio::test]
async fn an_answer_that_is_none_is_an_error() {
    let garbled = TailnetError::Garbled("a user");
    let large = vec![b'x'; 1 << 20];
    let table: [(&[u8], TailnetError); 5] = [
        (b"", garbled.clone()),
        (b"nothing to see", garbled.clone()),
        (b"{\"UserProfile\":", garbled.clone()),
        (b"{\"UserProfile\":{\"LoginName\":[]}}", garbled),
        (&large, TailnetError::Garbled("a question")),
    ];
    for (answer, expected) in table {
        let house = House::open();
        house.put("whois_--json_100.64.0.7", answer);
        let found = house.tailscale().whois(phone()).await;
        assert_eq!(
            found,
            Err(expected),
            "{}",
            String::from_utf8_lossy(&answer[..answer.len().min(40)])
        );
    }
}

#[tokio::test]
async fn failing_commands_say_why() {
    #[rustfmt::skip]
    let table = [
        ("peer not found\n", Ok(None)),
        ("failed to connect to local tailscaled; it doesn't appear to be running\n", Err(TailnetError::Absent)),
        ("\n  something broke \nmore\n", Err(TailnetError::Refused("something broke".to_owned()))),
        ("", Err(TailnetError::Refused("nothing".to_owned()))),
    ];
    for (complaint, expected) in table {
        let house = House::open();
        house.put("whois_--json_100.64.0.7.error", complaint);
        assert_eq!(house.tailscale().whois(phone()).await, expected, "{complaint:?}");
    }
}

#[tokio::test]
async fn a_command_that_lacks_permissions_is_run_by_sudo_if_that_asks_for_nothing() {
    let house = House::open();
    house.put("serve_--bg_--yes_18789.error", "Access denied: serve config denied\n");
    assert_eq!(house.tailscale().expose(Serve, 18789).await, Err(TailnetError::Denied), "no sudo");

    house.put_program("sudo", "#!/bin/sh\necho sudo: a password is required >&2\nexit 1\n");
    assert_eq!(house.tailscale().expose(Serve, 18789).await, Err(TailnetError::Denied));

    let script = "#!/bin/sh\nhome=$(dirname \"$0\")\n[ \"$1\" = -n ] && shift\n\
                  rm \"$home/serve_--bg_--yes_18789.error\"\nexec \"$@\"\n";
    house.put_program("sudo", script);
    assert!(house.tailscale().expose(Serve, 18789).await.is_ok());
    let asked = house.asked();
    assert_eq!(asked[asked.len() - 2..], ["serve --bg --yes 18789", "serve --bg --yes 18789"]);
}

#[tokio::test]
async fn nothing_of_the_environment_reaches_the_command() {
    let house = House::open();
    house.tailscale().status().await.unwrap();
    let environment = fs::read_to_string(house.path("environment")).unwrap();
    let known = ["PATH", "HOME", "PWD", "OLDPWD", "SHLVL", "_"];
    for line in environment.lines() {
        let name = line.split('=').next().unwrap();
        assert!(known.contains(&name), "{line}");
    }
}

/// With the clock standing still, waiting for the command is what moves it.
#[tokio::test(start_paused = true)]
async fn a_command_that_hangs_is_given_up() {
    let house = House::open();
    house.put("--version.sh", "exec sleep 1000");
    let begin = tokio::time::Instant::now();
    assert_eq!(house.tailscale().status().await, Err(TailnetError::Absent));
    assert_eq!(begin.elapsed().as_secs(), 3, "it never said its version");
}
