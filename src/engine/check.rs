//! The manifest as the server would see it: read, defaulted and validated, every finding at its line.

use crate::api::hash::compute_hash;
use crate::api::value::Value;
use crate::kubelet;
use crate::manifest::{self, Document, Finding, Fix, Severity, Span, Stage, spacing};
use crate::store::defaulting;
use crate::store::validation::{self, ErrorKind, FieldError};

/// A manifest, checked.
#[derive(Clone, Debug, Default)]
pub struct Check {
    pub documents: Vec<CheckedDocument>,
    /// In the order of the text.
    pub findings: Vec<Finding>,
}

/// One object of the manifest and what the server makes of it.
#[derive(Clone, Debug)]
pub struct CheckedDocument {
    pub document: Document,
    /// With the server's defaults; as written if the document was refused before, null for a kind that is skipped.
    pub object: Value,
    /// The `controller-revision-hash` that a DaemonSet's pods would get.
    pub hash: Option<String>,
    /// What the server's validation refuses.
    pub errors: Vec<FieldError>,
    /// What the server warns of.
    pub warnings: Vec<String>,
}

impl Check {
    /// Whether any document would be refused.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

impl CheckedDocument {
    /// What kubectl prints when it or the server refuses the document: `source` is the file's name, `STDIN` for `-f -`.
    pub fn refusal(&self, source: &str) -> Option<String> {
        let text = refusal(&self.document, source);
        let text = text.or_else(|| super::apply::invalid(&self.document.kind, &self.document.name, &self.errors));
        text.map(|text| format!("{text}\n"))
    }
}

/// What kubectl prints when it or the server's decoder refuses a document.
pub fn refusal(document: &Document, source: &str) -> Option<String> {
    let Document { kind, name, namespace, api_version, refusal, .. } = document;
    let (stage, message) = refusal.as_ref()?;
    let version = api_version.rsplit('/').next().unwrap_or_default();
    Some(match stage {
        Stage::Client => format!(
            "error: error validating \"{source}\": error validating data: {message}; if you choose to ignore these errors, \
             turn validation off with --validate=false"
        ),
        Stage::Metadata => format!("error: unable to decode \"{source}\": {message}"),
        Stage::Mapping => format!(
            "error: resource mapping not found for name: \"{name}\" namespace: \"{namespace}\" from \"{source}\": \
             {message}\nensure CRDs are installed first"
        ),
        _ => {
            let right = if kind.eq_ignore_ascii_case("DaemonSet") { "DaemonSet" } else { kind };
            format!(
                "Error from server (BadRequest): error when creating \"{source}\": {kind} in version \"{version}\" cannot \
                 be handled as a {right}: {message}"
            )
        }
    })
}

/// Reads a manifest, fills in the defaults and validates it. Called whenever the reader pauses typing.
pub fn check(text: &str) -> Check {
    let mut check = checked(text);
    mend_spacing(&mut check, text);
    check
}

/// Offers to set right the white space of the first error, where there is one way only to do that.
fn mend_spacing(check: &mut Check, text: &str) {
    let before = check.findings.len();
    let Some(first) = check.findings.iter_mut().min_by_key(|it| it.severity != Severity::Error) else { return };
    let plain = spacing::plain(text);
    if plain != text && checked(&plain).findings.len() < before {
        first.mend = Some(spacing::ODD.to_owned());
        first.fix = changed(text, &plain);
        return;
    }
    let unplaced = matches!(first.stage, Stage::Syntax | Stage::Client) || first.message.starts_with("unknown field");
    if first.severity != Severity::Error || first.fix.is_some() || !unplaced {
        return;
    }
    let line = first.span.line;
    let parts = manifest::split(text);
    let Some((above, part)) = parts.iter().rev().find(|(above, _)| *above < line) else { return };
    let tabs = part.lines().any(|line| line.trim_start_matches(' ').starts_with('\t'));
    let others = if tabs { spacing::without_tabs(part) } else { spacing::shifted(part, line - above) };
    let mut meant: Option<(String, Vec<Value>)> = None;
    for other in others {
        let read = checked(&other);
        if read.has_errors() {
            continue;
        }
        let values = read.documents.into_iter().map(|it| it.document.value).collect();
        match &meant {
            Some((_, before)) if *before != values => return,
            Some(_) => {}
            None => meant = Some((other, values)),
        }
    }
    first.fix = meant.and_then(|(other, _)| changed(part, &other)).map(|fix| below(fix, *above));
}

/// What leads from one text to another of as many lines: the lines from the first to the last that differ.
fn changed(from: &str, to: &str) -> Option<Fix> {
    let (old, new): (Vec<&str>, Vec<&str>) = (from.lines().collect(), to.lines().collect());
    let differs = |at: &usize| old[*at] != new[*at];
    let first = (0..old.len().min(new.len())).find(differs)?;
    let last = (first..old.len().min(new.len())).rfind(differs)?;
    let end_column = old[last].chars().count() + 1;
    let span = Span { line: first + 1, column: 1, end_line: last + 1, end_column };
    Some(Fix { span, replacement: new[first..=last].join("\n") })
}

/// A change of a part of the text with so many lines above it.
fn below(fix: Fix, above: usize) -> Fix {
    let span = Span { line: fix.span.line + above, end_line: fix.span.end_line + above, ..fix.span };
    Fix { span, ..fix }
}

/// The manifest's documents, defaulted and validated.
fn checked(text: &str) -> Check {
    let reading = manifest::read(text);
    let mut check = Check { documents: Vec::new(), findings: reading.findings };
    for document in reading.documents {
        let checked = check_document(document, text, &mut check.findings);
        check.documents.push(checked);
    }
    if check.findings.len() > manifest::FINDINGS {
        check.findings.sort_by_key(|finding| finding.severity != Severity::Error);
        check.findings.truncate(manifest::FINDINGS);
    }
    for finding in check.findings.iter_mut().filter(|finding| finding.stage == Stage::Decoding) {
        quote_as_written(finding, text);
    }
    check.findings.sort_by_key(|finding| (finding.span.line, finding.span.column));
    check
}

/// What only lacks quotes gets them around what is written: `010` and `1.10` are other numbers than the text means.
fn quote_as_written(finding: &mut Finding, text: &str) {
    let Some(fix) = finding.fix.as_mut().filter(|fix| fix.replacement.starts_with('"')) else { return };
    let line = text.lines().nth(fix.span.line.saturating_sub(1)).unwrap_or_default();
    let length = fix.span.end_column.saturating_sub(fix.span.column);
    let written: String = line.chars().skip(fix.span.column.saturating_sub(1)).take(length).collect();
    if !written.is_empty() && !written.contains(['"', '\\', '\'']) {
        fix.replacement = format!("\"{written}\"");
    }
}

/// A selector of the template's labels, to stand before the template, where that begins a line.
fn selector_fix(document: &Document, text: &str) -> Option<Fix> {
    let place = document.key_position("spec.template")?;
    let line = text.lines().nth(place.line.checked_sub(1)?)?;
    let indent: String = line.chars().take(place.column.checked_sub(1)?).collect();
    let labels = document.value.at(&["spec", "template", "metadata", "labels"]).and_then(Value::as_map)?;
    if labels.is_empty() || !indent.trim().is_empty() {
        return None;
    }
    let labels =
        labels.iter().map(|(key, value)| Some(format!("\n{indent}    {}: {}", written(key), written(value.as_str()?))));
    let labels = labels.collect::<Option<String>>()?;
    let replacement = format!("selector:\n{indent}  matchLabels:{labels}\n{indent}");
    Some(Fix { span: Span { end_line: place.line, end_column: place.column, ..place }, replacement })
}

/// A text as YAML: in quotes unless it is plainly a word.
fn written(text: &str) -> String {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    let plain = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) && text.bytes().all(safe);
    let other = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    match plain && !other.contains(&text.to_ascii_lowercase().as_str()) {
        true => text.to_owned(),
        false => Value::from(text).to_json(),
    }
}

