//! Programs that say what a webhook means.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

use async_trait::async_trait;
use ports::{
    Json,
    driven::{Transform, TransformError, Transforms},
};
use tokio_util::sync::CancellationToken;

use crate::run::{Errand, Finished, run};

/// The longest answer, in characters.
const MAX_ANSWER: usize = 200_000;
/// Where programs find others, such as the interpreter in their first line.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// How much of what a program complains about is told.
const MAX_COMPLAINT: usize = 200;

/// Runs the programs in one directory, and no others.
#[derive(Clone, Debug)]
pub struct HookTransforms {
    root: PathBuf,
}

impl HookTransforms {
    /// Runs what is in `root`, which need not be there.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The program, where it really is, and the directory it is run in.
    fn find(&self, transform: &Transform) -> Result<(PathBuf, PathBuf), TransformError> {
        let refuse = |why: &str| TransformError::Forbidden(why.to_owned());
        let name = Path::new(&transform.program);
        let is_plain = |part| matches!(part, Component::Normal(_));
        if transform.program.is_empty() || !name.components().all(is_plain) {
            return Err(refuse("its name leads out of the directory of transforms"));
        }
        let gone = |_| refuse("it is not in the directory of transforms");
        let root = fs::canonicalize(&self.root).map_err(gone)?;
        let within = root.join(transform.directory.as_deref().unwrap_or("."));
        let within = fs::canonicalize(within).map_err(gone)?;
        let program = fs::canonicalize(within.join(name)).map_err(gone)?;
        if !within.starts_with(&root) || !program.starts_with(&root) {
            return Err(refuse("it lies outside the directory of transforms"));
        }
        let about = fs::metadata(&program).map_err(gone)?;
        let mode = about.permissions().mode();
        if !about.is_file() || mode & 0o111 == 0 {
            return Err(refuse("it is no program (chmod +x)"));
        }
        if mode & 0o022 != 0 {
            return Err(refuse("others can write to it (chmod go-w)"));
        }
        Ok((program, root))
    }
}

#[async_trait]
impl Transforms for HookTransforms {
    async fn run(&self, transform: Transform, input: Json) -> Result<Json, TransformError> {
        let (program, cwd) = self.find(&transform)?;
        let argv = std::iter::once(transform.program).chain(transform.arguments).collect();
        let errand = Errand {
            program,
            argv,
            cwd,
            env: vec![("PATH".to_owned(), PATH.to_owned())],
            input: input.as_str().as_bytes().to_vec(),
            timeout: Some(transform.timeout),
        };
        let finished = run(errand, &CancellationToken::new()).await;
        answer(&finished.map_err(|error| TransformError::Start(error.into()))?)
    }
}

fn answer(finished: &Finished) -> Result<Json, TransformError> {
    let failed = |why: String| Err(TransformError::Failed(why));
    if finished.timed_out {
        return failed("it took too long".to_owned());
    }
    if finished.truncated {
        return failed(format!("it said more than {MAX_ANSWER} letters"));
    }
    if finished.code != Some(0) {
        let complaint = finished.stderr.trim().chars().take(MAX_COMPLAINT).collect::<String>();
        let code = finished.code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        return failed(format!("it ended with {code}: {}", complaint.replace('\n', " ")));
    }
    let text = finished.stdout.trim().to_owned();
    Json::parse(text).map_err(|error| TransformError::Answer(error.into()))
}
