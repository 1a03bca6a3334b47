use proptest::prelude::*;

use super::*;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

fn parent(text: &str) -> Result<TraceParent, ParseTraceParentError> {
    text.parse()
}

#[test]
fn what_a_traceparent_is() {
    use ParseTraceParentError::{Digits, Shape, Version, Zero};

    let zeros = "0".repeat(32);
    #[rustfmt::skip]
    let table = [
        (format!("00-{TRACE}-{SPAN}-01"),                Ok((true, "01"))),
        (format!("00-{TRACE}-{SPAN}-00"),                Ok((false, "00"))),
        // Flags nobody knows are not passed along.
        (format!("00-{TRACE}-{SPAN}-ff"),                Ok((true, "03"))),
        (format!("00-{TRACE}-{SPAN}-fc"),                Ok((false, "00"))),
        // Later versions begin in the same way.
        (format!("01-{TRACE}-{SPAN}-01"),                Ok((true, "01"))),
        (format!("cc-{TRACE}-{SPAN}-01-what-comes-then"), Ok((true, "01"))),
        (format!("01-{TRACE}-{SPAN}-01-"),               Ok((true, "01"))),
        (format!("cc-{TRACE}-{SPAN}-01.what"),           Err(Digits)),
        (format!("00-{TRACE}-{SPAN}-01-"),               Err(Shape)),
        (format!("00-{TRACE}-{SPAN}-01-more"),           Err(Shape)),
        (format!("00-{TRACE}-{SPAN}-01-{zeros}-{zeros}"), Err(Shape)),
        (format!("01-{TRACE}-{SPAN}-01-{zeros}-{zeros}-{zeros}"), Err(Shape)),
        (format!("ff-{TRACE}-{SPAN}-01"),                Err(Version)),
        (format!("00-{zeros}-{SPAN}-01"),                Err(Zero)),
        (format!("00-{TRACE}-{}-01", &zeros[..16]),      Err(Zero)),
        (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), Err(Digits)),
        (format!("00-{TRACE}-{}-01", SPAN.to_uppercase()), Err(Digits)),
        (format!("0-{TRACE}-{SPAN}-01"),                 Err(Digits)),
        (format!("00-{TRACE}-{SPAN}-1"),                 Err(Digits)),
        (format!("00-{TRACE}-{SPAN}-0g"),                Err(Digits)),
        (format!("00-+{}-{SPAN}-01", &TRACE[1..]),       Err(Digits)),
        (format!("00-{}-{SPAN}-01", &TRACE[1..]),        Err(Digits)),
        (format!("00-{TRACE}0-{SPAN}-01"),               Err(Digits)),
        (format!(" 00-{TRACE}-{SPAN}-01"),               Err(Digits)),
        (format!("00-{TRACE}-{SPAN}-01 "),               Err(Digits)),
        (format!("00-{TRACE}-{SPAN}"),                   Err(Shape)),
        (format!("00{TRACE}{SPAN}01"),                   Err(Shape)),
        (String::new(),                                  Err(Shape)),
    ];
    for (text, expected) in table {
        let read = parent(&text);
        if let Ok(read) = read {
            assert_eq!(
                (read.trace.to_string(), read.span.to_string()),
                (TRACE.into(), SPAN.into())
            );
        }
        let flags = read.map(|read| (read.is_sampled(), read.to_string()[53..].to_owned()));
        assert_eq!(flags, expected.map(|(is, flags)| (is, flags.to_owned())), "{text:?}");
    }
}