fn check_document(document: Document, text: &str, findings: &mut Vec<Finding>) -> CheckedDocument {
    let skipped = document.refusal.is_none() && !document.simulated();
    let mut object = if skipped { Value::Null } else { document.value.clone() };
    let (mut hash, mut errors, mut warnings) = (None, Vec::new(), Vec::new());
    if document.refusal.is_none() && document.simulated() {
        match document.kind.as_str() {
            "DaemonSet" => {
                defaulting::default_daemonset(&mut object);
                errors = validation::validate_daemonset(&object, None);
                // The server warns only of what it takes.
                if errors.is_empty() {
                    warnings = validation::warnings_daemonset(&object);
                }
                hash = object.at(&["spec", "template"]).map(|template| compute_hash(template, None));
            }
            "Pod" => {
                defaulting::default_pod(&mut object);
                errors = validation::validate_pod(&object);
            }
            "Node" => {
                defaulting::default_other(&mut object, "Node");
                errors = validation::validate_node(&object);
            }
            kind => defaulting::default_other(&mut object, kind),
        }
    }
    let has_selector = object.at(&["spec", "selector"]).is_some_and(|selector| !selector.is_null());
    for error in errors.iter().take(manifest::FINDINGS) {
        let mut finding = finding(&document, Severity::Error, Stage::Validation, &error.path, error.to_string());
        finding.span = place(&document, error);
        (finding.mend, finding.fix) = mend(error, &document, finding.span, has_selector);
        if error.path == "spec.template.metadata.labels" && !has_selector {
            finding.fix = selector_fix(&document, text);
        }
        findings.push(finding);
    }
    for (path, message) in warnings.iter().take(manifest::FINDINGS) {
        findings.push(finding(&document, Severity::Warning, Stage::Advice, path, message.clone()));
    }
    notes_on_images(&document, &object, findings);
    let warnings = warnings.into_iter().map(|(_, message)| message).collect();
    CheckedDocument { document, object, hash, errors, warnings }
}

