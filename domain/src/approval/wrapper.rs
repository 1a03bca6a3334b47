//! Programs that run other programs. An entry of the list says that a program
//! may run; for these it would say that every program may, so it does not count.

/// Programs that run whatever their arguments, their input or a file beside
/// them says: shells and what is built into them, languages, carriers, editors
/// and pagers, build tools, debuggers, package managers, programs that are many
/// programs.
#[rustfmt::skip]
const WRAPPERS: &[&str] = &[
    // Shells, and words only a shell knows.
    "sh", "bash", "rbash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "pdksh", "oksh", "fish",
    "csh", "tcsh", "yash", "posh", "rc", "es", "elvish", "xonsh", "nu", "osh", "ysh", "pwsh",
    "powershell", "cmd", ".", "alias", "bind", "builtin", "case", "cd", "command", "complete",
    "coproc", "declare", "do", "done", "elif", "else", "enable", "esac", "eval", "exec", "export",
    "fc", "fi", "for", "function", "hash", "if", "in", "jobs", "let", "local", "mapfile",
    "popd", "pushd", "read", "readarray", "readonly", "return", "select", "set", "shopt", "source",
    "then", "time", "trap", "type", "typeset", "ulimit", "unalias", "until", "while", "[[",
    // Many programs in one.
    "busybox", "toybox", "coreutils", "uutils", "sbase-box", "ubase-box", "moreutils",
    "systemd-multi-call",
    // Carriers.
    "env", "nice", "ionice", "chrt", "taskset", "numactl", "timeout", "nohup", "setsid", "setarch",
    "linux32", "linux64", "i386", "x86_64", "uname26", "stdbuf", "unbuffer", "xargs", "parallel",
    "sem", "rush", "sudo", "sudoedit", "doas", "su", "runuser", "runas", "pkexec", "gosu", "su-exec",
    "setpriv", "capsh", "chroot", "fakeroot", "fakechroot", "proot", "unshare", "nsenter", "ip",
    "bwrap", "firejail", "systemd-run", "systemd-nspawn", "systemd-inhibit", "machinectl", "run0",
    "flock", "lockf", "setlock", "chpst", "softlimit", "envdir", "envuidgid", "setuidgid",
    "s6-setuidgid", "daemon", "daemonize", "start-stop-daemon", "runit", "runsv", "svc",
    "supervise", "tini", "dumb-init", "catatonit", "entr", "watch", "watchexec", "inotifywait",
    "nodemon", "chronic", "ifne", "pee", "vidir", "ts", "zrun", "script", "scriptlive", "screen",
    "tmux", "zellij", "dtach", "abduco", "expect", "socat", "nc", "ncat", "netcat", "openssl",
    "ssh", "scp", "sftp", "sshfs", "rsh", "rlogin", "rsync", "rclone", "mosh", "autossh", "telnet",
    "at", "batch", "atd", "cron", "crontab", "anacron", "logrotate", "run-parts",
    "prlimit", "catchsegv", "dbus-run-session", "dbus-launch", "gdbus", "busctl",
    "xvfb-run", "xinit", "startx", "xterm", "x-terminal-emulator", "gnome-terminal", "konsole",
    "kitty", "alacritty", "foot", "wezterm", "open", "xdg-open", "gio", "gtk-launch", "osascript",
    "launchctl", "caffeinate", "arch", "sandbox-exec", "dtruss", "hyperfine", "choom", "coresched",
    "uclampset", "waitpid", "torsocks", "torify", "proxychains", "proxychains4", "tsocks",
    "direnv", "dotenv", "with-contenv", "aws-vault", "op", "chamber", "sops", "gpg", "pass",
    "ld.so", "ld-linux", "ld-linux-x86-64.so", "ld-linux-aarch64.so", "ld-musl-x86_64.so",
    "ld-musl-aarch64.so", "ld-linux-x86-64", "ld-linux-aarch64", "ld-musl-x86_64",
    "ld-musl-aarch64", "ld",
    "binfmt", "qemu-x86_64", "qemu-aarch64", "qemu-arm", "wine", "wine64", "mono", "dotnet",
    // Languages.
    "python", "pypy", "ipython", "perl", "ruby", "irb", "jruby", "node", "nodejs", "deno", "bun",
    "tsx", "ts-node", "php", "php-cgi", "lua", "luajit", "tclsh", "wish", "guile", "racket", "sbcl",
    "clisp", "ecl", "emacs", "emacsclient", "r", "rscript", "julia", "octave", "java", "jshell",
    "jjs", "groovy", "kotlin", "scala", "clojure", "bb", "erl", "escript", "elixir", "iex", "ghci",
    "runghc", "ocaml", "swift", "go", "gdb", "awk", "gawk", "mawk", "nawk", "original-awk", "sed",
    "gsed", "ssed", "m4", "bc", "dc", "gnuplot", "maxima", "sqlite3", "mysql", "psql", "redis-cli",
    "mongosh", "pdb", "pdftex", "tex", "latex", "pdflatex", "xelatex", "lualatex", "gs", "dialog",
    // Editors, pagers, and what opens them.
    "vi", "vim", "nvim", "view", "vimdiff", "rvim", "ex", "ed", "red", "nano", "pico", "rnano",
    "joe", "micro", "hx", "mg", "less", "more", "most", "pg", "man", "info", "zless", "zmore", "w3m",
    "lynx", "links", "elinks", "mutt", "mail", "mailx", "ranger", "nnn", "lf", "mc", "fzf", "sk",
    // Version control and builds: what they run stands in files.
    "git", "hg", "svn", "bzr", "fossil", "cvs", "jj", "gh", "glab", "make", "gmake", "bmake",
    "cmake", "ninja", "meson", "bazel", "buck", "just", "task", "rake", "ant", "mvn", "gradle",
    "gradlew", "sbt", "cargo", "rustc", "gcc", "g++", "cc", "c++", "clang", "clang++", "tcc",
    "libtool", "npm", "npx", "pnpm", "yarn", "corepack", "pip", "pipx", "uv", "uvx", "poetry",
    "conda", "gem", "bundle", "composer", "apt", "apt-get", "aptitude", "dpkg", "rpm", "dnf", "yum",
    "zypper", "pacman", "apk", "brew", "snap", "flatpak", "nix", "nix-shell", "guix", "port",
    "docker", "podman", "nerdctl", "buildah", "kubectl", "oc", "helm", "crictl", "ctr", "runc",
    "lxc", "lxc-execute", "lxc-attach", "vagrant", "ansible", "ansible-playbook", "terraform",
    "systemctl", "service", "invoke-rc.d", "openrc", "rc-service", "initctl", "tox", "pytest",
    // Archives and files: options that name a program.
    "tar", "gtar", "bsdtar", "cpio", "zip", "unzip", "7z", "7za", "ar", "rar", "unrar", "pax", "shar",
    "dpkg-deb", "rpm2cpio", "loginctl", "tcpdump", "wireshark", "tshark", "nmap", "aria2c",
    "strace", "ltrace", "perf", "valgrind", "gdbserver", "lldb", "rr", "bpftrace", "ftrace",
    "trace-cmd", "ctest", "nsys", "heaptrack", "ffmpeg", "convert", "magick", "mogrify",
];

