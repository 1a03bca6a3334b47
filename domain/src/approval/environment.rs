//! Which variables a command gets. Lists of what is allowed: the variables that
//! make some program run code are too many to be listed.

/// Whether a command inherits `name` from the program that starts it.
pub fn may_inherit(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "TMPDIR",
        "HOSTNAME",
        "XDG_RUNTIME_DIR",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "DBUS_SESSION_BUS_ADDRESS",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "SYSTEMROOT",
    ];
    NAMES.contains(&name) || may_set(name)
}

/// Whether whoever asks for a command may set `name` for it. None of these
/// names a program, a library or a file of code.
pub fn may_set(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "LANG",
        "LANGUAGE",
        "TZ",
        "TERM",
        "COLORTERM",
        "COLUMNS",
        "LINES",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "CI",
    ];
    const CATEGORIES: [&str; 13] = [
        "ALL",
        "ADDRESS",
        "COLLATE",
        "CTYPE",
        "IDENTIFICATION",
        "MEASUREMENT",
        "MESSAGES",
        "MONETARY",
        "NAME",
        "NUMERIC",
        "PAPER",
        "TELEPHONE",
        "TIME",
    ];
    let category = name.strip_prefix("LC_");
    NAMES.contains(&name) || category.is_some_and(|it| CATEGORIES.contains(&it))
}

#[test]
fn variables_that_run_code_are_not_handed_on() {
    let bad = "LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES GIT_SSH_COMMAND GIT_PAGER \
        GIT_EXTERNAL_DIFF GIT_CONFIG_COUNT GIT_DIR PERL5OPT PERL5LIB PYTHONPATH PYTHONSTARTUP \
        PYTHONHOME RUBYOPT RUBYLIB NODE_OPTIONS NODE_PATH BASH_ENV ENV PROMPT_COMMAND PS4 SHELLOPTS \
        BASHOPTS IFS EDITOR VISUAL PAGER MANPAGER LESSOPEN LESSCLOSE BROWSER JAVA_TOOL_OPTIONS \
        _JAVA_OPTIONS CLASSPATH GCONV_PATH LOCPATH NLSPATH HOSTALIASES RES_OPTIONS MALLOC_CHECK_ \
        GLIBC_TUNABLES CARGO_HOME RUSTC_WRAPPER CC MAKEFLAGS npm_config_script_shell \
        OPENCLAW_GATEWAY_TOKEN AWS_SECRET_ACCESS_KEY SSH_AUTH_SOCK SSH_ASKPASS SUDO_ASKPASS \
        TERMINFO LC_ LC_PRELOAD lang Path";
    for name in bad.split_whitespace() {
        assert!(!may_inherit(name), "{name} inherited");
        assert!(!may_set(name), "{name} set");
    }
    for name in ["PATH", "HOME", "SHELL", "TMPDIR", "", "A=B"] {
        assert!(!may_set(name), "{name} set");
    }
    assert!(may_set("LC_ALL") && may_set("TZ") && may_inherit("PATH"));
}