fn finding(document: &Document, severity: Severity, stage: Stage, path: &str, message: String) -> Finding {
    let span = document.position(path).unwrap_or_default();
    Finding { severity, stage, span, path: path.to_owned(), message, mend: None, fix: None }
}

/// Says where an image's tag asks for trouble: that is this simulation's own, and no real registry's.
fn notes_on_images(document: &Document, object: &Value, findings: &mut Vec<Finding>) {
    let spec = if document.kind == "DaemonSet" { "spec.template.spec" } else { "spec" };
    let Some(containers) = manifest::lookup(object, &[spec, ".containers"].concat()).and_then(Value::as_list) else {
        return;
    };
    // The kubelets here look at the first one.
    let image = containers.first().and_then(|container| container.get("image")?.as_str()).unwrap_or_default();
    if let Some(what) = kubelet::behaviour(image).in_words() {
        let path = [spec, ".containers[0].image"].concat();
        let message = format!("simulated trouble: the tag of {image} makes the container {what}");
        findings.push(finding(document, Severity::Note, Stage::Advice, &path, message));
    }
}

/// Where to mark an error: mostly at its path, but the server's paths are not always those of the text.
fn place(document: &Document, error: &FieldError) -> Span {
    let path = real_path(&error.path);
    let named = error.bad_value.trim_matches('"');
    // Labels and the like are blamed as a whole: find the entry with the bad key or value.
    let entries = manifest::lookup(&document.value, &path).and_then(Value::as_map);
    let entry = entries.filter(|_| !named.is_empty()).and_then(|map| {
        map.iter().find(|(key, value)| key.as_str() == named || value.as_str() == Some(named)).map(|(key, _)| key)
    });
    if let Some(key) = entry {
        return document.key_position(&format!("{path}[{key}]")).unwrap_or_default();
    }
    // So are the mounts of a container.
    if let Some((mounts, field)) = path.rsplit_once('.').filter(|(parent, _)| parent.ends_with("volumeMounts")) {
        let list = manifest::lookup(&document.value, mounts).and_then(Value::as_list).unwrap_or_default();
        let index = list.iter().position(|mount| match mount.get(field).and_then(Value::as_str) {
            Some(text) => named.is_empty() || text == named,
            None => false,
        });
        if let Some(index) = index {
            return document.position(&format!("{mounts}[{index}].{field}")).unwrap_or_default();
        }
    }
    document.position(&path).unwrap_or_default()
}