/// Options of ordinary programs that name another program, or a file of code.
/// Long ones may be shortened by whoever types them, as `getopt` allows.
#[rustfmt::skip]
const CARRYING: &[(&str, &[&str])] = &[
    ("find",     &["-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls"]),
    ("bfs",      &["-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls"]),
    ("fd",       &["-x", "-X", "--exec", "--exec-batch"]),
    ("fdfind",   &["-x", "-X", "--exec", "--exec-batch"]),
    ("rg",       &["--pre", "--hostname-bin", "-z", "--search-zip"]),
    ("ag",       &["--pager"]),
    ("ack",      &["--pager", "--ackrc"]),
    ("bat",      &["--pager", "--paging", "--diff"]),
    ("sort",     &["--compress-program"]),
    ("split",    &["--filter"]),
    ("csplit",   &["--filter"]),
    ("install",  &["--strip-program", "-s", "--strip"]),
    ("sdiff",    &["--diff-program"]),
    ("diff3",    &["--diff-program"]),
    ("wget",     &["--use-askpass", "-e", "--execute"]),
    ("curl",     &["-K", "--config"]),
];

/// Whether `program`, a path or a name, is a wrapper.
pub(super) fn is_wrapper(program: &str) -> bool {
    names_of(program).iter().any(|name| WRAPPERS.contains(&name.as_str()))
}

