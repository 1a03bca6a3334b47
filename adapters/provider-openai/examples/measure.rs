#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::print_stdout)]
use futures_util::{StreamExt, stream};
use http_client::HttpClient;
use ports::driven::*;
use provider_openai::*;
fn cpu() -> f64 {
    let t = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    t.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e3
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (url, model, n, c): (&str, &str, usize, usize) =
        (&args[1], &args[2], args[3].parse().unwrap(), args[4].parse().unwrap());
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async {
        let p = OpenAiProvider::new(Settings::new("x", url.parse().unwrap()), HttpClient::new());
        let one = || async {
            let r = ModelRequest { model: model.to_owned(), system: Some("be brief".into()),
                messages: vec![ModelMessage::text(ModelRole::User, "hi")], thinking: None, sampling: Sampling::default() };
            let mut s = p.stream(r).await.unwrap();
            let (mut texts, mut bytes) = (0, 0);
            while let Some(e) = s.next().await { match e.unwrap() { ModelEvent::Text(t) => { texts += 1; bytes += t.len() } _ => () } }
            (texts, bytes)
        };
        for _ in 0..20 { one().await; }
        for _ in 0..3 {
            let (c0, t0) = (cpu(), std::time::Instant::now());
            let all: Vec<(usize, usize)> = stream::iter(0..n).map(|_| one()).buffer_unordered(c).collect().await;
            let used = cpu() - c0;
            let texts: usize = all.iter().map(|x| x.0).sum();
            println!("{model} c{c}: {:.1} us CPU/request, {:.2} us per Text event, {} texts/request, {} bytes, wall {:.0} us/request",
                used / n as f64, used / texts as f64, texts / n, all[0].1, t0.elapsed().as_micros() as f64 / n as f64);
        }
    });
}
