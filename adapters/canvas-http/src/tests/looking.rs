//! Looking at pages.

use std::os::unix::fs::symlink;

use super::*;

#[tokio::test]
async fn nobody_looks_without_showing_something() {
    let house = House::open().await;
    house.put("a.txt", "abc");
    let plain = format!("{CANVAS}/a.txt");
    let with = |pass: &str| format!("/__openclaw__/cap/{pass}/__openclaw__/canvas/a.txt");
    #[rustfmt::skip]
    let table = [
        (&plain,      "",                                     401),
        (&plain,      TOKEN,                                  200),
        (&plain,      "authorization: Bearer bad\r\n",        401),
        (&plain,      "authorization: Bearer pairing\r\n",    401),
        (&with("P"),  "",                                     200),
        (&with("Q"),  "",                                     401),
        (&with(""),   "",                                     401),
        (&with("Q"),  TOKEN,                                  200),
    ];
    for (target, headers, status) in table {
        let answer = house.ask("GET", target, headers).await;
        assert_eq!(answer.status, status, "{target} {headers}");
        if status == 401 {
            assert_eq!(
                (answer.text(), answer.header("www-authenticate")),
                ("Unauthorized", Some("Bearer"))
            );
        }
    }
    let page = house.ask("GET", "/a2ui/", "").await;
    assert_eq!(page.status, 401, "what shows A2UI is not for everybody either");
}

/// `security.md` V-114: whatever is answered is of no origin.
#[tokio::test]
async fn every_answer_is_in_a_sandbox() {
    let house = House::open().await;
    house.put("x.svg", "<svg/>");
    for (method, target, headers) in [
        ("GET", format!("{CANVAS}/x.svg"), TOKEN),
        ("GET", format!("{CANVAS}/"), TOKEN),
        ("GET", format!("{CANVAS}/none"), TOKEN),
        ("GET", format!("{CANVAS}/%"), TOKEN),
        ("POST", format!("{CANVAS}/"), TOKEN),
        ("GET", format!("{CANVAS}/"), ""),
        ("GET", format!("{WITH_PASS}/x.svg"), ""),
        ("GET", "/a2ui/".to_owned(), TOKEN),
        ("GET", "/__openclaw/ws".to_owned(), ""),
    ] {
        let answer = house.ask(method, &target, headers).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("sandbox allow-scripts "), "{target}: {policy}");
        assert!(!policy.contains("allow-same-origin") && !policy.contains("allow-top"), "{policy}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{target}");
        let by_pass = target.contains("/cap/");
        let resource = if by_pass { "cross-origin" } else { "same-origin" };
        assert_eq!(answer.header("cross-origin-resource-policy"), Some(resource), "{target}");
        let allowed = by_pass.then_some("*");
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{target}");
    }
}

#[tokio::test]
async fn a_browser_that_is_known_goes_on_with_a_pass() {
    let house = House::open().await;
    house.door.is_open.store(true, Ordering::Relaxed);
    let browser = "sec-fetch-mode: navigate\r\n";
    let outdated = "/__openclaw__/cap/Q/__openclaw__/canvas";
    for target in [CANVAS, outdated] {
        let answer = house.ask("GET", &format!("{target}/a.html?b=c"), browser).await;
        let place = format!("{WITH_PASS}/a.html?b=c");
        assert_eq!((answer.status, answer.header("location")), (307, Some(&*place)));
    }
    let tool = house.ask("GET", &format!("{CANVAS}/"), "accept: */*\r\n").await;
    assert_eq!(tool.status, 200);
    let shown = house.ask("GET", &format!("{CANVAS}/"), &format!("{TOKEN}{browser}")).await;
    assert_eq!(shown.status, 200, "who shows a token has to show it again");
}

