//! Connecting, with TLS where the address asks for it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Scheme};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::connect::{
        HttpConnector,
        dns::{GaiAddrs, GaiResolver, Name},
    },
    rt::TokioIo,
};
use ports::{BoxError, BoxFuture};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{net::TcpStream, sync::OnceCell};
use tower_service::Service;

/// How long finding, reaching and greeting a service may take together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// After how much silence the other machine is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// Connects to `http` addresses at once, and to `https` addresses after loading
/// the certificates this machine trusts, which takes some milliseconds and is
/// therefore done when first needed, on another thread.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    http: HttpConnector<Resolver>,
    https: Arc<OnceCell<HttpsConnector<HttpConnector<Resolver>>>>,
}

/// Looks names up as the machine does, and tells by the kind of its error that it
/// was this that failed.
#[derive(Clone, Debug)]
pub(crate) struct Resolver(GaiResolver);

/// There is no address of that name.
#[derive(Debug, thiserror::Error)]
#[error("the name cannot be resolved")]
pub(crate) struct Unresolved(#[source] io::Error);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = Unresolved;
    type Future = BoxFuture<Result<GaiAddrs, Unresolved>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let looked_up = self.0.call(name);
        Box::pin(async move { looked_up.await.map_err(Unresolved) })
    }
}

/// Connecting took too long.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} s", CONNECT_TIMEOUT.as_secs())]
pub(crate) struct NotInTime;

type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

impl Connector {
    pub(crate) fn new() -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        http.enforce_http(false);
        // A request is written in two pieces; without this the second waits.
        http.set_nodelay(true);
        http.set_keepalive(Some(KEEPALIVE));
        Self { http, https: Arc::default() }
    }

    async fn connect(mut self, uri: Uri) -> Result<Connection, BoxError> {
        if uri.scheme() != Some(&Scheme::HTTPS) {
            return Ok(MaybeHttpsStream::Http(self.http.call(uri).await?));
        }
        let connector = self.https.get_or_try_init(|| with_tls(self.http.clone())).await?;
        connector.clone().call(uri).await
    }
}

async fn with_tls(
    http: HttpConnector<Resolver>,
) -> Result<HttpsConnector<HttpConnector<Resolver>>, BoxError> {
    let config = tokio::task::spawn_blocking(|| -> Result<_, rustls::Error> {
        let builder =
            ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
                .with_safe_default_protocol_versions()?
                .with_platform_verifier()?;
        Ok(builder.with_no_client_auth())
    });
    let config = config.await??;
    let https = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http();
    Ok(https.enable_http1().wrap_connector(http))
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = BoxError;
    type Future = BoxFuture<Result<Connection, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, self.clone().connect(uri));
        let connected: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(connected);
        Box::pin(async move { connected.await.map_err(|_| NotInTime)? })
    }
}

#[tokio::test]
async fn certificates_are_loaded_for_https_only() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connector = Connector::new();

    let plain = format!("http://{address}/").parse().unwrap();
    let connection = connector.clone().call(plain).await.unwrap();
    let MaybeHttpsStream::Http(stream) = connection else { panic!("TLS") };
    assert!(stream.inner().nodelay().unwrap(), "small writes are not held back");
    assert!(!connector.https.initialized());

    let (accepted, refused) = tokio::join!(
        async {
            drop(listener.accept().await.unwrap());
            listener.accept().await.map(drop)
        },
        connector.clone().call(format!("https://{address}/").parse().unwrap()),
    );
    accepted.unwrap();
    assert!(refused.is_err(), "nobody speaks TLS there");
    assert!(connector.https.initialized());
}
