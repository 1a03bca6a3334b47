//! Pictures of agents: where they are in the workspaces, and the answer to who
//! asks for one (`/avatar/<agent>`).

use std::{fmt, fs::File, io::Read, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use domain::{
    access::Scope,
    agent::{Avatar, LARGEST_AVATAR},
    ids::AgentId,
    plain_path::PlainPath,
};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use http_kit::{
    Body, bearer, caller, empty,
    files::{Conditions, Wanted, find},
    json,
};
use ports::{
    config::Config,
    driven::{ConfigSource, Portrait, Portraits},
    driving::{Doorkeeper, Presenter},
};
use serde::Serialize;

use crate::answer;

/// Where an agent works, by the configuration.
pub type Workspaces = Arc<dyn Fn(&Config, &AgentId) -> PathBuf + Send + Sync>;

/// A picture may be looked at by itself, and is nothing but a picture then: a
/// drawing may have scripts in it.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// Reads pictures out of the workspaces of agents.
pub struct WorkspacePortraits {
    /// The configuration, looked up each time.
    pub config: Arc<dyn ConfigSource>,
    /// Where agents work.
    pub workspaces: Workspaces,
}

#[async_trait]
impl Portraits for WorkspacePortraits {
    async fn portrait(&self, agent: &AgentId, path: &PlainPath) -> Option<Portrait> {
        let root = (self.workspaces)(&self.config.current(), agent);
        let path = path.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let found = find(&root, &path).ok()?;
            let content = read(found.file, found.length)?;
            Some(Portrait { content, version: found.version })
        });
        reading.await.ok()?
    }

    fn in_text(&self, content: &[u8]) -> String {
        BASE64_STANDARD.encode(content)
    }
}

/// All of `file`, unless it is too large, or grows so while it is read.
fn read(file: File, length: u64) -> Option<Bytes> {
    if LARGEST_AVATAR < length {
        return None;
    }
    let mut content = Vec::with_capacity(usize::try_from(length).ok()?);
    file.take(LARGEST_AVATAR + 1).read_to_end(&mut content).ok()?;
    (content.len() as u64 <= LARGEST_AVATAR).then(|| content.into())
}

/// What somebody is told who asks about a picture, and not for it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "programs know them by these names")]
struct Meta<'a> {
    avatar_url: Option<&'a str>,
    avatar_source: Option<&'a str>,
    avatar_status: &'static str,
    avatar_reason: Option<&'static str>,
}

/// Who asks, and who is asked about.
pub(crate) struct Asked<'a> {
    pub(crate) presenter: &'a dyn Presenter,
    pub(crate) door: &'a dyn Doorkeeper,
    /// Where pictures are served, with a slash at its end.
    pub(crate) place: String,
    /// The agent, as it stands in the path.
    pub(crate) agent: String,
}

impl Asked<'_> {
    /// The answer. Whoever may not see it is not told which agents there are.
    pub(crate) async fn answer<B>(self, request: &Request<B>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return answer::only_look();
        }
        let secret = bearer(request.headers());
        if let Err(refusal) = caller(self.door, request, secret, Scope::Read).await {
            return private(refusal.answer());
        }
        let agent = AgentId::normalize(&self.agent);
        let is_named = agent.to_string() == self.agent;
        let Some(avatar) = self.presenter.avatar(&agent).filter(|_| is_named) else {
            return private(answer::nothing());
        };
        let wants_meta = request
            .uri()
            .query()
            .is_some_and(|query| query.split('&').any(|pair| pair == "meta=1"));
        if wants_meta {
            return private(self.meta(&agent, &avatar).await);
        }
        let response = match self.presenter.portrait(&agent).await {
            Some((portrait, media_type)) => picture(&portrait, media_type, request),
            None => answer::nothing(),
        };
        private(response)
    }

    async fn meta(&self, agent: &AgentId, avatar: &Avatar) -> Response<Body> {
        let own = format!("{}{agent}", self.place);
        let (avatar_status, avatar_url, avatar_source, avatar_reason) = match avatar {
            Avatar::Remote(url) => ("remote", Some(&**url), Some("remote URL".to_owned()), None),
            Avatar::Data(url) => {
                let kind = url.split(',').next().unwrap_or_default();
                let kind: String = kind.chars().take(64).collect();
                ("data", Some(&**url), Some(format!("{kind},...")), None)
            }
            Avatar::File { path, .. } => {
                let source = Some(path.names().collect::<Vec<_>>().join("/"));
                match self.presenter.portrait(agent).await {
                    Some(_) => ("local", Some(&*own), source, None),
                    None => ("none", None, source, Some("missing")),
                }
            }
            Avatar::Unusable(why) => ("none", None, None, Some(why.as_str())),
            Avatar::Sign(_) => ("none", None, None, Some("missing")),
        };
        let avatar_source = avatar_source.as_deref();
        json(StatusCode::OK, &Meta { avatar_url, avatar_source, avatar_status, avatar_reason })
    }
}

