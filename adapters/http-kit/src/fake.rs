//! A house of routes on a socket, with everybody behind them made up: for tests
//! of routes, which see them as clients do.

mod agent;
mod door;
mod lab;
mod said;
mod socket;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::time::Timestamp;
use ports::{
    config::Config,
    driven::{Clock, ConfigSnapshot, ConfigSource, Entropy},
    driving::{AskError, CountError, Question, Reply, TokenCount},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time::timeout,
};

use crate::Route;

pub use agent::Agent;
pub use door::Door;
pub use lab::Lab;
pub use said::Said;

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// What is made up in the house.
pub const UUID: &str = "0b5c";

/// Routes on a socket. Dropping it closes everything.
#[derive(Debug)]
pub struct House {
    address: SocketAddr,
    agent: Arc<Agent>,
    /// The providers.
    pub relay: Arc<Lab>,
    _serving: JoinSet<()>,
}

/// Everybody behind the routes.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Says who asks.
    pub door: Arc<Door>,
    /// Answers, and counts.
    pub agent: Arc<Agent>,
    /// The providers.
    pub relay: Arc<Lab>,
    /// The configuration, the time, and what is made up: always the same.
    pub fixed: Arc<Fixed>,
}

/// The configuration, the time, and what is made up: always the same.
#[derive(Debug)]
pub struct Fixed(Arc<Config>);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_999)
    }
}

impl Entropy for Fixed {
    fn uuid(&self) -> String {
        UUID.to_owned()
    }
}

impl ConfigSource for Fixed {
    fn current(&self) -> Arc<Config> {
        Arc::clone(&self.0)
    }

    fn snapshot(&self) -> ConfigSnapshot {
        unreachable!("nobody looks at the file")
    }
}

impl House {
    /// A house that is configured so, with the `routes` of whoever plays in it.
    pub fn with(
        config: Config,
        routes: impl FnOnce(&Cast) -> Vec<Route>,
    ) -> impl Future<Output = Self> {
        let cast = Cast {
            door: Arc::new(Door),
            agent: Arc::default(),
            relay: Arc::new(Lab::new(config.gateway.http.relay.enabled)),
            fixed: Arc::new(Fixed(config.into())),
        };
        let routes = routes(&cast);
        async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
            let address = listener.local_addr().expect("it has an address");
            let mut serving = JoinSet::new();
            serving.spawn(socket::serve(listener, routes.into()));
            Self { address, agent: cast.agent, relay: cast.relay, _serving: serving }
        }
    }

    /// What the agent answers from now on.
    pub fn says(&self, replies: impl IntoIterator<Item = Reply>) {
        *locked(&self.agent.says) = replies.into_iter().collect();
    }

    /// The agent takes no questions.
    pub fn refuses(&self, error: AskError) {
        *locked(&self.agent.refuses) = Some(error);
    }

    /// What comes of counting.
    pub fn counts(&self, counted: Result<TokenCount, CountError>) {
        *locked(&self.agent.counts) = Some(counted);
    }

    /// Makes the next answer endless; resolves when it is dropped.
    pub fn hangs(&self) -> oneshot::Receiver<()> {
        let (kept, dropped) = oneshot::channel();
        *locked(&self.agent.hangs) = Some(kept);
        dropped
    }

    /// What the agent was asked last.
    pub fn asked(&self) -> Question {
        locked(&self.agent.asked).take().expect("the agent was asked")
    }

    /// Waits for a question.
    pub async fn wait_until_asked(&self) {
        timeout(PATIENCE, self.agent.was_asked.notified()).await.expect("the agent is asked");
    }

    /// Sends a request, and keeps the connection.
    pub async fn begin(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.expect("it listens");
        // A test may announce another length.
        let length = if headers.contains("Content-Length") {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             {length}{headers}\r\n{body}"
        );
        socket.write_all(request.as_bytes()).await.expect("it listens");
        socket
    }

    /// Sends a request, and waits for the answer.
    pub async fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Said {
        let mut socket = self.begin(method, path, headers, body).await;
        let mut said = Vec::new();
        let read = timeout(PATIENCE, socket.read_to_end(&mut said)).await;
        read.expect("an answer in time").expect("an answer");
        Said::read(&String::from_utf8(said).expect("text"))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
