use super::*;

/// Flags of which this much is said.
fn flags(say: impl FnOnce(&mut Flags)) -> Flags {
    let mut flags = Flags::default();
    say(&mut flags);
    flags
}

/// The answers, as `question=answer`.
fn told(answers: &Answers) -> Vec<String> {
    let told = |id: &str| match answers.get(id) {
        Some(Value::Flag(flag)) => format!("{id}={flag}"),
        Some(Value::Text(text)) => format!("{id}={text}"),
        None => id.to_owned(),
    };
    answers.ids().map(told).collect()
}

#[test]
fn a_flag_is_an_answer() {
    #[rustfmt::skip]
    let table: Vec<(Flags, &[&str])> = vec![
        (Flags::default(), &[]),
        (flags(|it| it.accept_risk = true), &["risk=true"]),
        (flags(|it| it.flow = Some("manual".into())), &["flow=advanced"]),
        (flags(|it| it.flow = Some("quickstart".into())), &["flow=quickstart"]),
        (flags(|it| it.unattended = true), &["existing=modify"]),
        (flags(|it| { it.unattended = true; it.reset = Some(Reset::Full); }),
            &["existing=reset", "existing.reset=full"]),
        (flags(|it| { it.mode = Some("remote".into()); it.remote_url = Some("wss://x".into()); it.remote_token = Some("t".into()); }),
            &["mode=remote", "remote.token=t", "remote.url=wss://x"]),
        (flags(|it| it.remote_url = Some(String::new())), &[]),
        (flags(|it| it.port = Some("1".into())), &["gateway.port=1"]),
        (flags(|it| it.bind = Some("lan".into())), &["gateway.bind=lan"]),
        (flags(|it| it.token = Some("t".into())), &["gateway.auth=token", "gateway.token=t"]),
        (flags(|it| it.password = Some("p".into())), &["gateway.auth=password", "gateway.password=p"]),
        (flags(|it| { it.token = Some("t".into()); it.auth = Some("password".into()); it.password = Some("p".into()); }),
            &["gateway.auth=password", "gateway.password=p", "gateway.token=t"]),
        (flags(|it| { it.tailscale = Some("serve".into()); it.tailscale_reset = true; }),
            &["gateway.tailscale=serve", "gateway.tailscale.resetOnExit=true"]),
        (flags(|it| it.service = Some(false)), &["service=false"]),
        (flags(|it| it.workspace = Some("/w".into())), &["workspace=/w"]),
        (flags(|it| it.model = Some("m".into())), &["model=m"]),
        (flags(|it| it.provider_url = Some("http://x".into())), &["provider=custom", "provider.url=http://x"]),
        (flags(|it| it.keys = vec![("groq", "k".into())]), &["provider=groq", "provider.key=k"]),
        (flags(|it| { it.auth_choice = Some("apiKey".into()); it.keys = vec![("anthropic", "k".into())]; }),
            &["provider=anthropic", "provider.key=k"]),
    ];
    for (flags, expected) in table {
        assert_eq!(told(&flags.answers().unwrap()), expected);
    }
}

#[test]
fn providers_have_many_names() {
    let known = [
        ("apiKey", "anthropic"),
        ("anthropic-api-key", "anthropic"),
        ("openai-api-key", "openai"),
        ("openai", "openai"),
        ("ollama", "ollama"),
        ("custom-api-key", "custom"),
        ("custom", "custom"),
        ("skip", "skip"),
    ];
    for (choice, expected) in known {
        assert_eq!(named(choice), Ok(expected), "{choice}");
    }
    for (choice, label) in [
        ("gemini-api-key", "Google Gemini"),
        ("minimax-api-lightning", "MiniMax"),
        ("kimi-code-api-key", "Kimi Code"),
        ("ai-gateway-api-key", "Vercel AI Gateway"),
    ] {
        assert_eq!(named(choice), Err(Contradiction::Foreign(label)), "{choice}");
    }
    assert_eq!(named("setup-token"), Err(Contradiction::Login("setup-token".into())));
    let unknown = named("nobody").unwrap_err().to_string();
    assert!(unknown.contains("anthropic-api-key, openai-api-key"), "{unknown}");
    assert!(unknown.ends_with("custom, skip"), "{unknown}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let key = |whose| (whose, "a-canary".to_owned());
    let table = [
        (flags(|it| it.bind = Some("custom".into())), "gateway.customBindHost"),
        (flags(|it| it.keys = vec![key("openai"), key("groq")]), "(openai, groq)"),
        (flags(|it| it.keys = vec![key("venice")]), "Venice is not a provider"),
        (
            flags(|it| {
                it.keys = vec![key("groq")];
                it.auth_choice = Some("openai-api-key".into());
            }),
            "--groq-api-key does not go with the provider openai",
        ),
    ];
    for (flags, expected) in table {
        let refused = flags.answers().unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
        assert!(!refused.contains("canary") && !format!("{flags:?}").contains("canary"));
    }
}

#[test]
fn every_question_of_substance_has_a_flag() {
    let without = [id::RESUME, id::EXISTING, id::PROVIDER_FAILED, id::CLOSING];
    let with = [
        id::RISK,
        id::RESET,
        id::FLOW,
        id::MODE,
        id::REMOTE_URL,
        id::REMOTE_TOKEN,
        id::PROVIDER,
        id::PROVIDER_URL,
        id::PROVIDER_KEY,
        id::MODEL,
        id::WORKSPACE,
        id::PORT,
        id::BIND,
        id::AUTH,
        id::TOKEN,
        id::PASSWORD,
        id::TAILSCALE,
        id::TAILSCALE_RESET,
        id::SERVICE,
    ];
    assert!(with.iter().all(|id| flag(id).is_some()));
    assert!(without.iter().all(|id| flag(id).is_none()));
}
