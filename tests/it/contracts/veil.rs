//! What every veil promises, tried on the vault: what it hides holds no secret that it was told of or that has a known form
//! (L1, L2), what was hidden comes back where a call needs it, hiding twice is hiding once, and a text that comes bit by bit
//! is hidden wherever it is cut.

use crate::harness::cases::cases;
use crate::harness::promise;
use proptest::prelude::{ProptestConfig as Config, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;
use tackroom::adapters::veil::{Named, Vault};
use tackroom::domain::secrets::find;
use tackroom::ports::veil::Veil;

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";

/// How tokens are made: a beginning, and parts of so many letters of an alphabet. Written after what their makers document.
fn makers() -> Vec<(&'static str, Vec<(String, usize)>)> {
    let alnum = format!("{UPPER}{LOWER}{DIGITS}");
    let hex = "0123456789abcdef".to_string();
    let url = format!("{alnum}-_");
    let base32 = format!("{UPPER}234567");
    let low = format!("{LOWER}{DIGITS}");
    let lit = |text: &str| (text.to_string(), 0);
    let part = |alphabet: &str, n: usize| (alphabet.to_string(), n);
    vec![
        ("aws", vec![lit("AKIA"), part(&base32, 16)]),
        ("aws session", vec![lit("ASIA"), part(&base32, 16)]),
        ("github", vec![lit("ghp_"), part(&alnum, 36)]),
        ("github oauth", vec![lit("gho_"), part(&alnum, 36)]),
        ("github app", vec![lit("ghs_"), part(&alnum, 36)]),
        ("github fine", vec![lit("github_pat_"), part(&alnum, 22), lit("_"), part(&alnum, 59)]),
        ("gitlab", vec![lit("glpat-"), part(&url, 20)]),
        ("gitlab deploy", vec![lit("gldt-"), part(&url, 20)]),
        (
            "slack bot",
            vec![lit("xoxb-"), part(DIGITS, 12), lit("-"), part(DIGITS, 12), lit("-"), part(&alnum, 24)],
        ),
        ("slack user", vec![lit("xoxp-"), part(DIGITS, 12), lit("-"), part(&hex, 32)]),
        (
            "slack hook",
            vec![
                lit("https://hooks.slack.com/services/T"),
                part(UPPER, 8),
                lit("/B"),
                part(UPPER, 8),
                lit("/"),
                part(&alnum, 24),
            ],
        ),
        ("stripe", vec![lit("sk_live_"), part(&alnum, 24)]),
        ("stripe restricted", vec![lit("rk_live_"), part(&alnum, 24)]),
        ("stripe hook", vec![lit("whsec_"), part(&alnum, 32)]),
        ("openai", vec![lit("sk-"), part(&alnum, 48)]),
        ("openai project", vec![lit("sk-proj-"), part(&url, 100)]),
        ("anthropic", vec![lit("sk-ant-api03-"), part(&url, 93), lit("AA")]),
        ("openrouter", vec![lit("sk-or-v1-"), part(&hex, 64)]),
        ("google", vec![lit("AIza"), part(&url, 35)]),
        ("google secret", vec![lit("GOCSPX-"), part(&url, 28)]),
        ("npm", vec![lit("npm_"), part(&alnum, 36)]),
        ("pypi", vec![lit("pypi-AgEIcHlwaS5vcmc"), part(&url, 120)]),
        ("crates", vec![lit("cio"), part(&alnum, 32)]),
        ("docker", vec![lit("dckr_pat_"), part(&url, 27)]),
        ("huggingface", vec![lit("hf_"), part(&alnum, 34)]),
        ("sendgrid", vec![lit("SG."), part(&alnum, 22), lit("."), part(&alnum, 43)]),
        ("mailgun", vec![lit("key-"), part(&hex, 32)]),
        ("mailchimp", vec![part(&hex, 32), lit("-us12")]),
        ("twilio", vec![lit("SK"), part(&hex, 32)]),
        ("digitalocean", vec![lit("dop_v1_"), part(&hex, 64)]),
        ("shopify", vec![lit("shpat_"), part(&hex, 32)]),
        ("grafana", vec![lit("glsa_"), part(&alnum, 32), lit("_"), part(&hex, 8)]),
        ("databricks", vec![lit("dapi"), part(&hex, 32)]),
        ("vault", vec![lit("hvs."), part(&alnum, 90)]),
        ("groq", vec![lit("gsk_"), part(&alnum, 52)]),
        ("telegram", vec![part("123456789", 10), lit(":AA"), part(&url, 33)]),
        ("linear", vec![lit("lin_api_"), part(&alnum, 40)]),
        ("postman", vec![lit("PMAK-"), part(&hex, 24), lit("-"), part(&hex, 34)]),
        ("jwt", vec![lit("eyJhbGciOiJIUzI1NiJ9.eyJ"), part(&alnum, 60), lit("."), part(&alnum, 43)]),
        ("age", vec![lit("AGE-SECRET-KEY-1"), part(&format!("{UPPER}{DIGITS}"), 58)]),
        ("tailscale", vec![lit("tskey-auth-"), part(&alnum, 16), lit("-"), part(&alnum, 32)]),
        ("planetscale", vec![lit("pscale_pw_"), part(&alnum, 43)]),
        ("new relic", vec![lit("NRAK-"), part(UPPER, 27)]),
        ("pulumi", vec![lit("pul-"), part(&hex, 40)]),
        ("airtable", vec![lit("pat"), part(&alnum, 14), lit("."), part(&hex, 64)]),
        ("replicate", vec![lit("r8_"), part(&alnum, 37)]),
        ("nvidia", vec![lit("nvapi-"), part(&url, 64)]),
        ("sentry", vec![lit("sntrys_"), part(&alnum, 80)]),
        ("rubygems", vec![lit("rubygems_"), part(&hex, 48)]),
        ("supabase", vec![lit("sbp_"), part(&low, 40)]),
    ]
}

/// Where a token with a form of its own may stand.
const PLACES: [&str; 9] = [
    "%",
    "key: %\n",
    "TOKEN=%\nNEXT=1",
    "{\"auth\": \"%\", \"n\": 1}",
    "curl -H 'X-Key: %' https://api.example.com/v1",
    "let client = Client::new(\"%\");",
    "     7\texport A='%'",
    "error: 401 for %, try another",
    "src/main.rs:12:  const K = `%`;",
];

/// Values without a form, beside a name that tells what they are.
const NAMED: [(&str, &str); 14] = [
    ("DB_PASSWORD=%\n", "Tr0ub4dor&3x"),
    ("password = \"%\"", "hunter2hunter2"),
    ("\"password\": \"%\",", "p4ssw0rd-of-mine"),
    ("passwd: %", "Zq8!kLm2#vB"),
    ("secret_key = '%'", "f9bf78b9a18ce6d46a0cd2b0b86df9da"),
    ("SECRET_KEY_BASE: %", "3b7cd727ee24e8444053437c36cc66c3aa01"),
    ("client_secret=%&grant_type=x", "a8Kq-77yTTw_0pQz5s"),
    ("aws_secret_access_key = %", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzKEY0"),
    ("api_key => '%'", "9c1185a5c5e9fc54612808977ee8f548"),
    ("Authorization: Bearer %", "mF9.B5f-4.1JqMzz81kd"),
    ("authorization: Basic %", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ("postgres://app:%@db.internal:5432/app", "s3cr3tPw"),
    ("https://user:%@git.example.com/x.git", "ghpx93kd02ls"),
    (
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=%;EndpointSuffix=core",
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    ),
];

/// Numbers in a row, the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn token(&mut self, parts: &[(String, usize)]) -> String {
        let mut token = String::new();
        for (text, count) in parts {
            match count {
                0 => token.push_str(text),
                _ => (0..*count).for_each(|_| {
                    let at = self.next(text.len());
                    token.push_str(&text[at..=at]);
                }),
            }
        }
        token
    }
}

fn hide(vault: &Vault, text: &str) -> Option<String> {
    vault.hide_from(text, "a test")
}

fn vault() -> Vault {
    Vault::new([], 7)
}

#[test]
fn what_has_a_known_form_is_hidden_and_comes_back() {
    let (mut dice, vault) = (Dice(42), vault());
    let (mut tried, mut missed) = (0, Vec::new());
    for (maker, parts) in makers() {
        for place in PLACES {
            for _ in 0..6 {
                let token = dice.token(&parts);
                let text = place.replace('%', &token);
                tried += 1;
                let Some(hidden) = hide(&vault, &text).filter(|hidden| !hidden.contains(&token)) else {
                    missed.push(format!("{maker}: {text}"));
                    continue;
                };
                // Nor is a good part of it left.
                let part = &token[token.len() / 3..token.len() * 2 / 3];
                assert!(!hidden.contains(part), "{maker}: {hidden}");
                assert_eq!(vault.reveal(&hidden), Ok(Some(text.clone())), "{hidden}");
                assert_eq!(hide(&vault, &hidden), None, "hidden once is hidden: {hidden}");
                let blotted = vault.blot(&text).unwrap();
                assert!(!blotted.contains(&token) && vault.blot(&text) == Some(blotted), "{maker}");
            }
        }
    }
    promise::kept("L1/L2", format!("{tried} tokens of {} makers, {} missed", makers().len(), missed.len()));
    assert!(missed.len() * 100 <= tried, "{missed:#?}");
}

#[test]
fn what_stands_beside_a_telling_name_is_hidden() {
    let vault = vault();
    for (place, value) in NAMED {
        let text = place.replace('%', value);
        let hidden = hide(&vault, &text).unwrap_or_default();
        assert!(!hidden.is_empty() && !hidden.contains(value), "{text} became {hidden:?}");
        assert_eq!(vault.reveal(&hidden), Ok(Some(text)));
    }
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
        let pem =
            format!("-----BEGIN {kind}PRIVATE KEY-----\n{body}\n{body}\n-----END {kind}PRIVATE KEY-----");
        for text in
            [pem.clone(), pem.replace('\n', "\\n"), pem.replace('\n', "\n    2\t"), pem[..100].to_string()]
        {
            let hidden = hide(&vault, &format!("before\n{text}\n")).unwrap();
            assert!(!hidden.contains(&body[..20]) && hidden.starts_with("before\n"), "{hidden}");
        }
    }
}

