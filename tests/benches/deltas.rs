//! Collecting the text of an answer and deciding when it is sent.

use std::time::Duration;

use divan::{Bencher, black_box, counter::ItemsCount};
use domain::{run::DeltaBuffer, time::Timestamp};

fn main() {
    divan::main();
}

/// An answer of this many pieces, a hundred of them a second.
#[divan::bench(args = [500, 3_000, 12_000])]
fn answer(bencher: Bencher<'_, '_>, pieces: u64) {
    bencher.counter(ItemsCount::new(pieces)).bench(|| {
        let mut buffer = DeltaBuffer::new(Duration::from_millis(150));
        for piece in 0..pieces {
            let now = Timestamp::from_millis(1_000 + piece * 10);
            black_box(buffer.push(" token", now));
        }
        buffer.flush()
    });
}