/// Whether one of `arguments` makes `program` run another one.
pub(super) fn carries(program: &str, arguments: &[&str]) -> bool {
    let names = names_of(program);
    let options = CARRYING
        .iter()
        .filter(|(carrier, _)| names.iter().any(|name| name == carrier))
        .flat_map(|(_, options)| *options);
    options.into_iter().any(|option| arguments.iter().any(|argument| gives(argument, option)))
}

/// Whether `argument` gives `option`: shortened, with its value in the same
/// word, or among other letters.
fn gives(argument: &str, option: &str) -> bool {
    if let Some(long) = option.strip_prefix("--") {
        let given = argument.strip_prefix("--").map(|it| it.split('=').next().unwrap_or(it));
        return given.is_some_and(|given| !given.is_empty() && long.starts_with(given));
    }
    let letters = argument.strip_prefix('-').filter(|it| !it.starts_with('-'));
    match option.strip_prefix('-') {
        Some(letter) if letter.len() == 1 => letters.is_some_and(|given| given.contains(letter)),
        _ => argument == option,
    }
}

/// What a program may be known as: its name without the folder, and the same
/// without version, variant and extension. `/usr/bin/Python3.11` is `python`,
/// `nc.openbsd` is `nc`.
fn names_of(program: &str) -> Vec<String> {
    let whole = program.rsplit(['/', '\\']).next().unwrap_or(program).to_ascii_lowercase();
    let without_version = |name: &str| {
        let digit = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
        name.trim_end_matches(digit).to_owned()
    };
    let stem = whole.split('.').next().unwrap_or_default().to_owned();
    let mut names = vec![without_version(&whole), without_version(&stem), stem, whole];
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn a_wrapper_is_one_under_every_name() {
    for name in [
        "sh",
        "/bin/sh",
        "/usr/bin/python3",
        "python3.11",
        "/usr/bin/perl5.36.0",
        "BASH",
        "bash.exe",
        "nc.openbsd",
        "vim.tiny",
        "C:\\Windows\\System32\\cmd.exe",
        "/lib64/ld-linux-x86-64.so.2",
        "./busybox",
        "lua5.4",
        "gcc-12",
        "ruby3.1",
        "node22",
        ".",
        "7z",
        "/usr/bin/ksh93",
        "php8.2",
    ] {
        assert!(is_wrapper(name), "{name}");
    }
    for name in ["/usr/bin/rg", "ls", "cat", "/opt/tool/bin/deploy", "jq", "sha256sum", "base64"] {
        assert!(!is_wrapper(name), "{name}");
    }
}

#[test]
fn options_that_name_a_program() {
    #[rustfmt::skip]
    let table = [
        ("find", ".", "-exec",                  true),
        ("find", ".", "-name",                  false),
        ("sort", "-r", "--compress-program=sh", true),
        ("sort", "-r", "--comp=sh",             true),
        ("sort", "-r", "--c",                   true),
        ("sort", "-r", "--unique",              false),
        ("rg", "x", "--pre=sh",                 true),
        ("rg", "x", "-nz",                      true),
        ("fd", "x", "-Hx",                      true),
        ("fd", "x", "--exec-b",                 true),
        ("fd", "x", "--hidden",                 false),
        ("split", "-n1", "--filter=sh",         true),
        ("ls", "x", "--exec",                   false),
    ];
    for (program, first, second, expected) in table {
        assert_eq!(carries(program, &[first, second]), expected, "{program} {first} {second}");
    }
}