#[test]
fn what_is_no_secret_stays() {
    let vault = vault();
    let plain = [
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "id = 123e4567-e89b-12d3-a456-426614174000",
        "\"integrity\": \"sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==\"",
        "let token = self.next_token();",
        "max_tokens: 4096, prompt_tokens = 128",
        "password = os.environ[\"DB_PASSWORD\"]",
        "password: ${DB_PASSWORD}",
        "api_key = \"your-api-key-here\"",
        "fn secret(name: &str) -> Option<String>",
        "the tokenizer reads the next token and the parser keeps it",
        "https://example.com:8080/path?x=1#y",
        "ssh://git@github.com:22/owner/name.git",
        "key = value",
        "<button class=\"sk-button-primary-large-outline\">",
        "password:\n  description: the password of the account",
        "SECRET_NAME=my/app/settings",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
        "",
    ];
    for text in plain {
        assert_eq!(hide(&vault, text), None);
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut lines, mut taken) = (0, Vec::new());
    let mut folders = vec![root.join("src"), root.join("themes")];
    let mut files = vec![root.join("Cargo.lock"), root.join("README.md"), root.join("CHANGELOG.md")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        lines += text.lines().count();
        taken.extend(
            find(&text).into_iter().map(|found| format!("{}: {}", file.display(), &text[found.range])),
        );
    }
    promise::kept("L1/L2", format!("{lines} lines of source, {} places taken for a secret", taken.len()));
    assert!(taken.len() <= lines / 10_000, "{taken:#?}");
}

