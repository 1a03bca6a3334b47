//! A server that is changed while somebody is connected.

use std::{net::SocketAddr, sync::Arc};

use http::{Method, StatusCode};
use http_kit::{Route, handler_of, text};
use ports::config::LimitsConfig;
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Notify};

use super::house::{House, limits, rest, status, until};
use crate::{Manner, bind};

const HELLO: &[u8] = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST: &[u8] = b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn connections_outlive_the_address_they_came_to() {
    let (begun, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (begun, finish) = (Arc::clone(&begun), Arc::clone(&finish));
        handler_of(move |_| {
            let (begun, finish) = (Arc::clone(&begun), Arc::clone(&finish));
            async move {
                begun.notify_one();
                finish.notified().await;
                text(StatusCode::OK, "finished")
            }
        })
    };
    let house = House::with(|deps| {
        deps.routes.push(Route {
            handler,
            ..Route::new(Method::GET, "/slow", |_| async { unreachable!() })
        });
    });
    let mut idle = house.connect().await;
    idle.write_all(HELLO).await.unwrap();
    until(&mut idle, "hello").await;
    let mut busy = house.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    begun.notified().await;

    // The new address first, then the old one goes.
    let new: Vec<SocketAddr> = bind(&["127.0.0.1:0".parse().unwrap()])
        .unwrap()
        .into_iter()
        .map(|listener| {
            let address = listener.local_addr().unwrap();
            house.server.listen(listener);
            address
        })
        .collect();
    let old = house.address;
    for address in house.server.addresses().into_iter().filter(|it| !new.contains(it)) {
        house.server.leave(address).await;
    }
    assert_eq!(house.server.addresses(), new);
    assert!(TcpStream::connect(old).await.is_err(), "nobody listens there any more");
    drop(bind(&[old]).expect("it is free for somebody else"));

    let mut other = TcpStream::connect(new[0]).await.unwrap();
    other.write_all(LAST).await.unwrap();
    assert_eq!(status(&rest(&mut other).await), "200");
    idle.write_all(LAST).await.unwrap();
    assert_eq!(status(&rest(&mut idle).await), "200", "an idle connection goes on");
    finish.notify_one();
    assert!(until(&mut busy, "finished").await.contains("200 OK"), "and a busy one");

    house.stop.cancel();
    house.closed().await;
}

#[tokio::test]
async fn a_connection_keeps_to_the_manner_it_began_with() {
    let house = House::open();
    let mut before = house.connect().await;
    before.write_all(HELLO).await.unwrap();
    until(&mut before, "hello").await;

    let narrow = LimitsConfig { http_header_count: 1, ..limits() };
    house.server.treat(Manner { limits: narrow, ..Manner::default() });
    before.write_all(LAST).await.unwrap();
    assert_eq!(status(&rest(&mut before).await), "200");
    let mut after = house.connect().await;
    after.write_all(LAST).await.unwrap();
    assert_eq!(status(&rest(&mut after).await), "431");

    house.server.treat(Manner { limits: limits(), ..Manner::default() });
    let mut again = house.connect().await;
    again.write_all(LAST).await.unwrap();
    assert_eq!(status(&rest(&mut again).await), "200");
}
