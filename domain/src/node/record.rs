//! What was decided about a node.

use serde::{Deserialize, Serialize};

use super::{NodeFacts, Surface};
use crate::{ids::RequestId, time::Timestamp};

/// What is kept about a node besides what its device was approved for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeRecord {
    /// What an operator called it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Box<str>>,
    /// The last decision about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruling: Option<Ruling>,
}

/// A decision about a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ruling {
    /// What was approved; nothing when the approval was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surface: Option<Surface>,
    /// What was known about the node.
    pub about: NodeFacts,
    /// The request that was approved. Its token has the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// When something was approved for this node for the first time.
    pub created_at: Timestamp,
    /// When.
    pub at: Timestamp,
}

impl NodeRecord {
    /// That the node may be asked for nothing.
    pub fn withdrawn(at: Timestamp) -> Self {
        let about = NodeFacts::default();
        let ruling = Ruling { surface: None, about, request: None, created_at: at, at };
        Self { label: None, ruling: Some(ruling) }
    }

    /// What the node may be asked for, and since when: whatever was decided
    /// last, about the node or about its device (`device`). Taking an approval
    /// back is a decision as well, so it holds until the next one.
    pub fn in_force<'a>(
        &'a self,
        device: Option<(&'a Surface, Timestamp)>,
    ) -> Option<(&'a Surface, Timestamp)> {
        match &self.ruling {
            Some(ruling) if device.is_none_or(|(_, at)| at <= ruling.at) => {
                ruling.surface.as_ref().map(|surface| (surface, ruling.at))
            }
            Some(_) | None => device,
        }
    }
}

#[test]
fn what_was_decided_last_counts() {
    let at = Timestamp::from_millis;
    let of = |platform: &str| Surface { platform: Some(platform.into()), ..Surface::default() };
    let (device, node) = (of("linux"), of("darwin"));
    let ruled = |surface: &Surface| NodeRecord {
        label: None,
        ruling: Some(Ruling {
            surface: Some(surface.clone()),
            about: NodeFacts::default(),
            request: "r".parse().ok(),
            created_at: at(5),
            at: at(5),
        }),
    };
    let (approved, nothing) = (ruled(&node), NodeRecord::default());
    let withdrawn = NodeRecord::withdrawn(at(5));
    #[rustfmt::skip]
    let table = [
        (&nothing,   None,                Option::None),
        (&nothing,   Some((&device, at(1))), Some((&device, at(1)))),
        (&approved,  None,                Some((&node, at(5)))),
        (&approved,  Some((&device, at(1))), Some((&node, at(5)))),
        (&approved,  Some((&device, at(9))), Some((&device, at(9)))),
        (&withdrawn, None,                None),
        (&withdrawn, Some((&device, at(1))), None),
        (&withdrawn, Some((&device, at(9))), Some((&device, at(9)))),
    ];
    for (record, device, expected) in table {
        assert_eq!(record.in_force(device), expected, "{record:?} {device:?}");
    }
    for record in [approved, withdrawn, nothing] {
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<NodeRecord>(&text).unwrap(), record);
    }
}
