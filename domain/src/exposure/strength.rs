//! Whether a secret is worth the name (`security.md` 2.3).

/// How hard a secret is to guess, as far as one can tell by looking at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Blank, or what programs and manuals write where a secret belongs.
    Placeholder,
    /// Fewer than [`Strength::SHORTEST`] characters.
    Short,
    /// Long enough.
    Good,
}

/// How good the secrets are that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strengths {
    /// The token, if there is one.
    pub token: Option<Strength>,
    /// The password, if there is one.
    pub password: Option<Strength>,
}

impl Strength {
    /// How many characters a secret needs that others can try to guess.
    pub const SHORTEST: usize = 24;

    /// Looks at `secret`.
    pub fn of(secret: &str) -> Self {
        let secret = secret.trim();
        if is_placeholder(secret) {
            Self::Placeholder
        } else if secret.chars().count() < Self::SHORTEST {
            Self::Short
        } else {
            Self::Good
        }
    }
}

fn is_placeholder(secret: &str) -> bool {
    /// Compared without case, spaces and punctuation.
    const WORDS: &[&str] = &[
        "",
        "admin",
        "changeit",
        "changeme",
        "changethis",
        "default",
        "example",
        "false",
        "gatewaypassword",
        "gatewaytoken",
        "insertyourtokenhere",
        "letmein",
        "none",
        "null",
        "objectobject",
        "openclaw",
        "password",
        "passwordhere",
        "placeholder",
        "redacted",
        "replaceme",
        "replacethis",
        "secret",
        "test",
        "todo",
        "token",
        "tokenhere",
        "true",
        "undefined",
    ];
    // A variable nobody has put a value in place of.
    let unfilled = secret.starts_with("${") && secret.ends_with('}')
        || secret.starts_with("{{") && secret.ends_with("}}");
    let plain: String = secret
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let yours = plain.starts_with("your")
        && ["here", "token", "password", "secret", "key"].iter().any(|end| plain.ends_with(end));
    let monotonous = plain.chars().skip(1).all(|letter| plain.starts_with(letter));
    unfilled || yours || monotonous || WORDS.contains(&plain.as_str())
}

#[test]
fn how_good_a_secret_is() {
    use Strength::{Good, Placeholder, Short};

    #[rustfmt::skip]
    let table = [
        ("", Placeholder), ("   ", Placeholder), ("\t\n", Placeholder),
        ("undefined", Placeholder), ("NULL", Placeholder), (" null ", Placeholder),
        ("changeme", Placeholder), ("Change-Me!", Placeholder), ("password", Placeholder),
        ("your-token-here", Placeholder), ("<your gateway password>", Placeholder),
        ("YOUR_OPENCLAW_GATEWAY_SECRET_KEY", Placeholder), ("[object Object]", Placeholder),
        ("${OPENCLAW_GATEWAY_TOKEN}", Placeholder), ("{{ gateway_token }}", Placeholder),
        ("000000000000000000000000000000", Placeholder), ("--------------------------", Placeholder),
        ("x", Placeholder),
        ("hunter2", Short), ("a-token-of-23-characters", Good), ("a-token-of-23-character", Short),
        ("yours truly", Short), ("schlüssel", Short),
        ("correct horse battery staple", Good),
        ("Zk3mXv9Qw2Lr8Tn5Yb7Hc4Jd6Fg1Ps0Au-_EiOqMxW", Good),
        ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", Good),
    ];
    for (secret, expected) in table {
        assert_eq!(Strength::of(secret), expected, "{secret:?}");
    }
}
