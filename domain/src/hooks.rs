//! Webhooks: what a call from outside means (`gateway-reference.md` 1.10).
//!
//! A call is [matched](Mapping::takes) with a mapping, which is
//! [filled in](Mapping::draft) from it; what comes out is a [`Draft`], as is the
//! body of a call that says by itself what it wants. A draft is
//! [decided](Draft::decide) into an [`Action`], or refused with a reason.

mod action;
mod delivery;
mod draft;
mod fence;
mod mapping;
mod path;
mod scheme;
mod template;
mod tree;

pub use action::{Action, AgentCall, HookRules};
pub use delivery::{Deliveries, DeliveryKeys};
pub use draft::{Draft, DraftError, HookSessionMode, HookVerb, KeyOrigin, WakeMode};
pub use fence::{fence, one_line, report, wake_line};
pub use mapping::{ItemsError, MAX_ITEMS, Mapping, Occasion};
pub use path::{HookBase, ParseHookBaseError};
pub use scheme::{Scheme, SignatureError, Signed};
pub(crate) use scheme::{lower_hex, timely};
pub use template::{Scene, is_template, render};
pub use tree::Tree;