/// A picture, for somebody who may see it.
fn picture<B>(
    portrait: &Portrait,
    media_type: &'static str,
    request: &Request<B>,
) -> Response<Body> {
    let tag = format!("\"{}\"", portrait.version);
    let is_known = Conditions::of(request.headers(), false).wanted(&tag, 0) == Wanted::Nothing;
    let mut response = if is_known {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        Response::new(Full::new(portrait.content.clone()).boxed_unsync())
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    if !is_known {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    response
}

/// For whoever asked, and nobody else.
fn private(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    response
}

impl fmt::Debug for WorkspacePortraits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkspacePortraits").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink, path::Path};

    use ports::driven::MockConfigSource;

    use super::*;

    fn portraits(root: &Path) -> WorkspacePortraits {
        let root = root.to_owned();
        let workspaces: Workspaces = Arc::new(move |_, agent| root.join(agent.as_str()));
        let mut config = MockConfigSource::new();
        config.expect_current().returning(Arc::default);
        WorkspacePortraits { config: Arc::new(config), workspaces }
    }

    /// V-111: nothing leads out, whatever lies in the workspace.
    #[tokio::test]
    async fn only_pictures_in_the_workspace_are_read() {
        let home = tempfile::tempdir().unwrap();
        let workspace = home.path().join("main");
        fs::create_dir_all(workspace.join("avatars")).unwrap();
        fs::write(home.path().join("secret.png"), "secret").unwrap();
        fs::write(workspace.join("me.png"), "me").unwrap();
        fs::write(workspace.join("avatars/b.png"), "b").unwrap();
        symlink("../secret.png", workspace.join("link.png")).unwrap();
        symlink("..", workspace.join("up")).unwrap();
        let huge = File::create(workspace.join("huge.png")).unwrap();
        huge.set_len(1 << 40).unwrap();
        let most = File::create(workspace.join("most.png")).unwrap();
        most.set_len(LARGEST_AVATAR).unwrap();

        let portraits = portraits(home.path());
        #[rustfmt::skip]
        let table = [
            ("me.png",        Some(2)),
            ("avatars/b.png", Some(1)),
            ("most.png",      Some(2 * 1024 * 1024)),
            ("huge.png",      None),
            ("link.png",      None),
            ("up/secret.png", None),
            ("avatars",       None),
            ("none.png",      None),
        ];
        for (path, expected) in table {
            let path = PlainPath::written(path).unwrap();
            let found = portraits.portrait(&AgentId::main(), &path).await;
            assert_eq!(found.map(|portrait| portrait.content.len()), expected, "{path:?}");
        }
        assert_eq!(portraits.in_text(b"\0\0"), "AAA=");
    }

    #[test]
    fn a_file_that_grows_while_it_is_read_is_none() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(LARGEST_AVATAR + 1).unwrap();
        assert!(read(file, 10).is_none());
    }
}