#[test]
fn what_is_known_by_name_is_hidden_and_only_usable_where_the_operator_said_so() {
    let named =
        |name: &str, value: &str, usable: bool| Named { name: name.into(), value: value.into(), usable };
    let vault = Vault::new(
        [
            named("MINE", "correct horse battery", true),
            named("OPENAI_API_KEY", "sk-planted-9f3b1c7e5d2a8046", false),
            named("LONGER", "sk-planted-9f3b1c7e5d2a8046-and-more", false),
            named("SHORT", "abc", true),
        ],
        1,
    );
    let text = "abc correct horse battery, sk-planted-9f3b1c7e5d2a8046-and-more sk-planted-9f3b1c7e5d2a8046.";
    let hidden = hide(&vault, text).unwrap();
    assert_eq!(hidden, "abc [secret:MINE], [secret:LONGER] [secret:OPENAI_API_KEY].");
    assert_eq!(vault.reveal("x [secret:MINE]"), Ok(Some("x correct horse battery".to_string())));
    for other in ["[secret:OPENAI_API_KEY]", "[secret:LONGER]", "[secret:SHORT]", "[secret:api-key:00000000]"]
    {
        assert_eq!(vault.reveal(other).unwrap_err().handle, other, "it is not for calls");
    }
    assert_eq!(vault.reveal("[secret: no handle] [secret:]"), Ok(None));
    // What one process has seen, another has not.
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let handle = hide(&vault, token).unwrap();
    assert!(Vault::new([], 2).reveal(&handle).is_err(), "{handle}");
}

