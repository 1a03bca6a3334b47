//! Where a client finds the canvas.

use domain::access::{
    Access::{Node, Operator},
    Scope::Read,
};
use ports::driving::{ErrorCode, RpcError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    method::{Context, methods},
    params::{Any, Name},
};

methods! {
    /// Where to see the canvas: an address with a pass in it.
    ///
    /// Paths such as `/__openclaw__/canvas/` are put behind it. The pass is good
    /// as long as it is used, ten minutes longer, and no longer than the
    /// connection that asked; the one it had before is worth nothing any more.
    "plugin.surface.refresh" [Operator(Read)] refresh(RefreshParams) -> Refreshed;

    /// The same for nodes.
    ///
    /// A node that names the outdated address it has, as `observedUrl`, gets the
    /// one it did not hear of yet, if there is one, instead of another.
    "node.pluginSurface.refresh" [Node] refresh(RefreshParams) -> Refreshed;
}

/// What can be seen.
const CANVAS: &str = "canvas";

/// Parameters of `node.pluginSurface.refresh`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RefreshParams {
    /// What: `canvas`.
    surface: Name,
    /// The address the caller has.
    observed_url: Option<Any>,
}

/// Addresses, by what can be seen there.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SurfaceUrls {
    /// The canvas.
    canvas: String,
}

impl From<String> for SurfaceUrls {
    fn from(canvas: String) -> Self {
        Self { canvas }
    }
}

/// Result of `node.pluginSurface.refresh`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Refreshed {
    /// What can be seen.
    surface: &'static str,
    /// Where.
    plugin_surface_urls: SurfaceUrls,
    /// Until when, unless it is used before, in milliseconds since 1970. Absent
    /// when the address was good already.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<u64>,
}

async fn refresh(cx: Context, params: RefreshParams) -> Result<Refreshed, RpcError> {
    let surface = params.surface.as_str().trim();
    let observed = params.observed_url.as_ref().map(Any::as_str);
    let fresh = (surface == CANVAS).then(|| cx.services.canvas.fresh(cx.caller.id, observed));
    let Some(fresh) = fresh.flatten() else {
        let message = format!("{surface} plugin surface unavailable");
        return Err(RpcError::new(ErrorCode::Unavailable, message));
    };
    Ok(Refreshed {
        surface: CANVAS,
        plugin_surface_urls: fresh.url.into(),
        expires_at_ms: fresh.until.map(domain::time::Timestamp::as_millis),
    })
}