/// The path in the object for one that the server gives.
fn real_path(path: &str) -> String {
    for field in ["labels", "annotations"] {
        if path == format!("spec.template.{field}") {
            return format!("spec.template.metadata.{field}");
        }
    }
    for field in ["shareProcessNamespace", "hostPID", "hostIPC", "hostUsers"] {
        if let Some(parent) = path.strip_suffix(&format!("securityContext.{field}")) {
            return format!("{parent}{field}");
        }
    }
    path.strip_prefix("metadata.taints").map_or_else(|| path.to_owned(), |rest| format!("spec.taints{rest}"))
}

/// What to write instead, in plain words, and the text itself where there can be no doubt.
fn mend(error: &FieldError, document: &Document, span: Span, has_selector: bool) -> (Option<String>, Option<Fix>) {
    let path = error.path.as_str();
    let field = path.rsplit('.').next().unwrap_or(path);
    let detail = error.detail.as_str();
    let words = match error.kind {
        _ if path == "spec.template.metadata.labels" && !has_selector => {
            "The DaemonSet has no `spec.selector`. Add one whose `matchLabels` repeat the labels of the template."
                .to_owned()
        }
        _ if path == "spec.template.metadata.labels" => {
            let selector = document.value.at(&["spec", "selector", "matchLabels"]).and_then(Value::as_map);
            let wanted =
                selector.into_iter().flatten().filter_map(|(key, value)| Some(format!("{key}: {}", value.as_str()?)));
            let wanted = wanted.collect::<Vec<_>>().join(", ");
            match wanted.is_empty() {
                true => "The template's labels must be ones that `spec.selector` selects.".to_owned(),
                false => format!(
                    "The pods must carry the labels that `spec.selector` asks for ({wanted}). Make both the same."
                ),
            }
        }
        _ if detail.starts_with("may not be set when maxUnavailable") => {
            "Of maxUnavailable and maxSurge one must be 0. maxUnavailable is 1 unless given: add `maxUnavailable: 0`."
                .to_owned()
        }
        _ if detail.starts_with("cannot be 0 when maxSurge") => {
            "With both at 0 no pod could ever be replaced. Give one of maxUnavailable and maxSurge a value above 0."
                .to_owned()
        }
        _ if detail.starts_with("a valid percent string") => match error.bad_value.trim_matches('"').parse::<u32>() {
            Ok(number) => format!("Write {number} without quotes, or \"{number}%\"."),
            Err(_) => "Write a whole number such as 1, or a percentage such as \"10%\".".to_owned(),
        },
        _ if path == "spec.updateStrategy" => {
            let given =
                document.value.at(&["spec", "updateStrategy", "type"]).and_then(Value::as_str).unwrap_or_default();
            let place = document.position("spec.updateStrategy.type");
            if let (Some(right), Some(span)) = (same_letters(given, "\"RollingUpdate\", \"OnDelete\""), place) {
                let words = format!("Upper and lower case matter: write {right}.");
                return (Some(words), Some(Fix { span, replacement: right }));
            }
            "Write `type: RollingUpdate` or `type: OnDelete`.".to_owned()
        }
        _ if path.ends_with("restartPolicy") && detail == "supported values: \"Always\"" => {
            "The pods of a DaemonSet are always restarted. Write `restartPolicy: Always`, or leave the field out."
                .to_owned()
        }
        _ if detail == "field is immutable" => {
            format!("`{path}` cannot be changed. Delete the object and create it again, or keep the old value.")
        }
        ErrorKind::Required if field == "containers" => {
            "The pod needs at least one container, with `name` and `image`.".to_owned()
        }
        ErrorKind::Required if detail.starts_with("must specify a handler") => {
            "Say what to do: add `httpGet`, `tcpSocket`, `exec` or `grpc`.".to_owned()
        }
        ErrorKind::Required if detail.contains("Limit must be set") => {
            "For this resource the limit must be given, and equal the request.".to_owned()
        }
        ErrorKind::Required => format!("Add the field `{field}`."),
        ErrorKind::NotFound => format!(
            "There is no volume {} under `volumes`, or that volume is itself wrong. Add it, or correct the name.",
            error.bad_value
        ),
        ErrorKind::TooMany => format!("Take some away: {}.", detail.trim_start_matches("must ")),
        ErrorKind::Duplicate => format!("{} is used twice here. Give each its own.", error.bad_value),
        ErrorKind::NotSupported => {
            let supported = detail.trim_start_matches("supported values: ");
            let right = same_letters(error.bad_value.trim_matches('"'), supported);
            if let Some(right) = right {
                let here = manifest::lookup(&document.value, path).and_then(Value::as_str);
                let fix = here.map(|_| Fix { span, replacement: right.clone() });
                return (Some(format!("Upper and lower case matter: write {right}.")), fix);
            }
            match supported.contains(", ") {
                true => format!("Write one of {supported}."),
                false => format!("Write {supported}."),
            }
        }
        ErrorKind::TooLong => "Make it shorter.".to_owned(),
        ErrorKind::Forbidden if detail.starts_with("may not specify more than 1") => "Keep one of them.".to_owned(),
        ErrorKind::Forbidden if detail.contains("privileged containers") => {
            "Add `securityContext: {privileged: true}` to the container, or leave `mountPropagation` out.".to_owned()
        }
        ErrorKind::Forbidden => format!("Remove `{field}`."),
        ErrorKind::Invalid if detail.contains("RFC 1123") || detail.contains("must not contain dots") => {
            let good = dns_name(error.bad_value.trim_matches('"'), !detail.contains("subdomain"));
            let rule = "Use only lower case letters, digits and `-`, with a letter or digit first and last";
            match good {
                Some(good) => format!("{rule}, for instance `{good}`."),
                None => format!("{rule}."),
            }
        }
        ErrorKind::Invalid if detail.contains("valid label") || detail.contains("name part") => {
            "Use only letters, digits, `-`, `_` and `.`, with a letter or digit first and last.".to_owned()
        }
        ErrorKind::Invalid if detail.contains("must be less than or equal to") => {
            "A request cannot be larger than its limit. Raise the limit or lower the request.".to_owned()
        }
        ErrorKind::Invalid if detail.starts_with("operator must be Exists") => {
            "A toleration without a key tolerates every taint: write `operator: Exists`, or give a key.".to_owned()
        }
        ErrorKind::Invalid if detail.starts_with("must be between") || detail.starts_with("must be greater") => {
            format!("`{field}` {detail}.")
        }
        ErrorKind::Invalid if detail.contains("when `hostNetwork` is true") => {
            "On the host's network both ports are one. Give hostPort and containerPort the same number.".to_owned()
        }
        ErrorKind::Invalid => {
            let operators = "\"In\", \"NotIn\", \"Exists\", \"DoesNotExist\"";
            let operator = same_letters(error.bad_value.trim_matches('"'), operators);
            if let (true, Some(right)) = (detail == "not a valid selector operator", operator) {
                let words = format!("Upper and lower case matter: write {right}.");
                return (Some(words), Some(Fix { span, replacement: right }));
            }
            match MENDS.iter().find(|(part, _)| detail.contains(part)) {
                Some((_, words)) => (*words).to_owned(),
                None => format!("The server asks of `{field}`: {detail}."),
            }
        }
    };
    (Some(words), None)
}

