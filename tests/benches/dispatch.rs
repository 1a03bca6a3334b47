//! One call over a real socket to a real gateway, one at a time and sixteen at
//! a time. Most of it is the kernel; `load/run` compares it with a bare echo.

use divan::{Bencher, counter::ItemsCount};
use serde_json::json;
use tests::TestGateway;
use tokio::runtime::Builder;

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 16])]
fn last_heartbeat(bencher: Bencher<'_, '_>, in_flight: usize) {
    calls(bencher, in_flight, "last-heartbeat");
}

#[divan::bench(args = [1, 16])]
fn health(bencher: Bencher<'_, '_>, in_flight: usize) {
    calls(bencher, in_flight, "health");
}

fn calls(bencher: Bencher<'_, '_>, in_flight: usize, method: &str) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (gateway, mut client) = runtime.block_on(async {
        let gateway = TestGateway::start().await;
        let client = gateway.connect().await;
        (gateway, client)
    });
    bencher.counter(ItemsCount::new(in_flight)).bench_local(|| {
        runtime.block_on(async {
            let mut ids = Vec::with_capacity(in_flight);
            for _ in 0..in_flight {
                ids.push(client.begin(method, json!({})).await);
            }
            for id in ids {
                client.answer(&id).await.expect("it answers");
            }
        });
    });
    runtime.block_on(gateway.shutdown());
}
