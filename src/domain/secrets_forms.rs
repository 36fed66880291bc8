//! The forms of secrets: those of tokens that their makers document, and those of values beside a telling name.
//!
//! No form takes in a blank, a line break or a sign that ends a command: what is hidden by its form is one word.

/// A form and what is asked of it beyond the form.
pub(super) struct Form {
    pub(super) kind: &'static str,
    /// The first group is the secret; without one all of it is.
    pub(super) pattern: &'static str,
    pub(super) looks: fn(&str) -> bool,
}

const fn form(kind: &'static str, pattern: &'static str) -> Form {
    Form { kind, pattern, looks: |_| true }
}

/// `\b` of words in ASCII, so that text in other scripts is not searched slowly.
pub(super) const WORD: &str = r"(?-u:\b)";

/// Where several fit, the one that begins first counts, then the longer one.
pub(super) const FORMS: &[Form] = &[
    form("aws-access-key", r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b"),
    form(
        "aws-secret-key",
        r#"(?i-u:aws)[A-Za-z0-9_. -]{0,30}["']?[ \t]*[:=]+>?[ \t]*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|\z)"#,
    ),
    form("github-token", r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    form("gitlab-token", r"\b(gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|oas|imt|ffct)-[A-Za-z0-9_.=-]{20,})"),
    form("slack-token", r"\b(xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Z0-9]+-[0-9]+-[a-z0-9]+)"),
    form("slack-webhook", r"(https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{20,})"),
    form("discord-webhook", r"(https://discord(?:app)?\.com/api/webhooks/[0-9]{15,}/[A-Za-z0-9_-]{40,})"),
    form("stripe-key", r"\b((?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{24,})"),
    Form { kind: "api-key", pattern: r"\b(sk-[A-Za-z0-9_-]{20,})", looks: mixed },
    form(
        "google-key",
        r"\b(AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|1//0[A-Za-z0-9_-]{40,})",
    ),
    form("npm-token", r"\b(npm_[A-Za-z0-9]{36})"),
    form("pypi-token", r"\b(pypi-[A-Za-z0-9_-]{50,})"),
    form("rubygems-key", r"\b(rubygems_[a-f0-9]{48})"),
    form("crates-token", r"\b(cio[A-Za-z0-9]{32})\b"),
    form("docker-token", r"\b(dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,})"),
    form("huggingface-token", r"\b(hf_[A-Za-z0-9]{30,}|api_org_[A-Za-z0-9]{30,})"),
    form("grafana-token", r"\b(glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{32,}={0,2})"),
    form("digitalocean-token", r"\b(do[opr]_v1_[a-f0-9]{64})"),
    form("shopify-token", r"\b(shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32})"),
    form("sendgrid-key", r"\b(SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})"),
    form("mailgun-key", r"\b(key-[0-9a-f]{32})\b"),
    form("mailchimp-key", r"\b([0-9a-f]{32}-us[0-9]{1,2})\b"),
    form("twilio-key", r"\b(SK[0-9a-f]{32})\b"),
    form("square-token", r"\b(sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}|EAAA[A-Za-z0-9_-]{60,})"),
    form("linear-key", r"\b(lin_(?:api|oauth)_[A-Za-z0-9]{40,})"),
    form("figma-token", r"\b(figd_[A-Za-z0-9_-]{40,})"),
    form("notion-token", r"\b(ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43})\b"),
    form("postman-key", r"\b(PMAK-[a-f0-9]{24}-[a-f0-9]{34})"),
    form("databricks-token", r"\b(dapi[a-f0-9]{32}(?:-[0-9])?)\b"),
    form("vault-token", r"\b(hv[sbr]\.[A-Za-z0-9_-]{24,})"),
    form("age-key", r"\b(AGE-SECRET-KEY-1[0-9A-Z]{58})"),
    form("tailscale-key", r"\b(tskey-[a-z]+-[A-Za-z0-9]+-[A-Za-z0-9]{10,})"),
    form("groq-key", r"\b(gsk_[A-Za-z0-9]{40,})"),
    form("xai-key", r"\b(xai-[A-Za-z0-9]{60,})"),
    form("replicate-token", r"\b(r8_[A-Za-z0-9]{37})"),
    form("perplexity-key", r"\b(pplx-[A-Za-z0-9]{40,})"),
    form("nvidia-key", r"\b(nvapi-[A-Za-z0-9_-]{50,})"),
    form("sentry-token", r"\b(sntry[su]_[A-Za-z0-9_+/=-]{40,})"),
    form("newrelic-key", r"\b(NRAK-[A-Z0-9]{27}|NRII-[A-Za-z0-9_-]{32})"),
    form("doppler-token", r"\b(dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,})"),
    form("atlassian-token", r"\b(AT(?:ATT3|CTT3|BB)[A-Za-z0-9_=-]{24,})"),
    form("telegram-token", r"\b([0-9]{8,10}:AA[A-Za-z0-9_-]{32,33})\b"),
    form("discord-token", r"\b([MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40})\b"),
    form("pulumi-token", r"\b(pul-[a-f0-9]{40})\b"),
    form("planetscale-token", r"\b(pscale_(?:pw|tkn|oauth)_[A-Za-z0-9_.=-]{32,})"),
    form("supabase-token", r"\b(sb(?:p|_secret)_[A-Za-z0-9_-]{20,})"),
    form("airtable-token", r"\b(pat[A-Za-z0-9]{14}\.[a-f0-9]{64})\b"),
    form("fly-token", r"\b(fo1_[A-Za-z0-9_-]{43}|FlyV1 fm[12][ar]?_[A-Za-z0-9+/=,_-]{40,})"),
    form("jwt", r"\b(eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})"),
    form("azure-key", r"(?i-u:AccountKey|SharedAccessKey|AccessKey|sig)=([A-Za-z0-9+/%]{43,}={0,2})"),
    Form {
        kind: "authorization",
        pattern: r#"(?i-u:authorization)["']?[ \t]*[:=][ \t]*["']?(?i-u:basic|bearer|token|digest|apikey)[ \t]+([A-Za-z0-9._~+/=-]{8,})"#,
        looks: |value| value.len() >= 20 || mixed(value),
    },
    Form { kind: "bearer-token", pattern: r"(?i-u:bearer)[ \t]+([A-Za-z0-9._~+/=-]{20,})", looks: mixed },
    Form {
        kind: "url-password",
        pattern: r#"\b[a-z][a-z0-9+.-]{1,20}://[^ \t\r\n:/@"'<>]{0,100}:([^ \t\r\n@/"'<>;|(){}`\\]{3,200})@"#,
        looks: |value| !stands_for(value),
    },
    Form {
        kind: "secret-value",
        pattern: r#"(?i-u:passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|auth[_-]?key|account[_-]?key|credentials?)[A-Za-z0-9_.-]{0,40}["']?\]?[ \t]*(?:=>|:=|==?|:)[ \t]*(?:[brf]?["'`])?([^ \t\r\n"'`,;<>(){}\[\]|\\]{8,200})"#,
        looks: |value| !stands_for(value) && mixed(value) && entropy(value) >= 2.8,
    },
];

/// Letters and digits, as a token has and a word has not; or a letter and a sign, as a password may.
pub(super) fn mixed(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    let letter = has(u8::is_ascii_alphabetic);
    letter && (has(u8::is_ascii_digit) || value.bytes().any(|byte| b"!@#$%^&*~".contains(&byte)))
}

/// What stands for a value that is elsewhere: a variable, a template, a path, an example.
fn stands_for(value: &str) -> bool {
    let low = value.to_ascii_lowercase();
    let starts = [
        "$",
        "%(",
        "{{",
        "<",
        "env.",
        "env:",
        "process.env",
        "os.environ",
        "secrets.",
        "/",
        "./",
        "../",
        "~/",
    ];
    let words = [
        "xxxx",
        "****",
        "....",
        "example",
        "placeholder",
        "your-",
        "your_",
        "redacted",
        "changeme",
        "::",
        "->",
    ];
    starts.iter().any(|start| low.starts_with(start)) || words.iter().any(|word| low.contains(word))
}

/// Bits a byte.
pub(super) fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let whole = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let bits = counts.iter().filter(|count| **count > 0).map(|count| {
        let part = f64::from(*count) / whole;
        -part * part.log2()
    });
    bits.sum()
}
