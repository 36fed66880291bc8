//! What looks like a secret in a text, and the handle that stands in its place.
//!
//! The forms of tokens are those that their makers document; a value beside a telling name ("password = …") is taken for one
//! where it looks like more than a word. What is taken for a secret and is none does no harm where the handle is used in a
//! call: what it stands for is put back before the call runs.

use regex::{Regex, RegexSet};
use serde_json::Value;
use std::ops::Range;
use std::sync::LazyLock;

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where.
    pub range: Range<usize>,
    /// What it is, in a word that a handle may have.
    pub kind: &'static str,
    /// Whether its end was not seen: it goes on beyond the text, as far as that can be told.
    pub open: bool,
}

/// A form and what is asked of it beyond the form.
struct Form {
    kind: &'static str,
    /// The first group is the secret; without one all of it is.
    pattern: &'static str,
    looks: fn(&str) -> bool,
}

const fn form(kind: &'static str, pattern: &'static str) -> Form {
    Form { kind, pattern, looks: |_| true }
}

/// `\b` of words in ASCII, so that text in other scripts is not searched slowly.
const WORD: &str = r"(?-u:\b)";

/// Where several fit, the one that begins first counts, then the longer one.
const FORMS: &[Form] = &[
    form(
        "private-key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.)*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)",
    ),
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
        pattern: r#"\b[a-z][a-z0-9+.-]{1,20}://[^ \t\r\n:/@"'<>]{0,100}:([^ \t\r\n@/"'<>]{3,200})@"#,
        looks: |value| !stands_for(value),
    },
    Form {
        kind: "secret-value",
        pattern: r#"(?i-u:passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|auth[_-]?key|account[_-]?key|credentials?)[A-Za-z0-9_.-]{0,40}["']?\]?[ \t]*(?:=>|:=|==?|:)[ \t]*(?:[brf]?["'`])?([^ \t\r\n"'`,;<>(){}\[\]]{8,200})"#,
        looks: |value| !stands_for(value) && mixed(value) && entropy(value) >= 2.8,
    },
];

struct Compiled {
    set: RegexSet,
    forms: Vec<(Regex, &'static Form)>,
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let patterns: Vec<String> = FORMS.iter().map(|form| form.pattern.replace(r"\b", WORD)).collect();
    let one = |(pattern, form)| Some((Regex::new(pattern).ok()?, form));
    let forms = patterns.iter().map(String::as_str).zip(FORMS).filter_map(one).collect();
    Compiled { set: RegexSet::new(&patterns).unwrap_or_default(), forms }
});

/// What every form has: a long word without a blank, or one of the words and signs that stand before a value. Ordinary text
/// has neither, and is looked at once.
static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9_+/=.-]{15}|(?i-u:passw|pwd|passphrase|secret|token|key|credential|authorization|bearer)|://|-----BEGIN").ok()
});

/// The secrets of a text, in their order; none lies in another.
pub fn find(text: &str) -> Vec<Found> {
    if HINT.as_ref().is_some_and(|hint| !hint.is_match(text)) {
        return Vec::new();
    }
    let (compiled, handles) = (&*COMPILED, handles(text));
    let in_handle = |at: &Range<usize>| handles.iter().any(|own| at.start < own.end && own.start < at.end);
    let mut found = Vec::new();
    for at in &compiled.set.matches(text) {
        let Some((pattern, form)) = compiled.forms.get(at) else { continue };
        for groups in pattern.captures_iter(text) {
            let Some(secret) = groups.get(1).or_else(|| groups.get(0)) else { continue };
            if (form.looks)(secret.as_str()) && !in_handle(&secret.range()) {
                let open = secret.end() == text.len() && !secret.as_str().ends_with("-----");
                found.push(Found { range: secret.range(), kind: form.kind, open });
            }
        }
    }
    apart(found)
}

/// The first of those that lie over each other, and of those that begin together the longest.
pub fn apart(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|one| (one.range.start, std::cmp::Reverse(one.range.end)));
    let mut end = 0;
    found.retain(|one| {
        let is_apart = one.range.start >= end;
        end = if is_apart { one.range.end } else { end };
        is_apart
    });
    found
}

/// Letters and digits, as a token has and a word has not; or a letter and a sign, as a password may.
fn mixed(value: &str) -> bool {
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
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let whole = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let bits = counts.iter().filter(|count| **count > 0).map(|count| {
        let part = f64::from(*count) / whole;
        -part * part.log2()
    });
    bits.sum()
}

/// The beginning of every handle.
pub const HANDLE: &str = "[secret:";

static HANDLES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\[secret:[A-Za-z][A-Za-z0-9_.-]{0,60}(?::[0-9a-f]{8})?\]").ok());

/// The handle of a secret; `tag` tells those of one kind apart.
pub fn handle(kind: &str, tag: Option<&str>) -> String {
    match tag {
        Some(tag) => format!("{HANDLE}{kind}:{tag}]"),
        None => format!("{HANDLE}{kind}]"),
    }
}

/// The handles in a text.
pub fn handles(text: &str) -> Vec<Range<usize>> {
    if !text.contains(HANDLE) {
        return Vec::new();
    }
    HANDLES
        .as_ref()
        .map(|handles| handles.find_iter(text).map(|found| found.range()).collect())
        .unwrap_or_default()
}

/// A text with some ranges of it replaced; they are in order and apart.
pub fn replaced(text: &str, parts: impl IntoIterator<Item = (Range<usize>, String)>) -> String {
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (range, instead) in parts {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&instead);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// Every text of a JSON value, changed; none where nothing is.
pub fn changed<E>(
    value: &Value,
    change: &mut impl FnMut(&str) -> Result<Option<String>, E>,
) -> Result<Option<Value>, E> {
    Ok(match value {
        Value::String(text) => change(text)?.map(Value::String),
        Value::Array(items) => {
            let mut made: Option<Vec<Value>> = None;
            for (at, item) in items.iter().enumerate() {
                if let Some(item) = changed(item, change)?
                    && let Some(place) = made.get_or_insert_with(|| items.clone()).get_mut(at)
                {
                    *place = item;
                }
            }
            made.map(Value::Array)
        }
        Value::Object(fields) => {
            let mut made = None;
            for (name, field) in fields {
                if let Some(field) = changed(field, change)? {
                    made.get_or_insert_with(|| fields.clone()).insert(name.clone(), field);
                }
            }
            made.map(Value::Object)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    })
}