/// What to do about what the server says of a value.
const MENDS: [(&str, &str); 35] = [
    ("empty selector", "Say which pods are its own: add `matchLabels` with the labels of the template."),
    ("not a valid selector operator", "Write In, NotIn, Exists or DoesNotExist; for nodes there are Gt and Lt too."),
    ("not a valid field selector key", "`matchFields` knows only the key metadata.name."),
    ("neither a standard finalizer", "Give the finalizer a domain, such as example.com/name."),
    ("must not be empty", "Name the owner with apiVersion, kind, name and uid, or leave `ownerReferences` out."),
    ("in the range 1-100", "Write a weight from 1 to 100."),
    ("must be a relative path", "Leave out the `/` at the beginning."),
    ("must not contain '..'", "Leave `..` out of the path."),
    ("must not start with '..'", "Let the path begin with something else than `..`."),
    ("must be an absolute path", "Let the path begin with `/`."),
    ("already exist", "A volume is either mounted or used as a device, and each at a path of its own."),
    ("must be unique", "Each path can be used once in a container. Give this one another path."),
    ("conflicting duplicate paths", "Two sources put a file at the same path. Give one of them another `path`."),
    ("between 0 and 0777", "Write the mode in octal with a 0 in front, such as 0644."),
    (
        "cannot set `allowPrivilegeEscalation`",
        "Leave out `allowPrivilegeEscalation: false`, or what needs the privileges.",
    ),
    ("`hostUsers` must be false", "Set `hostUsers: false` for the pod, or leave `procMount` out."),
    ("cannot both be enabled", "Keep one of the two."),
    (
        "may not be specified when 'host",
        "This setting would be the host's own. Leave it out, or do not share the host's namespace.",
    ),
    ("environment variable name", "Leave `=` and whatever cannot be printed out of the name."),
    ("when `value` is not empty", "Keep either `value` or `valueFrom`."),
    ("more than one field", "Keep one of the sources."),
    ("must specify one of", "Say where it comes from: add one of these fields."),
    ("at most one of", "Keep one of the two."),
    (
        "error converting fieldPath",
        "Write a field that a pod can show, such as spec.nodeName, metadata.name or status.podIP.",
    ),
    ("HTTP header", "Use only letters, digits and `-`."),
    ("must contain", "A port's name has at most 15 lower case letters, digits and single `-`, one letter at least."),
    ("hyphen", "A port's name has at most 15 lower case letters, digits and single `-`, one letter at least."),
    ("must be no more than", "Make it shorter."),
    ("must be equal to", "For this resource the request must equal the limit."),
    ("standard resource", "Write cpu, memory or ephemeral-storage, or a name with a domain such as example.com/gpu."),
    ("must be an integer", "This resource is counted in whole numbers."),
    ("positive integer multiple", "Write a multiple of the page size that the resource's name tells."),
    ("valid IP address", "Write an address such as 10.9.8.7."),
    ("must be 1", "Write 1, or leave the field out."),
    ("not be greater than 100%", "Write at most 100%."),
];

/// The supported value that differs only in case.
fn same_letters(value: &str, supported: &str) -> Option<String> {
    let mut words = supported.split(", ").map(|word| word.trim_matches('"'));
    words.find(|word| word.eq_ignore_ascii_case(value)).map(str::to_owned)
}

/// A good name made of a bad one.
fn dns_name(bad: &str, label: bool) -> Option<String> {
    let mapped: String = bad
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
            '.' if !label => '.',
            _ => '-',
        })
        .collect();
    let good = mapped.split('.').map(|part| part.trim_matches('-')).filter(|part| !part.is_empty()).collect::<Vec<_>>();
    (!good.is_empty()).then(|| good.join("."))
}