#[tokio::test]
async fn paths_lead_to_files_below_the_root_or_nowhere() {
    let house = House::open().await;
    house.put("a b/ä.txt", "abc");
    house.put(".env", "secret");
    fs::write(house.home.path().join("secret"), "secret").unwrap();
    symlink("../secret", house.root().join("link")).unwrap();
    symlink("..", house.root().join("up")).unwrap();
    #[rustfmt::skip]
    let table = [
        ("/a%20b/%C3%A4.txt",       200),
        ("/%E0%A4%A",               400),
        ("/../secret",              404),
        ("/%2e%2e/secret",          404),
        ("/%252e%252e/secret",      404),
        ("/..%2fsecret",            404),
        ("/..%5csecret",            404),
        ("/link",                   404),
        ("/up/secret",              404),
        ("/.env",                   404),
        ("/a%00",                   404),
        ("//secret",                404),
        ("/none",                   404),
    ];
    for (path, status) in table {
        let answer = house.get(&format!("{CANVAS}{path}")).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.text().contains("secret"), "{path}");
        if status == 404 {
            assert_eq!(answer.text(), "not found", "{path}");
        }
    }
}

#[tokio::test]
async fn folders_say_that_they_are_and_show_their_page() {
    let house = House::open().await;
    house.put("sub/index.html", "<p>sub");
    house.put("empty/.hidden", "");
    for (target, expected) in [
        (CANVAS.to_owned(), format!("{CANVAS}/")),
        (format!("{CANVAS}/sub?x=1"), format!("{CANVAS}/sub/?x=1")),
    ] {
        let answer = house.get(&target).await;
        assert_eq!((answer.status, answer.header("location")), (308, Some(&*expected)));
    }
    assert!(house.get(&format!("{CANVAS}/sub/")).await.text().starts_with("<p>sub<script>"));
    let empty = house.get(&format!("{CANVAS}/empty/")).await;
    assert_eq!(
        (empty.status, empty.header("content-type")),
        (404, Some("text/html; charset=utf-8"))
    );
}

#[tokio::test]
async fn an_empty_canvas_shows_a_first_page() {
    let house = House::open().await;
    let page = house.get(&format!("{CANVAS}/")).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let text = page.text();
    let (bridge, end) =
        (text.find("openclawCanvasA2UIAction").unwrap(), text.rfind("</body>").unwrap());
    assert!(bridge < end, "the bridge comes before the end of the body");
    assert!(text.contains("new WebSocket"));

    house.configure(|config| config.canvas_host.live_reload = Some(false));
    let still = house.get(&format!("{CANVAS}/")).await;
    assert!(still.text().contains("sendUserAction") && !still.text().contains("new WebSocket"));
    assert_ne!(still.header("etag"), page.header("etag"));
}

#[tokio::test]
async fn what_a_client_has_already_is_not_sent_again() {
    let house = House::open().await;
    house.put("a.txt", "0123456789");
    let target = format!("{CANVAS}/a.txt");
    let whole = house.get(&target).await;
    assert_eq!((whole.text(), whole.header("accept-ranges")), ("0123456789", Some("bytes")));
    let tag = whole.header("etag").unwrap();
    let again = house.ask("GET", &target, &format!("{TOKEN}if-none-match: {tag}\r\n")).await;
    assert_eq!((again.status, again.header("etag"), again.text()), (304, Some(tag), ""));
    house.put("a.txt", "changed");
    let changed = house.ask("GET", &target, &format!("{TOKEN}if-none-match: {tag}\r\n")).await;
    assert_eq!((changed.status, changed.text()), (200, "changed"));
}

