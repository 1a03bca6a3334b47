//! Hostile and ordinary bytes.

use proptest::prelude::*;

use super::*;

/// A frame as a client sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [7, 1, 130, 9];
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | u8::try_from(short).unwrap()),
        long @ 126..=0xffff => {
            bytes.push(0x80 | 0x7e);
            bytes.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
        huge => {
            bytes.push(0x80 | 0x7f);
            bytes.extend((huge as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn describe(incoming: &Incoming<'_>) -> String {
    match incoming {
        Incoming::Text(text) => format!("text {text}"),
        Incoming::Ping(bytes) => format!("ping {}", bytes.len()),
        other => format!("{other:?}"),
    }
}

/// What comes out when `bytes` are fed in pieces of `step` bytes.
fn read(frames: &mut Frames, bytes: &[u8], step: usize) -> Result<Vec<String>, Violation> {
    let mut heard = Vec::new();
    for chunk in bytes.chunks(step) {
        frames.feed(&mut chunk.to_vec(), |incoming| {
            heard.push(describe(&incoming));
            ControlFlow::Continue(())
        })?;
    }
    Ok(heard)
}

#[test]
fn messages_come_out_however_the_bytes_come_in() {
    let bytes = [
        frame(0x81, b"one"),
        frame(0x01, "tw\u{f6}".as_bytes().split_at(3).0),
        frame(0x89, b"!"),
        frame(0x80, "tw\u{f6}".as_bytes().split_at(3).1),
        frame(0x82, b"three"),
        frame(0x82, &[0xff]),
        frame(0x81, "x".repeat(70_000).as_bytes()),
        frame(0x8a, b""),
        frame(0x88, &[3, 232]),
    ]
    .concat();
    for step in [1, 2, 3, 7, 1000, usize::MAX] {
        let mut frames = Frames::new(100_000, 10);
        let heard = read(&mut frames, &bytes, step.min(bytes.len())).unwrap();
        let long = format!("text {}", "x".repeat(70_000));
        let expected = [
            "text one",
            "ping 1",
            "text tw\u{f6}",
            "text three",
            "Garbage",
            &long,
            "Pong",
            "Close(Some(1000))",
        ];
        assert_eq!(heard, expected, "step {step}");
        assert!(frames.is_between_messages());
    }
}

#[test]
fn what_comes_after_a_break_is_kept() {
    let mut bytes = [frame(0x81, b"one"), frame(0x81, b"two"), frame(0x81, b"three")].concat();
    let mut frames = Frames::new(100, 10);
    let mut heard = Vec::new();
    let mut input = bytes.as_mut_slice();
    for _ in 0..3 {
        frames
            .feed(input, |incoming| {
                heard.push(describe(&incoming));
                ControlFlow::Break(())
            })
            .unwrap();
        input = &mut [];
    }
    assert_eq!(heard, ["text one", "text two", "text three"]);
    assert!(frames.is_between_messages());
}

#[test]
fn hostile_frames() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    };
    #[rustfmt::skip]
    let table = [
        (hex("8103616263"),                 1002, "unmasked"),
        (hex("c182000000007b7d"),           1002, "RSV1"),
        (hex("a18000000000"),               1002, "RSV2"),
        (hex("838000000000"),               1002, "reserved data opcode"),
        (hex("8b8000000000"),               1002, "reserved control opcode"),
        (hex("098000000000"),               1002, "ping in pieces"),
        (hex("89fe007e00000000"),           1002, "long ping"),
        (hex("808000000000"),               1002, "continuation of nothing"),
        ([frame(0x01, b"a"), frame(0x81, b"b")].concat(), 1002, "text within a message"),
        (hex("81fe007d00000000"),           1002, "length not minimal (16)"),
        (hex("81ff000000000000ffff00000000"), 1002, "length not minimal (64)"),
        (hex("818300000000eda080"),         1007, "surrogate"),
        ([frame(0x01, &[0xe2, 0x82]), frame(0x80, b"x")].concat(), 1007, "broken across pieces"),
        (frame(0x88, &[3]),                 1002, "half a code"),
        (hex("88820000000003ed"),           1002, "1005"),
        (hex("88820000000003e7"),           1002, "999"),
        (hex("88840000000003e8c328"),       1007, "reason not UTF-8"),
        (frame(0x81, &[b'x'; 1001]),        1009, "too long"),
        (hex("81fe03e9"),                   1009, "too long, header only"),
        (hex("81ff8000000000000000"),       1009, "absurdly long"),
        ([frame(0x01, &[b'x'; 600]), frame(0x80, &[b'x'; 401])].concat(), 1009, "too long together"),
        ([frame(0x01, b""), frame(0x00, b"").repeat(16)].concat(), 1008, "empty pieces"),
        ([frame(0x01, b"a"), frame(0x00, b"a").repeat(16)].concat(), 1009, "pieces"),
    ];
    for (bytes, code, what) in table {
        for step in [1, bytes.len()] {
            let mut frames = Frames::new(1000, 16);
            let violation = read(&mut frames, &bytes, step).unwrap_err();
            assert_eq!(violation.close().0, code, "{what}");
        }
    }
    let mut frames = Frames::new(1000, 16);
    assert!(read(&mut frames, &frame(0x81, &[b'x'; 1000]), 100).is_ok());
}

proptest! {
    /// Arbitrary bytes in arbitrary pieces never make the reader fall over, and
    /// it never holds more than one message and one frame.
    #[test]
    fn any_bytes_are_read_or_refused(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)) {
        let mut frames = Frames::new(64, 4);
        for mut chunk in chunks {
            let length = chunk.len();
            if frames.feed(&mut chunk, |_| ControlFlow::Continue(())).is_err() {
                break;
            }
            prop_assert!(frames.rest.len() <= 125 + 14 + length);
        }
    }

    /// Cutting the bytes differently changes nothing.
    #[test]
    fn the_cuts_do_not_matter(
        messages in prop::collection::vec((any::<bool>(), "\\PC{0,40}"), 0..8),
        step in 1usize..50,
    ) {
        let bytes: Vec<u8> = messages
            .iter()
            .flat_map(|(text, message)| frame(if *text { 0x81 } else { 0x82 }, message.as_bytes()))
            .collect();
        let mut frames = Frames::new(1000, 4);
        let heard = read(&mut frames, &bytes, step).unwrap();
        let said: Vec<_> = messages.iter().map(|(_, message)| format!("text {message}")).collect();
        prop_assert_eq!(heard, said);
        prop_assert!(frames.is_between_messages());
    }
}
