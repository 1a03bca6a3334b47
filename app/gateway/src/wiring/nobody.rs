//! Nobody consents to anything, as long as nobody is asked.

use usecases::nodes::{Consent, Consents, RunAsk};

pub(super) struct Nobody;

impl Consents for Nobody {
    fn redeem(&self, _: &str, _: &RunAsk) -> Option<Consent> {
        None
    }
}