#[test]
fn what_is_passed_along_as_a_tracestate() {
    use ParseTraceStateError::{Empty, Member, TooLong, Twice};

    let key = "k".repeat(257);
    let value = "v".repeat(257);
    let many = |count: usize| (0..count).map(|at| format!("k{at}=v")).collect::<Vec<_>>().join(",");
    #[rustfmt::skip]
    let table = [
        ("congo=t61rcWkgMzE".to_owned(),          None),
        ("rojo=00f067aa0ba902b7,congo=a b".to_owned(), None),
        ("a=1 ,\t b=2,,c=3,".to_owned(),          None),
        ("0tenant@system=1,a_-*/=2".to_owned(),   None),
        (many(32),                                None),
        (many(33),                                Some(TooLong)),
        (format!("a={}", "x".repeat(511)),        Some(TooLong)),
        (String::new(),                           Some(Empty)),
        (" , ,".to_owned(),                       Some(Empty)),
        ("a".to_owned(),                          Some(Member)),
        ("=1".to_owned(),                         Some(Member)),
        ("a=".to_owned(),                         Some(Member)),
        ("a=1=2".to_owned(),                      Some(Member)),
        ("A=1".to_owned(),                        Some(Member)),
        ("0a=1".to_owned(),                       Some(Member)),
        ("a b=1".to_owned(),                      Some(Member)),
        ("@system=1".to_owned(),                  Some(Member)),
        ("tenant@0=1".to_owned(),                 Some(Member)),
        ("a=\u{e9}".to_owned(),                   Some(Member)),
        ("a=1\r\nb=2".to_owned(),                 Some(Member)),
        (format!("{key}=1"),                      Some(Member)),
        (format!("a={value}"),                    Some(Member)),
        ("a=1,b=2,a=3".to_owned(),                Some(Twice)),
    ];
    for (text, expected) in table {
        let read = text.parse::<TraceState>();
        assert_eq!(read.as_ref().err().copied(), expected, "{text:?}");
        if let Ok(state) = read {
            assert_eq!(state.as_str(), text, "passed along as it came");
        }
    }
}

#[test]
fn notes_nobody_understands_do_not_cost_the_trace() {
    let text = format!("00-{TRACE}-{SPAN}-01");
    let state = |state| TraceContext::read(&text, state).unwrap().state.map(|it| it.to_string());
    assert_eq!(state(Some("a=1")), Some("a=1".to_owned()));
    assert_eq!((state(Some("what?")), state(None)), (None, None));
    assert_eq!(TraceContext::read("what?", Some("a=1")), None);
}

#[test]
fn steps_are_named_after_what_is_random() {
    let named = |uuid| SpanId::of_uuid(uuid).map(|span| span.to_string());
    let uuid = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";
    assert_eq!(named(uuid), Some("f81d4fae7dec41d0".to_owned()));
    for none in ["", "f81d", "00000000-0000-0000-a765-00a0c91e6bf6", "no-uuid-no-uuid-no-uuid"] {
        assert_eq!(named(none), None, "{none:?}");
    }
}

proptest! {
    /// What is written can be read, and says the same; a child is of the same
    /// trace and as much recorded.
    #[test]
    fn what_is_written_can_be_read(trace in 1_u128.., span in 1_u64.., child in 1_u64.., sampled: bool) {
        let span_id = |number| SpanId::new(number).unwrap();
        let made = TraceParent::new(TraceId::new(trace).unwrap(), span_id(span), sampled);
        prop_assert_eq!(parent(&made.to_string()), Ok(made));
        let child = made.child(span_id(child));
        let read = parent(&child.to_string()).unwrap();
        prop_assert_eq!((read.trace, read.span), (made.trace, child.span));
        prop_assert_eq!(read.is_sampled(), sampled);
    }

    /// Whatever is read was written in the one way there is, and any text is
    /// either read or refused.
    #[test]
    fn only_one_spelling_is_read(
        text in "(00|01|ff|FF)-(4bf92f3577b34da6a3ce929d0e0e4736|[0-9a-fA-F]{31,33})-[0-9a-f]{16}-0[01](-x)?",
        other: String,
    ) {
        if let Ok(read) = parent(&text) {
            prop_assert_eq!(&read.to_string()[2..], &text[2..55]);
        }
        prop_assert!(parent(&other).is_err());
    }
}
