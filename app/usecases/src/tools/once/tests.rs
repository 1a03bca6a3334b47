use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures_util::future::join;
use tokio::{sync::Notify, time};

use super::*;
use crate::testing::clock;

/// Makes up names, one after the other.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Entropy for Counting {
    fn uuid(&self) -> String {
        format!("call-{}", self.0.fetch_add(1, SeqCst))
    }
}

struct House {
    calls: Calls,
    clock: Arc<dyn Clock>,
    names: Counting,
    /// Under which names work was begun.
    begun: Arc<Mutex<Vec<String>>>,
}

impl House {
    fn new() -> Self {
        let (names, begun) = (Counting::default(), Arc::default());
        Self { calls: Calls::default(), clock: clock(), names, begun }
    }

    /// The call `key` of `owner`, which is about `what`, and waits for `gate`.
    async fn call(&self, owner: &str, key: &str, what: &str, gate: Option<Arc<Notify>>) -> Outcome {
        let owner = Owner::named(owner);
        let name = Name { owner: &owner, key, fingerprint: what.to_owned() };
        let (begun, what) = (Arc::clone(&self.begun), what.to_owned());
        let work = move |name: String| -> Work {
            Box::pin(async move {
                begun.lock().unwrap().push(name);
                if let Some(gate) = gate {
                    gate.notified().await;
                }
                match what.as_str() {
                    "fails" => Err(ToolRefusal::Tool("no".to_owned())),
                    what => Ok(Json::of(&what)),
                }
            })
        };
        self.calls.once(name, &*self.clock, &self.names, work).await
    }

    fn begun(&self) -> Vec<String> {
        self.begun.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_made_once_for_five_minutes() {
    let house = House::new();
    let said = |what: &str| Ok(Json::of(&what));
    assert_eq!(house.call("ada", "k", "a", None).await, said("a"));
    assert_eq!(house.call("ada", "k", "a", None).await, said("a"));
    assert_eq!(house.call("ada", "k", "b", None).await, Err(ToolRefusal::Conflict));
    assert_eq!(house.begun(), ["call-0"]);

    assert_eq!(house.call("bob", "k", "b", None).await, said("b"), "that is another caller");
    assert_eq!(house.call("ada", "l", "b", None).await, said("b"), "that is another call");
    assert_eq!(house.begun(), ["call-0", "call-1", "call-2"]);

    time::advance(Duration::from_mins(6)).await;
    assert_eq!(house.call("ada", "k", "b", None).await, said("b"));
    assert_eq!(house.begun().len(), 4);
}

#[tokio::test]
async fn a_call_that_failed_is_not_made_again() {
    let house = House::new();
    let no = Err(ToolRefusal::Tool("no".to_owned()));
    assert_eq!(house.call("ada", "k", "fails", None).await, no);
    assert_eq!(house.call("ada", "k", "fails", None).await, no);
    assert_eq!(house.begun(), ["call-0"]);
}

#[tokio::test]
async fn whoever_asks_meanwhile_waits() {
    let house = House::new();
    let gate = Arc::new(Notify::new());
    let both = join(
        house.call("ada", "k", "a", Some(Arc::clone(&gate))),
        house.call("ada", "k", "a", None),
    );
    let open = async {
        tokio::task::yield_now().await;
        gate.notify_one();
    };
    let ((first, second), ()) = join(both, open).await;
    assert_eq!((first.clone(), second), (Ok(Json::of(&"a")), first));
    assert_eq!(house.begun(), ["call-0"]);
}

/// A message that was sent before the caller left is then the same message.
#[tokio::test]
async fn whoever_comes_after_one_that_left_makes_the_call_under_the_same_name() {
    let house = House::new();
    let never = Arc::new(Notify::new());
    tokio::select! {
        biased;
        _ = house.call("ada", "k", "a", Some(never)) => panic!("nobody opened the gate"),
        () = tokio::task::yield_now() => (),
    }
    assert_eq!(house.call("ada", "k", "a", None).await, Ok(Json::of(&"a")));
    assert_eq!(house.begun(), ["call-0", "call-0"]);
}
