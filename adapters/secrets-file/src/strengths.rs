//! How good the secrets are, which is found out while they are readable.

use domain::exposure::{Strength, Strengths};

use crate::{Held, SecretsFile};

pub(crate) fn of(token: &str, password: Option<&str>) -> Strengths {
    Strengths { token: Some(Strength::of(token)), password: password.map(Strength::of) }
}

impl SecretsFile {
    /// How hard its secrets are to guess.
    pub fn strengths(&self) -> Strengths {
        self.held().strengths
    }
}

impl Held {
    /// How hard they are to guess.
    pub fn strengths(&self) -> Strengths {
        self.strengths
    }
}

#[test]
fn the_token_that_is_made_is_good_and_a_given_one_is_what_it_is() {
    use Strength::{Good, Placeholder, Short};

    let dir = tempfile::tempdir().unwrap();
    let strengths = |token: Option<&str>, password: Option<&str>| {
        let given =
            crate::Given { token: token.map(Into::into), password: password.map(Into::into) };
        let found = SecretsFile::open(dir.path(), given).unwrap().strengths();
        (found.token, found.password)
    };
    assert_eq!(strengths(None, None), (Some(Good), None));
    assert_eq!(strengths(Some("hunter2"), Some("changeme")), (Some(Short), Some(Placeholder)));
}
