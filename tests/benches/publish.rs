//! One event to this many clients over real sockets, until all of them have it.

use divan::{Bencher, counter::ItemsCount};
use domain::time::Timestamp;
use ports::event::{Body, Event};
use tests::{Client, TestGateway};
use tokio::runtime::Builder;

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 10, 100, 400])]
fn publish(bencher: Bencher<'_, '_>, clients: usize) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (gateway, mut readers) = runtime.block_on(async {
        let gateway = TestGateway::start().await;
        let mut readers: Vec<Client> = Vec::with_capacity(clients);
        for _ in 0..clients {
            readers.push(gateway.connect().await);
        }
        (gateway, readers)
    });
    bencher.counter(ItemsCount::new(clients)).bench_local(|| {
        runtime.block_on(async {
            gateway.publish(Event::new(Body::Tick(Timestamp::from_millis(1))));
            for reader in &mut readers {
                reader.event_named("tick").await;
            }
        });
    });
    runtime.block_on(gateway.shutdown());
}
