//! Load generator: one epoll thread, prebuilt request bytes, latency histogram, CPU of the server process read from /proc.
use common::*;
use mio::{net::TcpStream, Events, Interest, Poll, Token};
use std::{
    io::{Read, Write},
    net::SocketAddr,
    time::Duration,
};

fn pids() -> Vec<u32> {
    arg("--pid").map(|s| s.split(',').filter_map(|x| x.parse().ok()).collect()).unwrap_or_default()
}
struct Meter {
    p: Vec<u32>,
    c0: Vec<u64>,
    me0: u64,
    b0: (u64, u64, u64),
    t0: u64,
}
impl Meter {
    fn start() -> Self {
        let p = pids();
        Meter { c0: p.iter().map(|p| cpu_us(*p)).collect(), p, me0: cpu_us(std::process::id()), b0: machine_busy(), t0: now_ns() }
    }
    /// JSON fragment
    fn end(&self, ops: u64) -> String {
        let dt = (now_ns() - self.t0) as f64 / 1e3;
        let cs: Vec<f64> = self.p.iter().zip(&self.c0).map(|(p, c)| (cpu_us(*p) - c) as f64).collect();
        let me = (cpu_us(std::process::id()) - self.me0) as f64;
        let b = machine_busy();
        let busy = (b.0 - self.b0.0) as f64 * 10_000.0; // jiffies -> us (HZ=100 USER_HZ)
        let sum: f64 = cs.iter().sum();
        let others = ((busy - sum - me) / dt * 100.0).max(0.0);
        let mut s = format!("\"srv_cpu_us_per_op\":{:.3},\"srv_util_pct\":{:.1},\"cli_util_pct\":{:.1},\"others_pct\":{:.1}", sum / ops.max(1) as f64, sum / dt * 100.0, me / dt * 100.0, others);
        if self.p.len() > 1 {
            for (i, c) in cs.iter().enumerate() {
                s += &format!(",\"cpu{}_us_per_op\":{:.3}", i, c / ops.max(1) as f64);
            }
        }
        if let Some(p) = self.p.first() {
            let m = mem_kb(*p);
            s += &format!(",\"rss_kb\":{}", m.0);
        }
        s
    }
}

fn addr() -> SocketAddr {
    arg("--addr").unwrap_or("127.0.0.1:19000".into()).parse().unwrap()
}

fn ws_handshake(a: SocketAddr, path: &str) -> std::io::Result<std::net::TcpStream> {
    let mut s = std::net::TcpStream::connect(a)?;
    s.set_nodelay(true)?;
    s.set_read_timeout(Some(Duration::from_secs(10)))?;
    let extra = arg("--header").map(|h| format!("{h}\r\n")).unwrap_or_default();
    s.write_all(format!("GET {path} HTTP/1.1\r\nHost: {a}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}\r\n").as_bytes())?;
    // byte-wise so that no frame bytes are swallowed
    let mut h = Vec::new();
    let mut b = [0u8; 1];
    while !h.ends_with(b"\r\n\r\n") {
        if s.read(&mut b)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        h.push(b[0]);
    }
    if !h.starts_with(b"HTTP/1.1 101") {
        return Err(std::io::Error::other(String::from_utf8_lossy(&h).into_owned()));
    }
    Ok(s)
}
fn read_frame_blocking(s: &mut std::net::TcpStream) -> std::io::Result<Vec<u8>> {
    let mut h = [0u8; 2];
    s.read_exact(&mut h)?;
    let n = match h[1] & 0x7f {
        126 => {
            let mut b = [0u8; 2];
            s.read_exact(&mut b)?;
            u16::from_be_bytes(b) as usize
        }
        127 => {
            let mut b = [0u8; 8];
            s.read_exact(&mut b)?;
            u64::from_be_bytes(b) as usize
        }
        n => n as usize,
    };
    let mut v = vec![0; n];
    s.read_exact(&mut v)?;
    Ok(v)
}
/// complete frame at start of b? -> (payload offset, payload len)
fn frame_at(b: &[u8]) -> Option<(usize, usize)> {
    if b.len() < 2 {
        return None;
    }
    let (h, n) = match b[1] & 0x7f {
        126 if b.len() >= 4 => (4, u16::from_be_bytes([b[2], b[3]]) as usize),
        127 if b.len() >= 10 => (10, u64::from_be_bytes(b[2..10].try_into().unwrap()) as usize),
        126 | 127 => return None,
        n => (2, n as usize),
    };
    if b.len() < h + n {
        None
    } else {
        Some((h, n))
    }
}

