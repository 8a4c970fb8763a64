//! The syntax of names, labels and the like (apimachinery's `util/validation`): each function gives the complaints about
//! a text, none if it is good.

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
    must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const SEARCH_PATH: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', \
    and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
    end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
    character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
    start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const ENV_NAME: &str =
    "a valid environment variable name must consist only of printable ASCII characters other than '='";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
    'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

const HTTP_HEADER: &str = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used \
    for validation is '[-A-Za-z0-9]+')";

fn too_long(length: usize) -> String {
    format!("must be no more than {length} characters")
}

fn lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().copied().is_some_and(lower)
        && bytes.last().copied().is_some_and(lower)
        && bytes.iter().all(|b| lower(*b) || *b == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

/// `([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`
fn is_qualified(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

/// `IsDNS1123Label`
pub fn dns_label(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if text.len() > 63 {
        complaints.push(too_long(63));
    }
    if !is_label(text) {
        complaints.push(if is_subdomain(text) { "must not contain dots" } else { LABEL }.to_owned());
    }
    complaints
}

/// `IsDNS1123Subdomain`
pub fn dns_subdomain(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if text.len() > 253 {
        complaints.push(too_long(253));
    }
    if !is_subdomain(text) {
        complaints.push(SUBDOMAIN.to_owned());
    }
    complaints
}

/// `IsDNS1123SubdomainWithUnderscore`: what a DNS search path must be.
pub fn search_path(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if text.len() > 253 {
        complaints.push(too_long(253));
    }
    let good = |part: &str| {
        let part = part.strip_prefix('_').unwrap_or(part).as_bytes();
        part.first().copied().is_some_and(lower)
            && part.last().copied().is_some_and(lower)
            && part.iter().all(|b| lower(*b) || b"-_".contains(b))
    };
    if !text.split('.').all(good) {
        complaints.push(SEARCH_PATH.to_owned());
    }
    complaints
}

/// `IsQualifiedName`: what a label key must be.
pub fn qualified_name(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts.as_slice() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                complaints.push("prefix part must be non-empty".to_owned());
            } else {
                complaints.extend(dns_subdomain(prefix).iter().map(|complaint| format!("prefix part {complaint}")));
            }
            name
        }
        _ => {
            let rest = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {QUALIFIED} {rest}")];
        }
    };
    if name.is_empty() {
        complaints.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        complaints.push(format!("name part {}", too_long(63)));
    }
    if !is_qualified(name) {
        complaints.push(format!("name part {QUALIFIED}"));
    }
    complaints
}

/// `IsValidLabelValue`
pub fn label_value(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if text.len() > 63 {
        complaints.push(too_long(63));
    }
    if !text.is_empty() && !is_qualified(text) {
        complaints.push(LABEL_VALUE.to_owned());
    }
    complaints
}

/// `IsRelaxedEnvVarName`
pub fn env_name(text: &str) -> Vec<String> {
    let good = !text.is_empty() && text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=');
    if good { Vec::new() } else { vec![ENV_NAME.to_owned()] }
}

/// `IsConfigMapKey`
pub fn config_map_key(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if text.len() > 253 {
        complaints.push(too_long(253));
    }
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        complaints.push(CONFIG_KEY.to_owned());
    }
    match text {
        "." => complaints.push("must not be '.'".to_owned()),
        ".." => complaints.push("must not be '..'".to_owned()),
        _ if text.starts_with("..") => complaints.push("must not start with '..'".to_owned()),
        _ => {}
    }
    complaints
}

/// `IsHTTPHeaderName`
pub fn http_header(text: &str) -> Vec<String> {
    let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if good { Vec::new() } else { vec![HTTP_HEADER.to_owned()] }
}

/// `IsValidPortName`
pub fn port_name(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if text.len() > 15 {
        complaints.push(too_long(15));
    }
    if text.is_empty() || !text.bytes().all(|b| lower(b) || b == b'-') {
        complaints.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        complaints.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        complaints.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        complaints.push("must not begin or end with a hyphen".to_owned());
    }
    complaints
}

/// `IsValidPortNum`
pub fn port_number(port: i64) -> Vec<String> {
    if (1..=65535).contains(&port) { Vec::new() } else { vec!["must be between 1 and 65535, inclusive".to_owned()] }
}

/// `IsValidUserID`, `IsValidGroupID`
pub fn user_id(id: i64) -> Vec<String> {
    let good = (0..=i64::from(i32::MAX)).contains(&id);
    if good { Vec::new() } else { vec!["must be between 0 and 2147483647, inclusive".to_owned()] }
}

/// What an iSCSI name must be, once it begins with iqn, eui or naa.
pub fn is_iscsi(name: &str) -> bool {
    // In the original the dot of these two is any character.
    let exactly = |length: usize| {
        let rest = name.char_indices().nth(4).map_or("", |(at, _)| &name[at..]);
        rest.len() == length && rest.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    match name.get(..3) {
        Some("eui") => exactly(16),
        Some("naa") => exactly(32),
        // iqn.YYYY-MM.domain:rest
        _ => name.match_indices("iqn.").any(|(at, _)| {
            let (Some(date), Some(rest)) = (name.get(at + 4..at + 11), name.get(at + 11..)) else { return false };
            let dated = date.bytes().enumerate().all(|(at, b)| if at == 4 { b == b'-' } else { b.is_ascii_digit() });
            let parts = rest.strip_prefix('.').and_then(|rest| rest.split_once(':'));
            dated
                && parts.is_some_and(|(domain, rest)| {
                    let odd = |c: char| ",;*&$|".contains(c) || c.is_ascii_whitespace();
                    !domain.is_empty()
                        && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
                        && !rest.is_empty()
                        && !rest.contains(odd)
                })
        }),
    }
}

/// `ValidateClusterTrustBundleName`: with its signer's name in front if there is a colon.
pub fn trust_bundle(name: &str) -> Vec<String> {
    match name.rsplit_once(':') {
        None => dns_subdomain(name),
        Some(("", _)) => vec!["ClusterTrustBundle without signer name must not have \":\" in its name".to_owned()],
        Some((signer, _)) if signer.contains('/') => {
            let (signer, prefix) = (signer.replace(':', "/"), signer.replace('/', ":"));
            vec![format!("ClusterTrustBundle for signerName {signer} must be named with prefix {prefix}:")]
        }
        Some((_, own)) => dns_subdomain(own),
    }
}

/// An IP address as the server's old parser takes it, which lets zeros stand in front.
pub fn without_zeros(address: &str) -> String {
    let trimmed = address.split('.').map(|part| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0",
        trimmed => trimmed,
    });
    if address.contains(':') { address.to_owned() } else { trimmed.collect::<Vec<_>>().join(".") }
}

/// `IsKubernetesSignerName`
pub fn is_of_kubernetes(signer: &str) -> bool {
    let domain = signer.split('/').next().unwrap_or_default();
    domain == "kubernetes.io" || domain.ends_with(".kubernetes.io")
}

/// `[0-9]+%`; a number too large for the original is none to it.
pub fn percent(text: &str) -> Option<i64> {
    let digits = text.strip_suffix('%').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(0))
}
