use super::*;

/// A machine on which everything is installed in `/usr/bin`, and some names are
/// links.
fn find(name: &str) -> Option<Program> {
    let found = if name.contains('/') { name.to_owned() } else { format!("/usr/bin/{name}") };
    let resolved = match found.as_str() {
        "/usr/bin/nothing" => return None,
        "/usr/bin/applet" => "/bin/busybox".to_owned(),
        "/usr/bin/tool" => "/opt/tool/bin/python3.11".to_owned(),
        "/usr/bin/pager" => "/usr/bin/less".to_owned(),
        "/usr/bin/editor" => "/usr/bin/vim.basic".to_owned(),
        "/usr/bin/search" => "/usr/bin/rg".to_owned(),
        other => other.to_owned(),
    };
    Some(Program { found, resolved })
}

fn listing(patterns: &[&str]) -> Rules {
    let entry = |pattern: &&str| AllowEntry {
        id: (*pattern).into(),
        pattern: (*pattern).into(),
        understood: true,
    };
    Rules {
        security: Security::Allowlist,
        allowlist: patterns.iter().map(entry).collect(),
        ..Rules::DENY
    }
}

fn argv(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

#[test]
fn security_and_asking() {
    use Ask::{Always, Off, OnMiss};
    use Security::{Allowlist, Deny, Full};
    let run = || Verdict::Run { by: Vec::new() };
    let listed = || Verdict::Run { by: vec!["/usr/bin/ls".into()] };

    #[rustfmt::skip]
    let table = [
        // security  ask     listed                             not listed
        (Deny,      Off,    Verdict::Refuse(Miss::Denied), Verdict::Refuse(Miss::Denied)),
        (Deny,      OnMiss, Verdict::Refuse(Miss::Denied), Verdict::Refuse(Miss::Denied)),
        (Deny,      Always, Verdict::Refuse(Miss::Denied), Verdict::Refuse(Miss::Denied)),
        (Allowlist, Off,    listed(),                      Verdict::Refuse(Miss::NotListed)),
        (Allowlist, OnMiss, listed(),                      Verdict::Ask(Miss::NotListed)),
        (Allowlist, Always, Verdict::Ask(Miss::Always),    Verdict::Ask(Miss::Always)),
        (Full,      Off,    run(),                         run()),
        (Full,      OnMiss, run(),                         run()),
        (Full,      Always, Verdict::Ask(Miss::Always),    Verdict::Ask(Miss::Always)),
    ];
    for (security, ask, for_listed, for_other) in table {
        let rules = Rules { security, ask, ..listing(&["/usr/bin/ls"]) };
        assert_eq!(rules.judge(Command::Argv(&argv("ls -la")), find), for_listed);
        assert_eq!(rules.judge(Command::Argv(&argv("rm -rf x")), find), for_other);
    }
}

#[test]
fn every_part_has_to_be_listed() {
    let rules = listing(&["/usr/bin/ls", "/usr/bin/rg", "/opt/**/deploy"]);
    #[rustfmt::skip]
    let table = [
        ("ls",                              true),
        ("ls | rg x && ls -la; rg y",       true),
        ("ls | head -n 5 | sort -rn",       true),
        ("search x",                        true),
        ("/opt/a/b/deploy --now",           true),
        ("LS",                              true), // patterns do not tell case apart
        ("ls *.rs",                         true),
        ("ls | rm x",                       false),
        ("ls && rm x",                      false),
        ("ls; rm x",                        false),
        ("ls || rm x",                      false),
        ("ls\nrm x",                        false),
        ("ls & rm x",                       false),
        ("ls $(rm x)",                      false),
        ("ls `rm x`",                       false),
        ("ls > x",                          false),
        ("ls < x",                          false),
        ("X=1 ls",                          false),
        ("nothing",                         false),
        ("/tmp/ls",                         false),
        ("./ls",                            false),
        ("ls | grep x /etc/passwd",         false),
        ("ls | sort --compress-prog=sh",    false),
        ("ls | head *",                     false),
        ("l*",                              false),
        ("",                                false),
    ];
    for (line, listed) in table {
        let runs = |command: Command<'_>| matches!(rules.judge(command, find), Verdict::Run { .. });
        assert_eq!(runs(Command::Shell(line)), listed, "{line:?}");
        for shell in ["sh", "/bin/sh", "/usr/bin/bash"] {
            let wrapped = [shell, "-c", line].map(str::to_owned);
            assert_eq!(runs(Command::Argv(&wrapped)), listed, "{shell} -c {line:?}");
        }
        for [shell, option] in [["/tmp/sh", "-c"], ["sh", "-lc"], ["zsh", "-c"], ["./sh", "-c"]] {
            let wrapped = [shell, option, line].map(str::to_owned);
            assert!(!runs(Command::Argv(&wrapped)), "{shell} {option} {line:?}");
        }
    }
}

#[test]
fn an_entry_that_was_not_understood_fits_nothing() {
    let mut rules = listing(&["/usr/bin/ls"]);
    rules.allowlist[0].understood = false;
    let verdict = rules.judge(Command::Shell("ls"), find);
    assert_eq!(verdict, Verdict::Ask(Miss::NotListed));
}

#[test]
fn the_words_of_an_argv_are_not_looked_into() {
    let rules = listing(&["/usr/bin/ls"]);
    let words = ["ls", "$(rm x)", "; rm", "`id`"].map(str::to_owned);
    assert!(matches!(rules.judge(Command::Argv(&words), find), Verdict::Run { .. }));
}

/// Everything is on the list, and still somebody is asked: an entry for a
/// wrapper is not one for what it wraps.
#[test]
fn no_wrapped_form_is_let_through() {
    const INNER: &str = "rm -rf x";
    let prefixes = "env|env -i|env -S|env A=b|env -u PATH|env -C /tmp|nice|nice -n 5|nice -5|\
        ionice -c 3|chrt 1|taskset 1|numactl --all|timeout 5|timeout -k 1 5|timeout -s KILL 5|\
        nohup|setsid|setsid -w|setarch x86_64|linux32|linux64|stdbuf -o0|unbuffer|xargs|xargs -0|\
        xargs -I {}|xargs -n1|parallel|parallel -j1|sem|sudo|sudo -n|sudo -u root|sudo -E|sudoedit|\
        doas|doas -u root|su -c|su root -c|runuser -u root --|pkexec|gosu root|su-exec root|\
        setpriv --reuid 0|capsh --|chroot /|fakeroot|proot|unshare|unshare -r|nsenter -t 1|\
        ip netns exec x|ip vrf exec x|bwrap --dev /dev|firejail|systemd-run|systemd-run --user|\
        systemd-inhibit|flock /tmp/l|flock /tmp/l -c|chpst -u x|softlimit -m 1|envdir /x|\
        setuidgid x|daemonize|start-stop-daemon --exec|tini --|dumb-init|entr|watch|watch -n1|\
        watchexec|chronic|script -c|script -qc|screen -dm|tmux new-session|dtach -n x|expect -c|\
        socat EXEC:|nc -e|ncat -c|ssh host|ssh -o ProxyCommand=x host|scp -S|sftp -S|rsync -e|\
        rsync --rsh=x|at now|batch|crontab|run-parts|prlimit --nofile=1|dbus-run-session|xvfb-run|\
        xterm -e|open -a|xdg-open|osascript -e|caffeinate|sandbox-exec -p x|hyperfine|direnv exec .|\
        torsocks|proxychains4|qemu-x86_64|wine|busybox|busybox sh -c|busybox env|busybox nice|\
        toybox|coreutils env|coreutils --coreutils-prog=env|/lib64/ld-linux-x86-64.so.2|\
        /lib/ld-musl-x86_64.so.1|sh|sh -c|sh -ec|sh -xc|sh -ic|sh -lic|sh -lc|bash -lc|zsh -c|/tmp/sh -c|sh +x -c|sh -s|bash|bash -ic|\
        bash --norc -c|bash --rcfile x -c|bash -O extglob -c|bash --posix -c|dash -c|ash -c|ksh -c|\
        mksh -c|fish -c|fish --command|csh -c|tcsh -c|yash -c|rbash -c|zsh -ic|pwsh -c|\
        powershell -Command|cmd /c|cmd.exe /c|nu -c|elvish -c|xonsh -c|python -c|python3 -c|\
        python3.11 -c|python3 -m x|python3 x.py|pypy3 -c|perl -e|perl -E|perl5.36 -e|ruby -e|node -e|\
        node --eval|node -p|nodejs -e|deno eval|bun -e|php -r|lua -e|lua5.4 -e|luajit -e|tclsh|\
        guile -c|emacs --batch --eval|Rscript -e|julia -e|java -jar|jshell|groovy -e|scala -e|erl -eval|\
        elixir -e|ocaml|swift|go run|awk|gawk|mawk|awk -f|sed|sed -e 1e|gsed|m4|bc|dc -e|sqlite3 x|\
        psql -c|vi -c|vim -c|vim -es|nvim -c|ex -c|ed|nano|less|more|man -P|w3m|fzf --preview|git|\
        git -c core.pager=x|git -C /x|git --exec-path=x|git bisect run|git submodule foreach|\
        git rebase --exec|git grep -O|hg --config|svn --editor-cmd|gh alias|make|make -f x|\
        make SHELL=x|cmake -E|cmake -P|ninja|bazel run|just|cargo run|rustc|gcc -wrapper|gcc -B.|\
        npm exec|npm run|npx|pnpm dlx|yarn dlx|pip install|pipx run|uv run|uvx|gem exec|bundle exec|\
        apt-get -o x|dpkg --pre-invoke|apk|brew|nix-shell --run|docker run x|docker exec x|podman run|\
        kubectl exec x --|helm|runc exec|lxc-execute -n x --|vagrant ssh -c|ansible all -a|terraform|\
        systemctl|tar --to-command|tar -I x|tar --checkpoint-action=x|bsdtar|cpio|zip -TT|7z|\
        tcpdump -z x|tshark|nmap --script|strace|strace -f|ltrace|perf record|valgrind|gdb -ex|\
        gdb --args|lldb|rr record|find . -exec|find . -execdir|find . -ok|find . -okdir|\
        find . -name x -exec|fd x -x|fd x --exec|fd x -HX|fdfind -x|rg --pre|rg --pre=x|\
        rg --hostname-bin=x|sort --compress-program|sort --compress-program=x|sort --compress-prog=x|\
        sort --compress=x|sort --comp=x|sort --co=x|split --filter|split --filter=x|split --filt=x|\
        install -s --strip-program=x|sdiff --diff-program=x|wget --use-askpass=x|wget -e x|curl -K x|\
        eval|exec|source|.|command|builtin|time|applet|tool|pager|editor|bash.exe -c|PYTHON3 -c|\
        /usr/local/bin/env|./busybox sh";
    let forms: Vec<&str> = prefixes.split('|').map(str::trim).collect();
    assert!(200 <= forms.len(), "{} forms", forms.len());

    let everything = listing(&["/**"]);
    let asked = |command: Command<'_>, form: &str| {
        let verdict = everything.judge(command, find);
        let expected = [Miss::Wrapper, Miss::NotUnderstood].map(Verdict::Ask);
        assert!(expected.contains(&verdict), "{form}: {verdict:?}");
    };
    for form in forms {
        let line = format!("{form} {INNER}");
        asked(Command::Argv(&argv(&line)), form);
        asked(Command::Shell(&line), form);
        // Behind something harmless, and inside the one shell that is looked into.
        asked(Command::Shell(&format!("ls && {line}")), form);
        let inside = ["bash".to_owned(), "-c".to_owned(), line];
        asked(Command::Argv(&inside), form);
    }
    let runs = everything.judge(Command::Shell(INNER), find);
    assert_eq!(runs, Verdict::Run { by: vec!["/**".into()] }, "unwrapped it is listed");
}

#[test]
fn a_command_is_shown_as_a_shell_would_read_it() {
    let words = ["ls", "-la", "a b", "", "it's", "$x", "/tmp/x"].map(str::to_owned);
    assert_eq!(Command::Argv(&words).line(), r"ls -la 'a b' '' 'it'\''s' '$x' /tmp/x");
}
