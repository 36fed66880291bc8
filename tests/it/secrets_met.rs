//! Law 6 where it is easily missed: parts of keys, names of fields, variables with telling names; and that hiding takes no
//! longer than a text is long.

use crate::harness::binary::{Home, finish};
use serde_json::json;
use tackroom::adapters::tool::is_secret;
use tackroom::adapters::veil::{Named, Vault};
use tackroom::ports::veil::Veil;

/// Letters of base64 as a key has them, the same each time.
fn body(lines: usize) -> Vec<String> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut seed = 7_u64;
    let mut letter = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(letters[usize::try_from(seed >> 58).unwrap()])
    };
    (0..lines).map(|_| (0..64).map(|_| letter()).collect()).collect()
}

/// Cause: a private key was known by its first line alone; by `from_line`, by a search, by `sed -n 2,$p` or behind a cut its
/// lines went out in clear.
#[test]
fn no_line_of_a_private_key_is_told() {
    let home = Home::new();
    let body = body(24);
    let key =
        format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", body.join("\n"));
    std::fs::write(home.ws().join("id.pem"), &key).unwrap();
    let model = home.script(json!([
        {"calls": [
            {"tool": "read_file", "args": {"path": "id.pem", "from_line": 5}},
            {"tool": "read_file", "args": {"path": "id.pem", "from_line": 20, "lines": 1}},
            {"tool": "search", "args": {"pattern": "^[A-Za-z0-9+/]{60}"}},
            {"tool": "search", "args": {"pattern": format!("^{}", &body[9][..12].replace('+', "\\+"))}},
            {"tool": "run_command", "args": {"shell": "sed -n '3,$p' id.pem"}},
            {"tool": "run_command", "args": {"shell": "grep -n . id.pem | tail -n 12"}},
            {"tool": "run_command", "args": {"shell": "cat id.pem; tail -c 500 id.pem; sed -n 9p id.pem"}},
            {"tool": "read_file", "args": {"path": "notes.txt"}},
        ]},
        {"text": "Done."},
    ]));
    let ran = home.task(&model, "Go.", &["--on-hold", "approve", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = home.events(&home.only()).concat();
    for line in &body {
        assert!(!told.contains(&line[10..50]), "{line}: {told}");
        assert!(!ran.out.contains(&line[10..50]), "{line}");
    }
    assert!(told.contains("id.pem:4: [secret:private-key]") && told.contains("three"), "{told}");
}

/// What is like a part of a key and is none stays; a body alone is told to be one where nothing says that it is public.
#[test]
fn a_part_of_a_key_is_told_from_what_is_public() {
    let (vault, lines) = (Vault::new([], 7), body(6));
    let hide = |text: &str| vault.hide_from(text, "a test");
    let joined = lines.join("\n");
    let certificate = format!("-----BEGIN CERTIFICATE-----\n{joined}\n-----END CERTIFICATE-----\n");
    let ssh = format!("ssh-rsa AAAAB3Nz{joined}");
    let sums: String =
        lines.iter().map(|line| format!("golang.org/x/text v0.3.0 h1:{}=\n", &line[..43])).collect();
    let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n".repeat(4);
    for public in [
        certificate.as_str(),
        &ssh[..70],
        &sums,
        &hex,
        "one\ntwo\nthree\n",
        "-----BEGIN PRIVATE KEY-----\ntouch x\n",
    ] {
        assert_eq!(hide(public), None);
    }
    for part in [
        format!("{joined}\n"),
        format!("x\n{}\n{}\nshort9==\n-----END PRIVATE KEY-----\ny", lines[0], lines[1]),
        format!("     5\t{}\n     6\t{}\n", lines[2], lines[3]),
        format!("k/id.pem:5:{}\nk/id.pem:6:{}\n", lines[2], lines[3]),
        "[… 900 bytes left out …]\nAbC9\n-----END OPENSSH PRIVATE KEY-----\n".to_string(),
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n".to_string(),
    ] {
        let hidden = hide(&part).unwrap_or_default();
        assert!(hidden.contains("[secret:private-key:"), "{part} {hidden}");
        assert!(
            lines.iter().all(|line| !hidden.contains(&line[..20])) && !hidden.contains("AbC9"),
            "{hidden}"
        );
    }
    let whole = format!(
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n{joined}\n-----END EC PRIVATE KEY-----"
    );
    let hidden = hide(&format!("a {whole} b")).unwrap();
    assert!(hidden.starts_with("a [secret:private-key:") && hidden.ends_with("] b"), "{hidden}");
    // Its lines are known from here on, each by itself.
    assert!(hide(&format!("it was {} indeed", lines[3])).is_some_and(|hidden| !hidden.contains(&lines[3])));
    // What is no body ends it, and is told.
    let cut = format!("-----BEGIN PRIVATE KEY-----\n{}\ntouch PWNED; id\n", lines[0]);
    assert!(hide(&cut).is_some_and(|hidden| hidden.ends_with("\ntouch PWNED; id\n")));
}

const TOKEN: &str = "ghp_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R";

/// Cause: names of JSON fields went past the veil: a token in one stood in the reply and in the reason of the refusal.
#[test]
fn a_secret_in_the_name_of_an_argument_is_hidden() {
    let home = Home::new();
    let model = home.script(json!([
        {"calls": [
            {"tool": "write_file", "args": {"path": "a", "content": "b", TOKEN: "x"}},
            {"tool": "write_file", "args": {"path": "a", "content": "b", "more": [{TOKEN: {"x": TOKEN}}]}},
            {"tool": TOKEN, "args": {"path": "a"}},
            {"tool": "write_file", "broken": format!("{{\"{TOKEN}\": ")},
        ]},
        {"text": "Done."},
    ]));
    let ran = home.task(&model, &format!("My token is {TOKEN}."), &["--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let id = home.only();
    let told = home.events(&id).concat() + &ran.out + &ran.err;
    assert!(told.contains("[secret:github-token:") && !told.contains(TOKEN), "{told}");
    for form in ["jsonl", "md", "html", "atif"] {
        let ran = home.run(&["sessions", "export", &id, "--format", form]);
        assert!(ran.code == 0 && !ran.out.contains(TOKEN), "{form}: {ran:?}");
    }
}

/// Cause: each find was held against each handle of the text: 2 MB took minutes.
#[test]
fn hiding_takes_no_longer_than_a_text_is_long() {
    let vault = Vault::new([], 7);
    for piece in [
        "[secret:aa] AKIAIOSFODNN7EXAMPL2 ",
        "password=abcd1234efgh [secret:x] ",
        "-----BEGIN PRIVATE KEY-----\n",
        "AAAAAAAA",
    ] {
        // Values that are known and begin alike are looked for in all of it.
        vault.hide_from("token=AAAAAAAA1b2c3d4e token=AAAAAAAA5f6g7h8i", "a test");
        let effort = |times: usize| vault.effort(&piece.repeat(times));
        let (one, four) = (effort(500), effort(2_000));
        println!("{piece:?}: {one} steps, {four} for four times the text");
        assert!(four <= one * 5 + 100, "{piece:?}: {one} {four}");
    }
}

/// Cause: a name that only contained KEY, AUTH or TOKEN made any value of it a secret, so that ordinary words could not be
/// used; and `MYSQL_PWD` was none.
#[test]
fn variables_are_secrets_by_the_words_of_their_names_and_by_their_values() {
    for (name, value) in [
        ("AUTH_MODE", "disabled"),
        ("AUTH", "disabled"),
        ("API_KEY", "required"),
        ("GIT_AUTHOR_NAME", "Ada Lovelace the 1st"),
        ("GIT_AUTHOR_EMAIL", "ada1815@example.com"),
        ("XAUTHORITY", "/run/user/1000/xauth_9aKq2"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-XXXX2k/agent.1"),
        ("KEYMAP", "de-latin1-nodeadkeys"),
        ("GNOME_KEYRING_CONTROL", "/run/user/1000/keyring-9"),
        ("TOKENIZERS_PARALLELISM", "falsefalse1"),
        ("MONKEY", "b4nana-b4nana"),
        ("PWD", "/srv/work-4/project"),
    ] {
        assert!(!is_secret(name, value), "{name}={value}");
    }
    for (name, value) in [
        ("MYSQL_PWD", "hunter2hunter2"),
        ("PGPASSWORD", "swordfishes"),
        ("GITLAB_PAT", "x9K2mm40qqZZ"),
        ("SENTRY_DSN", "https://9aKq77yTTw@o1.ingest.sentry.io/4"),
        ("OPENAI_API_KEY", "sk-planted-9f3b1c7e5d2a8046"),
        ("x-api-key", "9f3b1c7e5d2a8046"),
        ("Authorization", "Bearer 9f3b1c7e5d2a8046"),
        ("GITHUBTOKEN", "9f3b1c7e5d2a8046"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMIK7MDENG"),
        ("PRIVATE_KEYS", "9f3b1c7e5d2a8046"),
        ("DB_PASS2", "correcthorse"),
    ] {
        assert!(is_secret(name, value), "{name}={value}");
    }
}

/// The reason that is told fits: a secret that calls may not use, or one of another process.
#[test]
fn why_a_handle_stands_for_nothing_is_told_as_it_is() {
    let home = Home::new();
    let model = home.script(json!([
        {"calls": [
            {"tool": "write_file", "args": {"path": "a.txt", "content": "the mode is disabled\n"}},
            {"tool": "write_file", "args": {"path": "b.txt", "content": "[secret:MYSQL_PWD]\n"}},
            {"tool": "write_file", "args": {"path": "c.txt", "content": "[secret:github-token:00000000]\n"}},
            {"tool": "run_command", "args": {"shell": "echo \"$X\" | tr a-y b-z; cat d.txt"}},
        ]},
        {"text": "Done."},
    ]));
    std::fs::write(home.ws().join("d.txt"), "it is hunter2hunter2, and s3cr3tPwd99\n").unwrap();
    let mut command = home.command(&["run", "Go.", "--model", &model, "--headless", "--on-hold", "approve"]);
    command.env("AUTH_MODE", "disabled").env("MYSQL_PWD", "hunter2hunter2");
    command.env("DATABASE_URL", "postgres://app:s3cr3tPwd99@db:5432/app");
    let ran = finish(command, b"");
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = home.events(&home.only()).concat();
    assert_eq!(std::fs::read_to_string(home.ws().join("a.txt")).unwrap(), "the mode is disabled\n");
    assert!(told.contains("[secret:MYSQL_PWD] stands for a secret that calls may not use"), "{told}");
    assert!(
        told.contains("[secret:github-token:00000000] stands for a secret that this process does not have"),
        "{told}"
    );
    assert!(!told.contains("hunter2") && !told.contains("s3cr3tPwd99"), "{told}");
    let twice = Vault::new([Named { name: "A".into(), value: "one-two-3".into(), usable: true }], 1);
    assert_eq!(twice.hide_known("x one-two-3").as_deref(), Some("x [secret:A]"));
}
