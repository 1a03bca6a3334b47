//! Routes on a socket.

use std::{convert::Infallible, sync::Arc};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{Ends, Route};

/// Answers whoever connects, with `routes`.
pub(super) async fn serve(listener: TcpListener, routes: Arc<[Route]>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await.expect("it listens");
        let ends =
            Ends { peer, local: stream.local_addr().expect("it is connected"), secure: false };
        let routes = Arc::clone(&routes);
        let service = service_fn(move |mut request| {
            hyper::Request::extensions_mut(&mut request).insert(ends);
            let path = request.uri().path().to_owned();
            let is_meant =
                |route: &&Route| route.method == *request.method() && fits(route.path, &path);
            let route = routes.iter().find(is_meant);
            let answer = (route.expect("a route of ours").handler)(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        connections.spawn(async move {
            // Clients of these tests hang up as they like.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Whether `path` is one of those `pattern` stands for.
fn fits(pattern: &str, path: &str) -> bool {
    if let Some(prefix) = pattern.strip_suffix("{*id}") {
        return path.starts_with(prefix);
    }
    let (pattern, path): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    let same = |(wanted, there): (&&str, &&str)| *wanted == "{id}" || wanted == there;
    pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
}