/// A model's own words make no secret: what it masks in them is not known afterwards, and is shown in a call.
#[test]
fn what_is_only_masked_is_not_known_afterwards() {
    let (vault, token) = (vault(), "ghp_0123456789abcdefghijABCDEFGHIJ012345");
    let masked = vault.mask(&format!("I use {token} now")).unwrap();
    assert!(!masked.contains(token) && vault.reveal(&masked).is_err(), "{masked}");
    assert_eq!(vault.hide_known(token), None);
    assert_eq!(
        hide(&vault, token).as_deref(),
        masked.strip_prefix("I use ").and_then(|rest| rest.strip_suffix(" now"))
    );
    assert_eq!(vault.hide_known(&format!("x{token}x")), Some(format!("x{}x", hide(&vault, token).unwrap())));
    assert!(vault.reveal(&masked).is_ok(), "it is the same handle");
    // A path or a word beside a telling name is hidden there, and nowhere else.
    for ordinary in ["token: src/lib2-x.rs", "secretName: my-app-tls-2", "password=hunter2hunter2"] {
        hide(&vault, ordinary);
        let value = ordinary.rsplit([' ', '=']).next().unwrap();
        assert_eq!(vault.hide_known(&format!("cat {value}")), None);
    }
}

fn streamed(vault: &Vault, text: &str, cuts: &[usize]) -> String {
    let (mut before, mut pending, mut told) = (String::new(), String::new(), String::new());
    let mut from = 0;
    for at in cuts.iter().copied().chain([text.len()]) {
        let at = text.ceil_char_boundary(at).max(from);
        pending.push_str(&text[from..at]);
        from = at;
        let (more, upto) = vault.hide_on(&before, &pending);
        told.push_str(&more);
        let rest = pending.split_off(upto);
        before.push_str(&pending);
        pending = rest;
        before = before[before.ceil_char_boundary(before.len().saturating_sub(160))..].to_string();
    }
    told
}

proptest! {
    #![proptest_config(Config { cases: cases(400), failure_persistence: None, ..Config::default() })]

    #[test]
    fn wherever_a_stream_is_cut_nothing_of_a_secret_is_told(
        maker in any::<Index>(), place in any::<Index>(), seed in any::<u64>(), mut cuts in proptest::collection::vec(0..400_usize, 0..12),
    ) {
        let (makers, vault) = (makers(), vault());
        let token = Dice(seed).token(&maker.get(&makers).1);
        let text = format!("Words before, größer als nötig. {} and words after it.\nThe end.\n", place.get(&PLACES).replace('%', &token));
        cuts.sort_unstable();
        let told = streamed(&vault, &text, &cuts);
        hide(&vault, &text); // as the whole of it is, once it is there: what is told of it before makes nothing known
        prop_assert!(!told.contains(&token) && !told.contains(&token[token.len() / 3..token.len() * 2 / 3]), "{told}");
        prop_assert_eq!(vault.reveal(&told).unwrap().unwrap_or(told), text);
    }

    #[test]
    fn no_text_makes_it_panic_and_what_is_hidden_comes_back(text in "\\PC{0,200}", more in "(password|token|key)[=:] ?[!-~]{0,40}") {
        let vault = vault();
        let text = format!("{text}{more}");
        if let Some(hidden) = hide(&vault, &text) {
            prop_assert_eq!(vault.reveal(&hidden), Ok(Some(text)));
        }
    }
}

#[test]
fn a_key_that_comes_line_by_line_is_told_as_one_handle() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n".repeat(20);
    let text =
        format!("cat key\n-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\nthat was it\n");
    let cuts: Vec<usize> = (0..text.len()).step_by(7).collect();
    let told = streamed(&vault(), &text, &cuts);
    assert!(!told.contains("MIIE") && told.starts_with("cat key\n[secret:private-key:"), "{told}");
    assert!(told.ends_with("]\nthat was it\n"), "{told}");
}
