//! What the providers of models have in common.

mod answer;
mod complaint;
mod mend;
mod meter;
mod relay;
mod retry_after;
mod service;
mod settings;

pub use answer::{Answer, Dialect, Pieces};
pub use complaint::Complaint;
pub use mend::mend;
pub use service::{Refused, Service};
pub use settings::{Settings, SettingsError};
