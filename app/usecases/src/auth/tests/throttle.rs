//! How often one may be wrong.

use std::time::Duration;

use domain::access::Proof;
use ports::config::Config;

use super::fixture::{Device, From, Gateway, Shows, Visit, here, page, there};

const LIMITED: &str = "AUTH_RATE_LIMITED";

async fn tries(gateway: &Gateway, from: From, shows: Shows, device: Device) -> &'static str {
    let visit = Visit { from, shows, device, ..Visit::default() };
    match gateway.verdict(&visit).await {
        Ok((proof, _)) => proof.as_str(),
        Err(code) => code,
    }
}

/// V-05, V-25, AUT-016: programs here need not wait unless the configuration says
/// so; pages always do.
#[tokio::test]
async fn whoever_guesses_waits() {
    for (exempt, from, verdict) in [
        (true, here(), "token"),
        (false, here(), LIMITED),
        (true, page(), LIMITED),
        (true, there(), LIMITED),
    ] {
        let mut config = Config::default();
        config.gateway.auth.rate_limit.max_attempts = 3;
        config.gateway.auth.rate_limit.exempt_loopback = exempt;
        let gateway = Gateway::new(config);
        for _ in 0..3 {
            let wrong = tries(&gateway, from.clone(), Shows::token("bad"), Device::No).await;
            assert_eq!(wrong, "AUTH_TOKEN_MISMATCH");
        }
        let right = tries(&gateway, from.clone(), Shows::token("good"), Device::No).await;
        assert_eq!(right, verdict, "{exempt} {from:?}");
        let elsewhere = tries(&gateway, there().at("192.0.2.8"), Shows::token("good"), Device::No);
        assert_eq!(elsewhere.await, "token");
    }
}

/// V-25: HTTP and WebSocket are counted together, and the time that is set
/// passes.
#[tokio::test(start_paused = true)]
async fn guesses_are_counted_wherever_they_are_made() {
    let mut config = Config::default();
    config.gateway.auth.rate_limit.lockout_ms = 120_000;
    let gateway = Gateway::new(config);
    for _ in 0..5 {
        assert!(gateway.identify(&there(), Shows::token("bad")).await.is_err());
        tries(&gateway, there(), Shows::token("bad"), Device::No).await;
    }
    assert!(gateway.identify(&there(), Shows::token("good")).await.is_err());
    assert_eq!(tries(&gateway, there(), Shows::token("good"), Device::No).await, LIMITED);
    tokio::time::advance(Duration::from_mins(2)).await;
    assert!(gateway.identify(&there(), Shows::token("good")).await.is_ok());
    assert_eq!(tries(&gateway, there(), Shows::token("good"), Device::No).await, "token");
}

/// V-25, AUT-015: made up device tokens are guesses as well, wherever the device
/// goes.
#[tokio::test]
async fn a_device_that_guesses_waits_wherever_it_is() {
    let gateway = Gateway::new(Config::default());
    let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"];
    for address in addresses.into_iter().chain(addresses) {
        let wrong = Shows::device_token("made up");
        let verdict = tries(&gateway, there().at(address), wrong, Device::Paired).await;
        assert_eq!(verdict, "AUTH_DEVICE_TOKEN_MISMATCH");
    }
    let right = Shows::token("token of device 1");
    let verdict = tries(&gateway, there().at("192.0.2.6"), right, Device::Paired).await;
    assert_eq!(verdict, LIMITED);
    let other = tries(&gateway, there().at("192.0.2.6"), Shows::token("good"), Device::No).await;
    assert_eq!(other, "token", "the address is not to blame");
}

/// B8: a device that may come in cannot guess the secret on and on by coming in
/// in between; whoever knows the secret begins anew.
#[tokio::test]
async fn only_the_secret_makes_up_for_wrong_guesses() {
    for (shows, device, verdict) in [
        (Shows::token("token of device 1"), Device::Paired, LIMITED),
        (Shows::token("good"), Device::Paired, "AUTH_TOKEN_MISMATCH"),
        (Shows::token("good"), Device::No, "AUTH_TOKEN_MISMATCH"),
    ] {
        let gateway = Gateway::new(Config::default());
        let mut last = "";
        for number in 0..12 {
            last = tries(&gateway, there(), Shows::token("bad"), Device::No).await;
            if number < 9 {
                let in_between = tries(&gateway, there(), shows, device).await;
                assert!([Proof::Token.as_str(), "device-token"].contains(&in_between));
            }
        }
        assert_eq!(last, verdict, "{shows:?}");
    }
}

/// Who shows nothing, or cannot be judged, has not guessed.
#[tokio::test]
async fn what_is_no_guess_is_not_counted() {
    let gateway = Gateway::new(Config::default());
    for _ in 0..20 {
        let nothing = tries(&gateway, there(), Shows::default(), Device::New).await;
        assert_eq!(nothing, "AUTH_TOKEN_MISSING");
    }
    assert_eq!(tries(&gateway, there(), Shows::token("good"), Device::No).await, "token");
}