#[tokio::test]
async fn a_part_is_sent_alone() {
    let house = House::open().await;
    house.put("a.txt", "0123456789");
    let target = format!("{CANVAS}/a.txt");
    let tag = house.get(&target).await.header("etag").unwrap().to_owned();
    #[rustfmt::skip]
    let table = [
        ("range: bytes=2-4\r\n".to_owned(),                      206, "234",        Some("bytes 2-4/10")),
        ("range: bytes=-2\r\n".to_owned(),                       206, "89",         Some("bytes 8-9/10")),
        (format!("range: bytes=2-4\r\nif-range: {tag}\r\n"),     206, "234",        Some("bytes 2-4/10")),
        ("range: bytes=2-4\r\nif-range: \"x\"\r\n".to_owned(),   200, "0123456789", None),
        ("range: bytes=0-1,3-4\r\n".to_owned(),                  200, "0123456789", None),
        ("range: bytes=10-\r\n".to_owned(),                      416, "",           Some("bytes */10")),
    ];
    for (headers, status, text, range) in table {
        let answer = house.ask("GET", &target, &format!("{TOKEN}{headers}")).await;
        let found = (answer.status, answer.text(), answer.header("content-range"));
        assert_eq!(found, (status, text, range), "{headers}");
        assert_eq!(answer.header("content-length"), Some(&*text.len().to_string()), "{headers}");
    }
}

#[tokio::test]
async fn pages_are_looked_at_and_nothing_else() {
    let house = House::open().await;
    house.put("a.txt", "abc");
    let target = format!("{CANVAS}/a.txt");
    let head = house.ask("HEAD", &target, TOKEN).await;
    assert_eq!((head.status, head.header("content-length"), head.text()), (200, Some("3"), ""));
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = house.ask(method, &target, TOKEN).await;
        let found = (answer.status, answer.header("allow"), answer.text());
        assert_eq!(found, (405, Some("GET, HEAD"), "Method Not Allowed"), "{method}");
    }
}

#[tokio::test]
async fn long_files_come_whole() {
    let house = House::open().await;
    let text: String = ('a'..='z').cycle().take(200_000).collect();
    house.put("long.txt", &text);
    house.put("long.html", format!("{text}</body></html>"));
    assert_eq!(house.get(&format!("{CANVAS}/long.txt")).await.text(), text);
    let page = house.get(&format!("{CANVAS}/long.html")).await;
    assert!(page.text().starts_with(&format!("{text}<script>")));
    assert!(page.text().ends_with("</script>\n</body></html>"));
    let range = format!("{TOKEN}range: bytes=100-150099\r\n");
    let part = house.ask("GET", &format!("{CANVAS}/long.txt"), &range).await;
    assert_eq!(part.text(), &text[100..150_100]);
}

#[tokio::test]
async fn there_is_nothing_where_the_canvas_is_not_shown() {
    let house = House::open().await;
    house.canvas.is_shown.store(false, Ordering::Relaxed);
    for target in ["/a2ui/", "/__openclaw/ws", "/__openclaw__/canvas/"] {
        let answer = house.get(target).await;
        assert_eq!((answer.status, answer.text()), (404, "not found"), "{target}");
    }
    assert!(!house.root().exists(), "and nothing is made");
}

/// CAN-014: a file is swapped for a link all the time, and nobody ever gets what
/// is behind the link.
#[tokio::test]
async fn a_swapped_file_shows_nothing_else() {
    let house = House::open().await;
    fs::write(house.home.path().join("secret"), "secret").unwrap();
    house.put("race.txt", "public");
    let (root, stop) = (house.root(), CancellationToken::new());
    let stopped = stop.clone();
    let swapping = std::thread::spawn(move || {
        let (file, side) = (root.join("race.txt"), root.join("side"));
        while !stopped.is_cancelled() {
            symlink("../secret", &side).unwrap();
            fs::rename(&side, &file).unwrap();
            fs::write(&side, "public").unwrap();
            fs::rename(&side, &file).unwrap();
        }
    });
    let stop = stop.drop_guard();
    let mut seen = [0, 0];
    while seen.contains(&0) || seen.iter().sum::<i32>() < 200 {
        let answer = house.get(&format!("{CANVAS}/race.txt")).await;
        match (answer.status, answer.text()) {
            (200, "public") => seen[0] += 1,
            (404, "not found") => seen[1] += 1,
            other => panic!("{other:?}"),
        }
    }
    drop(stop);
    swapping.join().unwrap();
}