struct C {
    s: TcpStream,
    buf: Vec<u8>,
    sent: std::collections::VecDeque<u64>,
}

fn ws_echo() {
    let a = addr();
    let n = arg_u("--conns", 1) as usize;
    let w = arg_u("--window", 1) as usize;
    let secs = arg_u("--secs", 3);
    let rate = arg_u("--rate", 0);
    let path = arg("--path").unwrap_or("/".into());
    let body = match arg("--req") {
        Some(r) => r,
        None => json_of(arg_u("--size", 200) as usize, r#"{"type":"req","id":"c0ffee00-0000-4000-8000-000000000001","method":"health","params":{"sessionKey":"agent:main:main","probe":false,"note":""#),
    };
    let frame = ws_client_frame(body.as_bytes());
    let hello = arg("--connect").map(|s| ws_client_frame(s.as_bytes()));
    let wait_hello = arg_u("--hello-frames", 1);
    // only frames whose payload contains this count as an answer (servers that also push events)
    let want = arg("--match").map(|s| s.into_bytes());
    let mut poll = Poll::new().unwrap();
    let mut cs: Vec<C> = Vec::new();
    for i in 0..n {
        let mut s = ws_handshake(a, &path).expect("handshake");
        if let Some(h) = &hello {
            s.write_all(h).unwrap();
            for _ in 0..wait_hello {
                let _ = read_frame_blocking(&mut s).expect("hello");
            }
        }
        s.set_nonblocking(true).unwrap();
        let mut s = TcpStream::from_std(s);
        poll.registry().register(&mut s, Token(i), Interest::READABLE).unwrap();
        cs.push(C { s, buf: Vec::with_capacity(4096), sent: Default::default() });
    }
    let burst: Vec<u8> = frame.repeat(w);
    let send = |c: &mut C, k: usize, at: u64| {
        let b = &burst[..frame.len() * k];
        let mut off = 0;
        while off < b.len() {
            match c.s.write(&b[off..]) {
                Ok(x) => off += x,
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(e) => panic!("{e}"),
            }
        }
        for _ in 0..k {
            c.sent.push_back(at)
        }
    };
    let mut ev = Events::with_capacity(1024);
    let mut tmp = vec![0u8; 1 << 16];
    let mut hist = Hist::new();
    let mut ops = 0u64;
    let warm = now_ns() + arg_u("--warm-ms", 500) * 1_000_000;
    let mut meter: Option<Meter> = None;
    let mut end = u64::MAX;
    if rate == 0 {
        let t = now_ns();
        for c in cs.iter_mut() {
            send(c, w, t);
        }
    }
    let step = if rate > 0 { 1_000_000_000 / rate } else { 0 };
    let mut next = now_ns();
    let mut rr = 0usize;
    loop {
        let to = if rate > 0 { Some(Duration::from_nanos(next.saturating_sub(now_ns()).min(100_000_000))) } else { Some(Duration::from_millis(200)) };
        poll.poll(&mut ev, to).unwrap();
        let now = now_ns();
        for e in ev.iter() {
            let c = &mut cs[e.token().0];
            loop {
                match c.s.read(&mut tmp) {
                    Ok(0) => panic!("closed"),
                    Ok(k) => {
                        c.buf.extend_from_slice(&tmp[..k]);
                        if k < tmp.len() {
                            break;
                        }
                    }
                    Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                    Err(e) => panic!("{e}"),
                }
            }
            let t = now_ns();
            let mut off = 0;
            let mut got = 0;
            while let Some((h, l)) = frame_at(&c.buf[off..]) {
                let ok = match &want {
                    None => true,
                    Some(m) => c.buf[off + h..off + h + l].windows(m.len()).any(|x| x == &m[..]),
                };
                off += h + l;
                if ok {
                    got += 1;
                    if let Some(s) = c.sent.pop_front() {
                        if meter.is_some() {
                            hist.add(t - s);
                            ops += 1;
                        }
                    }
                }
            }
            if off > 0 {
                c.buf.drain(..off);
            }
            if rate == 0 && got > 0 {
                // w>1: refill as a whole once half empty, to keep the pipeline full
                send(c, got, t);
            }
        }
        if rate > 0 {
            while now_ns() >= next {
                send(&mut cs[rr % n], 1, next);
                rr += 1;
                next += step;
            }
        }
        if meter.is_none() && now > warm {
            meter = Some(Meter::start());
            end = now_ns() + secs * 1_000_000_000;
        }
        if now > end {
            break;
        }
    }
    let m = meter.unwrap();
    let dt = (now_ns() - m.t0) as f64 / 1e9;
    println!("{{\"conns\":{n},\"window\":{w},\"req_bytes\":{},\"rps\":{:.0},{},{}}}", body.len(), ops as f64 / dt, hist.json(""), m.end(ops));
}

fn fanout() {
    let a = addr();
    let n = arg_u("--conns", 1000) as usize;
    let w = arg_u("--window", 1);
    let secs = arg_u("--secs", 3);
    let rate = arg_u("--rate", 0);
    let mut poll = Poll::new().unwrap();
    let mut cs: Vec<C> = Vec::new();
    let connect = arg("--connect").map(|s| ws_client_frame(s.as_bytes()));
    let tsoff = arg_u("--ts-offset", 55) as usize;
    let tconn = now_ns();
    for i in 0..n {
        let mut s = match &connect {
            Some(hello) => {
                let mut s = ws_handshake(a, "/").expect("handshake");
                read_frame_blocking(&mut s).expect("challenge");
                s.write_all(hello).unwrap();
                read_frame_blocking(&mut s).expect("hello");
                s
            }
            None => {
                let mut s = ws_handshake(a, "/sub").expect("handshake");
                let r = read_frame_blocking(&mut s).expect("ready");
                assert_eq!(r, b"ready");
                s
            }
        };
        s.set_nonblocking(true).unwrap();
        let mut s = TcpStream::from_std(s);
        poll.registry().register(&mut s, Token(i), Interest::READABLE).unwrap();
        cs.push(C { s, buf: Vec::new(), sent: Default::default() });
    }
    let tconn = now_ns() - tconn;
    let burst = arg_u("--burst", 1);
    let mut ctl;
    let one;
    if let Some(hello) = &connect {
        ctl = ws_handshake(a, "/").unwrap();
        read_frame_blocking(&mut ctl).unwrap();
        ctl.write_all(hello).unwrap();
        read_frame_blocking(&mut ctl).unwrap();
        one = ws_client_frame(format!("{{\"type\":\"req\",\"id\":\"1\",\"method\":\"publish\",\"params\":{burst}}}").as_bytes());
    } else {
        ctl = ws_handshake(a, "/ctl").unwrap();
        read_frame_blocking(&mut ctl).unwrap();
        one = ws_client_frame(burst.to_string().as_bytes());
    }
    let mut ctl_drain = ctl.try_clone().unwrap();
    std::thread::spawn(move || { let mut b = vec![0u8; 1 << 16]; while let Ok(k) = ctl_drain.read(&mut b) { if k == 0 { break } } });
    let mut ev = Events::with_capacity(2048);
    let mut tmp = vec![0u8; 1 << 17];
    let mut hist = Hist::new();
    let mut last = Hist::new(); // time until the last subscriber has the event (window 1 only)
    let mut ops = 0u64;
    let mut reads = 0u64;
    let warm = now_ns() + 700_000_000;
    let mut meter: Option<Meter> = None;
    let mut end = u64::MAX;
    let mut recv = 0u64;
    let mut sent = 0u64;
    if rate == 0 {
        for _ in 0..w {
            ctl.write_all(&one).unwrap();
            sent += burst;
        }
    }
    let step = if rate > 0 { 1_000_000_000 / rate } else { 0 };
    let mut next = now_ns();
    let mut evs_done = 0u64;
    loop {
        let to = if rate > 0 { Duration::from_nanos(next.saturating_sub(now_ns()).min(100_000_000)) } else { Duration::from_millis(200) };
        poll.poll(&mut ev, Some(to)).unwrap();
        for e in ev.iter() {
            let c = &mut cs[e.token().0];
            loop {
                let k = match c.s.read(&mut tmp) {
                    Ok(0) => panic!("closed"),
                    Ok(k) => k,
                    Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                    Err(e) => panic!("{e}"),
                };
                if meter.is_some() {
                    reads += 1;
                }
                let t = now_ns();
                let mut handle = |b: &[u8]| -> usize {
                    let mut off = 0;
                    while let Some((h, l)) = frame_at(&b[off..]) {
                        let p = &b[off + h..off + h + l];
                        if l < 80 { off += h + l; continue; }
                        // {"type":"event","event":"chat","seq":000000000001,"ts":00000000000000000000,
                        let ts = p[tsoff..tsoff + 20].iter().fold(0u64, |a, d| a.wrapping_mul(10) + (d - b'0') as u64);
                        if meter.is_some() {
                            hist.add(t.saturating_sub(ts));
                            ops += 1;
                        }
                        recv += 1;
                        if w == 1 && recv % n as u64 == 0 && meter.is_some() {
                            last.add(t.saturating_sub(ts));
                        }
                        off += h + l;
                    }
                    off
                };
                if c.buf.is_empty() {
                    let off = handle(&tmp[..k]);
                    if off < k {
                        c.buf.extend_from_slice(&tmp[off..k]);
                    }
                } else {
                    c.buf.extend_from_slice(&tmp[..k]);
                    let off = handle(&c.buf);
                    c.buf.drain(..off);
                }
                if k < tmp.len() {
                    break;
                }
            }
        }
        let now = now_ns();
        let full = recv / n as u64;
        if rate == 0 {
            while sent < full + w * burst {
                ctl.write_all(&one).unwrap();
                sent += burst;
            }
        } else {
            while now_ns() >= next {
                ctl.write_all(&one).unwrap();
                sent += burst;
                next += step;
            }
        }
        if meter.is_none() && now > warm {
            meter = Some(Meter::start());
            evs_done = full;
            end = now_ns() + secs * 1_000_000_000;
        }
        if now > end {
            evs_done = full - evs_done;
            break;
        }
    }
    let m = meter.unwrap();
    let dt = (now_ns() - m.t0) as f64 / 1e9;
    println!(
        "{{\"subs\":{n},\"window\":{w},\"burst\":{burst},\"rate\":{rate},\"connect_us_each\":{:.1},\"events_per_s\":{:.1},\"deliveries_per_s\":{:.0},\"frames_per_read\":{:.2},{},{},{}}}",
        tconn as f64 / 1e3 / n as f64,
        evs_done as f64 / dt,
        ops as f64 / dt,
        ops as f64 / reads.max(1) as f64,
        hist.json(""),
        last.json("last_"),
        m.end(ops)
    );
}

fn http() {
    let a = addr();
    let n = arg_u("--conns", 1) as usize;
    let secs = arg_u("--secs", 3);
    let rate = arg_u("--rate", 0);
    let path = arg("--path").unwrap_or("/".into());
    let body = arg("--body").unwrap_or_default();
    let hdr = arg("--header").map(|h| format!("{h}\r\n")).unwrap_or_default();
    let req = if body.is_empty() {
        format!("GET {path} HTTP/1.1\r\nHost: {a}\r\n{hdr}\r\n")
    } else {
        format!("POST {path} HTTP/1.1\r\nHost: {a}\r\nContent-Type: application/json\r\n{hdr}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    struct H {
        s: TcpStream,
        buf: Vec<u8>,
        at: u64,
        first: bool,
        busy: bool,
        hdr_done: Option<(usize, Option<usize>)>,
    }
    let mut poll = Poll::new().unwrap();
    let connect = |i: usize, poll: &Poll| -> H {
        let s = std::net::TcpStream::connect(a).unwrap();
        s.set_nodelay(true).unwrap();
        s.set_nonblocking(true).unwrap();
        let mut s = TcpStream::from_std(s);
        poll.registry().register(&mut s, Token(i), Interest::READABLE).unwrap();
        H { s, buf: Vec::with_capacity(16384), at: 0, first: false, busy: false, hdr_done: None }
    };
    let mut cs: Vec<H> = (0..n).map(|i| connect(i, &poll)).collect();
    let mut idle: Vec<usize> = (0..n).collect();
    let mut ev = Events::with_capacity(1024);
    let mut tmp = vec![0u8; 1 << 16];
    let mut hist = Hist::new();
    let mut ttfb = Hist::new();
    let (mut ops, mut bad, mut reconn) = (0u64, 0u64, 0u64);
    let warm = now_ns() + arg_u("--warm-ms", 500) * 1_000_000;
    let mut meter: Option<Meter> = None;
    let mut end = u64::MAX;
    let step = if rate > 0 { 1_000_000_000 / rate } else { 0 };
    let mut next = now_ns();
    let mut backlog: std::collections::VecDeque<u64> = Default::default();
    fn fire(c: &mut H, req: &[u8], at: u64) {
        c.at = at;
        c.first = true;
        c.busy = true;
        c.buf.clear();
        c.hdr_done = None;
        let mut off = 0;
        while off < req.len() {
            match c.s.write(&req[off..]) {
                Ok(k) => off += k,
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(_) => return,
            }
        }
    }
    loop {
        let now = now_ns();
        if rate == 0 {
            while let Some(i) = idle.pop() {
                fire(&mut cs[i], req.as_bytes(), now_ns());
            }
        } else {
            while now_ns() >= next {
                backlog.push_back(next);
                next += step;
            }
            while !backlog.is_empty() && !idle.is_empty() {
                let at = backlog.pop_front().unwrap();
                let i = idle.pop().unwrap();
                fire(&mut cs[i], req.as_bytes(), at);
            }
        }
        if meter.is_none() && now > warm {
            meter = Some(Meter::start());
            end = now_ns() + secs * 1_000_000_000;
        }
        if now > end {
            break;
        }
        let to = if rate > 0 { Duration::from_nanos(next.saturating_sub(now_ns()).min(100_000_000)) } else { Duration::from_millis(200) };
        poll.poll(&mut ev, Some(to)).unwrap();
        for e in ev.iter() {
            let i = e.token().0;
            let mut done = false;
            let mut dead = false;
            loop {
                match cs[i].s.read(&mut tmp) {
                    Ok(0) => {
                        dead = true;
                        break;
                    }
                    Ok(k) => {
                        cs[i].buf.extend_from_slice(&tmp[..k]);
                        if k < tmp.len() {
                            break;
                        }
                    }
                    Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                    Err(_) => {
                        dead = true;
                        break;
                    }
                }
            }
            let c = &mut cs[i];
            let t = now_ns();
            if c.busy {
                if c.hdr_done.is_none() {
                    if let Some(p) = c.buf.windows(4).position(|w| w == b"\r\n\r\n") {
                        let h = String::from_utf8_lossy(&c.buf[..p]).to_ascii_lowercase();
                        if !h.starts_with("http/1.1 200") {
                            bad += 1;
                        }
                        let cl = h.split("content-length: ").nth(1).and_then(|x| x.split("\r\n").next()).and_then(|x| x.trim().parse().ok());
                        c.hdr_done = Some((p + 4, cl));
                    }
                }
                if let Some((p, cl)) = c.hdr_done {
                    if c.first && c.buf.len() > p {
                        c.first = false;
                        if meter.is_some() {
                            ttfb.add(t - c.at);
                        }
                    }
                    done = match cl {
                        Some(l) => c.buf.len() >= p + l,
                        None => c.buf.len() > p && c.buf.ends_with(b"0\r\n\r\n"),
                    };
                }
                if done {
                    c.busy = false;
                    if meter.is_some() {
                        hist.add(t - c.at);
                        ops += 1;
                    }
                    if !dead {
                        idle.push(i);
                    }
                }
            }
            if dead {
                reconn += 1;
                if cs[i].busy {
                    bad += 1;
                }
                cs[i] = connect(i, &poll);
                idle.push(i);
            }
        }
    }
    let m = meter.unwrap();
    let dt = (now_ns() - m.t0) as f64 / 1e9;
    println!(
        "{{\"conns\":{n},\"rate\":{rate},\"rps\":{:.0},\"bad\":{bad},\"reconn\":{reconn},{},{},{}}}",
        ops as f64 / dt,
        hist.json(""),
        ttfb.json("ttfb_"),
        m.end(ops)
    );
}

#[derive(Debug)]
struct NoVerify;
impl rustls::client::danger::ServerCertVerifier for NoVerify {
    fn verify_server_cert(&self, _: &rustls::pki_types::CertificateDer<'_>, _: &[rustls::pki_types::CertificateDer<'_>], _: &rustls::pki_types::ServerName<'_>, _: &[u8], _: rustls::pki_types::UnixTime) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(&self, _: &[u8], _: &rustls::pki_types::CertificateDer<'_>, _: &rustls::DigitallySignedStruct) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }
    fn verify_tls13_signature(&self, _: &[u8], _: &rustls::pki_types::CertificateDer<'_>, _: &rustls::DigitallySignedStruct) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }
    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn slab_tcp_kb() -> (u64, u64) {
    // TCP memory pages from sockstat, and total slab
    let s = std::fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let tcp = s.lines().find(|l| l.starts_with("TCP:")).and_then(|l| l.split("mem ").nth(1)).and_then(|x| x.trim().parse::<u64>().ok()).unwrap_or(0) * 4;
    let m = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let slab = m.lines().find(|l| l.starts_with("Slab:")).and_then(|l| l.split_whitespace().nth(1)).and_then(|x| x.parse().ok()).unwrap_or(0);
    (tcp, slab)
}

fn idle() {
    let a = addr();
    let n = arg_u("--conns", 5000) as usize;
    let kind = arg("--kind").unwrap_or("raw".into());
    let tls = flag("--tls");
    let pid = pids()[0];
    let cfg = std::sync::Arc::new(
        rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(std::sync::Arc::new(NoVerify))
            .with_no_client_auth(),
    );
    let k0 = slab_tcp_kb();
    let m0 = mem_kb(pid);
    let c0 = cpu_us(pid);
    let t0 = now_ns();
    let mut keep = Vec::with_capacity(n);
    let mut keep_tls = Vec::new();
    let hello = arg("--connect").map(|s| ws_client_frame(s.as_bytes()));
    for _ in 0..n {
        if let Some(h) = &hello {
            let mut s = ws_handshake(a, "/").unwrap();
            s.write_all(h).unwrap();
            for _ in 0..arg_u("--hello-frames", 1) {
                read_frame_blocking(&mut s).unwrap();
            }
            keep.push(s);
            continue;
        }
        let mut s = std::net::TcpStream::connect(a).unwrap();
        let req: String = match kind.as_str() {
            "raw" => String::new(),
            "http" => format!("GET / HTTP/1.1\r\nHost: {a}\r\n\r\n"),
            _ => format!("GET / HTTP/1.1\r\nHost: {a}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        };
        if tls {
            let mut c = rustls::ClientConnection::new(cfg.clone(), "localhost".try_into().unwrap()).unwrap();
            while c.is_handshaking() {
                c.complete_io(&mut s).unwrap();
            }
            let mut st = rustls::Stream::new(&mut c, &mut s);
            if !req.is_empty() {
                st.write_all(req.as_bytes()).unwrap();
                let mut b = [0u8; 1024];
                let _ = st.read(&mut b).unwrap();
            }
            keep_tls.push(c);
            keep.push(s);
        } else {
            if !req.is_empty() {
                s.write_all(req.as_bytes()).unwrap();
                let mut b = [0u8; 1024];
                let _ = s.read(&mut b).unwrap();
            }
            keep.push(s);
        }
    }
    std::thread::sleep(Duration::from_millis(500));
    let dt = now_ns() - t0;
    let m1 = mem_kb(pid);
    let k1 = slab_tcp_kb();
    let c1 = cpu_us(pid);
    // a small frame on each (ws only): what do buffers look like after use
    let mut after = m1;
    if kind.starts_with("ws") && !tls && hello.is_none() {
        let f = ws_client_frame(json_of(200, "{\"type\":\"req\",\"id\":\"1\",\"method\":\"health\",\"params\":{\"x\":\"").as_bytes());
        for s in keep.iter_mut() {
            s.write_all(&f).unwrap();
        }
        std::thread::sleep(Duration::from_millis(700));
        after = mem_kb(pid);
    }
    drop(keep);
    drop(keep_tls);
    std::thread::sleep(Duration::from_millis(1500));
    let m2 = mem_kb(pid);
    println!(
        "{{\"kind\":\"{kind}\",\"tls\":{tls},\"conns\":{n},\"base_rss_kb\":{},\"rss_kb\":{},\"user_kb_per_conn\":{:.3},\"user_kb_per_conn_after_frame\":{:.3},\"rss_after_close_kb\":{},\"kernel_kb_per_conn_both_ends\":{:.2},\"accept_cpu_us\":{:.1},\"conns_per_s\":{:.0}}}",
        m0.0,
        m1.0,
        (m1.0 as f64 - m0.0 as f64) / n as f64,
        (after.0 as f64 - m0.0 as f64) / n as f64,
        m2.0,
        ((k1.1 + k1.0) as f64 - (k0.1 + k0.0) as f64) / n as f64,
        (c1 - c0) as f64 / n as f64,
        n as f64 / ((dt - 500_000_000) as f64 / 1e9)
    );
}

/// spawn a program, time until it answers the first HTTP request
fn startup() {
    let a = addr();
    let runs = arg_u("--runs", 15);
    let sep = std::env::args().position(|x| x == "--").unwrap();
    let cmd: Vec<String> = std::env::args().skip(sep + 1).collect();
    let path = arg("--path").unwrap_or("/".into());
    let timeout = arg_u("--timeout-s", 60);
    let mut listen = Hist::new();
    let mut first = Hist::new();
    let (mut rss, mut anon, mut pss, mut cpu) = (0, 0, 0, 0);
    let settle = arg_u("--settle-ms", 300);
    for _ in 0..runs {
        let t0 = now_ns();
        let mut ch = std::process::Command::new(&cmd[0]).args(&cmd[1..]).stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let mut s = loop {
            match std::net::TcpStream::connect(a) {
                Ok(s) => break s,
                Err(_) => std::thread::sleep(Duration::from_micros(100)),
            }
            if now_ns() - t0 > timeout * 1_000_000_000 {
                let _ = ch.kill();
                panic!("startup timeout");
            }
        };
        listen.add(now_ns() - t0);
        s.write_all(format!("GET {path} HTTP/1.1\r\nHost: {a}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        let mut b = [0u8; 4096];
        let k = s.read(&mut b).unwrap();
        assert!(k > 0);
        first.add(now_ns() - t0);
        std::thread::sleep(Duration::from_millis(settle));
        let m = mem_kb(ch.id());
        rss = m.0;
        anon = m.1;
        pss = m.2;
        cpu = cpu_us(ch.id());
        let _ = ch.kill();
        let _ = ch.wait();
    }
    println!("{{\"runs\":{runs},{},{},\"rss_kb\":{rss},\"anon_kb\":{anon},\"pss_kb\":{pss},\"cpu_us_total\":{cpu}}}", listen.json("listen_"), first.json("first_"));
}

fn main() {
    raise_nofile();
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "ws-echo" => ws_echo(),
        "fanout" => fanout(),
        "http" => http(),
        "idle" => idle(),
        "startup" => startup(),
        "mem" => {
            for p in pids() {
                println!("{:?} cpu_us {}", mem_kb(p), cpu_us(p));
            }
        }
        _ => eprintln!("load ws-echo|fanout|http|idle|startup|mem"),
    }
}
