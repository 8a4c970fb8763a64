//! Text to objects and back: [`read`] gives the documents of a manifest together with everything that is wrong with
//! it, each finding at its place; [`print`] writes an object as `kubectl get -o yaml` does.

pub mod diff;
mod dump;
mod indent;
mod lenient;
mod print;
mod scalar;
pub mod spacing;
mod syntax;
mod wrapped;
mod yaml;

pub use dump::{DumpCursor, Sieve, Unreadable, Whole};
pub use print::print;
pub use yaml::Span;

use crate::api::daemonset::{TEMPLATE_GENERATION_ANNOTATION, refused_generation};
use crate::api::schema::{self, Problem, Type, Wrong};
use crate::api::value::Value;
use yaml::{Inside, Marks, Remark, Tree};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// kubectl or the server refuses the document.
    Error,
    /// It is accepted, but hardly means what it says.
    Warning,
    Note,
}

/// Who refuses the document, in the order in which they look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// kubectl cannot read the text.
    Syntax,
    /// kubectl misses apiVersion or kind.
    Client,
    /// kubectl cannot decode the metadata.
    Metadata,
    /// The server has no such kind.
    Mapping,
    /// The server cannot decode the object, or knows a field it has not.
    Decoding,
    /// The server decoded the object and finds its content invalid.
    Validation,
    /// Nobody refuses it.
    Advice,
}

/// Something to tell the reader about a place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub severity: Severity,
    pub stage: Stage,
    pub span: Span,
    /// The field, as the server writes paths; empty where no field is meant.
    pub path: String,
    /// kubectl's or the server's own words where they have any.
    pub message: String,
    /// What to write instead, in plain words.
    pub mend: Option<String>,
    /// A change of the text that is certain to be right.
    pub fix: Option<Fix>,
}

/// Replace a stretch of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    pub span: Span,
    pub replacement: String,
}

/// What [`read`] found in a text.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// In the order of the text, those of unknown kinds included.
    pub documents: Vec<Document>,
    /// In the order of the text.
    pub findings: Vec<Finding>,
}

/// One object of the manifest.
#[derive(Clone, Debug)]
pub struct Document {
    pub value: Value,
    pub api_version: String,
    pub kind: String,
    pub name: String,
    /// Empty where the text names none.
    pub namespace: String,
    /// The line on which it begins.
    pub line: usize,
    /// The first thing that kubectl or the server refuses while decoding, and who does.
    pub refusal: Option<(Stage, String)>,
    marks: Marks,
}

impl Document {
    /// Whether this program simulates objects of this kind.
    pub fn simulated(&self) -> bool {
        schema::kind(&self.api_version, &self.kind).is_some()
    }

    /// Where a field stands: its value if that is a single one, else its key; the nearest existing parent for a field
    /// that is not there. Paths are written as in [`Finding::path`], with `[key]` or `.key` for map entries.
    pub fn position(&self, path: &str) -> Option<Span> {
        Some(find(&self.marks, path).place())
    }

    /// Where the key of a field stands, or its value if it has no key; see [`Document::position`].
    pub fn key_position(&self, path: &str) -> Option<Span> {
        let mark = find(&self.marks, path);
        Some(mark.key.unwrap_or_else(|| mark.place()))
    }
}

impl Marks {
    /// The spans of the scalars that go over several lines.
    fn long_scalars(&self) -> Vec<Span> {
        match &self.inside {
            Inside::Nothing if self.value.end_line > self.value.line => vec![self.value],
            Inside::Nothing => Vec::new(),
            Inside::List(list) => list.iter().flat_map(Marks::long_scalars).collect(),
            Inside::Map(map) => map.iter().flat_map(|(_, mark)| mark.long_scalars()).collect(),
        }
    }

    fn place(&self) -> Span {
        match (&self.inside, self.key) {
            (Inside::Nothing, _) => match self.key {
                Some(key) if self.value.line == self.value.end_line && self.value.column == self.value.end_column => {
                    key
                }
                _ => self.value,
            },
            (_, Some(key)) => key,
            (Inside::Map(map), None) => map.iter().find_map(|(_, mark)| mark.key).unwrap_or(self.value),
            (Inside::List(list), None) => list.first().map_or(self.value, Marks::place),
        }
    }
}

fn find<'a>(marks: &'a Marks, path: &str) -> &'a Marks {
    let mut at = marks;
    let mut rest = path;
    while !rest.is_empty() {
        let (next, after) = match &at.inside {
            Inside::Nothing => break,
            Inside::List(list) => {
                let Some((index, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
                    break;
                };
                (index.parse::<usize>().ok().and_then(|index| list.get(index)), after)
            }
            Inside::Map(map) => {
                let (name, after) = match rest.strip_prefix('[') {
                    Some(inner) => inner.split_at(inner.rfind(']').unwrap_or(inner.len())),
                    None => match longest_key(rest, map.iter().map(|(key, _)| key.as_str())) {
                        Some(key) => rest.split_at(key.len()),
                        None => break,
                    },
                };
                let mark = map.iter().rev().find(|(key, _)| key == name).map(|(_, mark)| mark);
                (mark, after.strip_prefix(']').unwrap_or(after))
            }
        };
        let Some(next) = next else { break };
        at = next;
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    at
}

/// The key that a path begins with. Keys may hold dots themselves: the longest one that fits is meant.
fn longest_key<'a>(path: &str, keys: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let fits = |key: &&str| path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    keys.filter(fits).max_by_key(|key| key.len())
}

/// More text than this is refused.
const LIMIT: usize = 2 * 1024 * 1024;

/// Reads a manifest: YAML with any number of documents, or JSON. Never fails; whatever is wrong becomes a finding, and
/// the documents around it are still read.
pub fn read(text: &str) -> Reading {
    let mut reader = Reader::default();
    if text.len() > LIMIT {
        let size =
            format!("the text has {:.1} MB, more than 2 MB are not read", text.len() as f64 / f64::from(1 << 20));
        reader.error(Stage::Syntax, Span { line: 1, column: 1, end_line: 1, end_column: 2 }, "", size).mend(
            "Leave out the documents that have nothing to do with DaemonSets, such as CustomResourceDefinitions.",
        );
        return reader.0;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let chunks = split(text);
    let before = reader.0.findings.len();
    for (above, chunk) in &chunks {
        if let Some(tree) = reader.chunk(chunk, *above) {
            reader.tree(tree);
        }
    }
    if reader.0.documents.is_empty() && reader.0.findings.len() == before {
        reader
            .error(
                Stage::Syntax,
                Span { line: 1, column: 1, end_line: 1, end_column: 1 },
                "",
                "no objects passed to create",
            )
            .mend("Paste a DaemonSet manifest here. It begins with `apiVersion: apps/v1` and `kind: DaemonSet`.");
    }
    reader.0.findings.sort_by_key(|finding| (finding.span.line, finding.span.column));
    wrapped::explain(text, &mut reader.0.findings);
    reader.0
}

/// Reads data that is no manifest, such as a lesson: one document, of no kind, whose fields can be found again by
/// [`Document::position`]; and what keeps it from being read, or is hardly meant.
pub fn read_data(text: &str) -> (Option<Document>, Vec<Finding>) {
    let mut reader = Reader::default();
    let tree = reader.chunk(text.strip_prefix('\u{feff}').unwrap_or(text), 0);
    let document = tree.map(|tree| {
        for remark in &tree.remarks {
            reader.remark(remark);
        }
        let nothing = |line: &str| line.starts_with('#') || ["", "---", "..."].contains(&line.trim());
        let more = tree.more.filter(|line| !text.lines().skip(line.saturating_sub(1)).all(nothing));
        if let Some(line) = more {
            let span = Span { line, column: 1, end_line: line, end_column: 2 };
            reader.error(Stage::Syntax, span, "", "what stands below the end of the first document is not read").mend(
                "Such a file is one document: take the line `---` out, or make a file of its own of what is below it.",
            );
        }
        let line = tree.marks.place().line;
        let none = String::new;
        let (api_version, kind, name, namespace) = (none(), none(), none(), none());
        Document { value: tree.value, api_version, kind, name, namespace, line, refusal: None, marks: tree.marks }
    });
    (document, reader.0.findings)
}

/// The bare value of a YAML or JSON text, for data that is no manifest; nothing if it cannot be read.
pub fn read_value(text: &str) -> Option<Value> {
    // A run with a real cluster in it may have 60 MB.
    dump::read_json(text).or_else(|| yaml::parse(text, 0).ok().flatten().map(|tree| tree.value))
}

/// Cuts the text at its `---` lines as kubectl does, which looks at no YAML for that. Each part comes with the number
/// of lines above it.
pub(crate) fn split(text: &str) -> Vec<(usize, &str)> {
    let mut chunks = Vec::new();
    let (mut start, mut above, mut offset) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let separator = line.strip_prefix("---").map(str::trim).is_some_and(|r| r.is_empty() || r.starts_with('#'));
        if separator {
            chunks.push((above, &text[start..offset]));
            start = offset + line.len();
            above = number + 1;
        }
        offset += line.len();
    }
    chunks.push((above, &text[start..]));
    chunks
}

#[derive(Default)]
struct Reader(Reading);

/// Findings beyond this many help nobody; errors stay before anything else.
pub(crate) const FINDINGS: usize = 200;

impl Finding {
    fn mend(&mut self, mend: impl Into<String>) -> &mut Self {
        self.mend = Some(mend.into());
        self
    }
}

impl Reader {
    fn add(&mut self, severity: Severity, stage: Stage, span: Span, path: &str, message: String) -> &mut Finding {
        if self.0.findings.len() >= FINDINGS {
            let spare = self.0.findings.iter().rposition(|finding| finding.severity != Severity::Error);
            self.0.findings.remove(spare.unwrap_or(FINDINGS - 1));
        }
        let (path, mend, fix) = (path.to_owned(), None, None);
        self.0.findings.push(Finding { severity, stage, span, path, message, mend, fix });
        let last = self.0.findings.len() - 1;
        &mut self.0.findings[last]
    }

    fn error(&mut self, stage: Stage, span: Span, path: &str, message: impl Into<String>) -> &mut Finding {
        self.add(Severity::Error, stage, span, path, message.into())
    }

    /// Reads what stands between two `---` lines.
    fn chunk(&mut self, chunk: &str, above: usize) -> Option<Tree> {
        let trouble = match syntax::before(chunk, above).or_else(|| indent::lost(chunk, above)) {
            Some(finding) => finding,
            None => match yaml::parse(chunk, above) {
                Ok(tree) => match tree.as_ref().and_then(|tree| syntax::after(chunk, above, tree)) {
                    Some(finding) => finding,
                    None => return tree,
                },
                Err(failure) => syntax::explain(chunk, above, failure),
            },
        };
        self.0.findings.push(trouble);
        None
    }

    fn tree(&mut self, tree: Tree) {
        for remark in &tree.remarks {
            self.remark(remark);
        }
        if let Some(line) = tree.more {
            let span = Span { line, column: 1, end_line: line, end_column: 2 };
            self.add(
                Severity::Warning,
                Stage::Advice,
                span,
                "",
                "nothing after the end of the document is read".into(),
            )
            .mend("Separate documents by a line with `---` only.");
        }
        if tree.value.is_null() {
            return;
        }
        self.object(tree.value, tree.marks, 0);
    }

    fn remark(&mut self, remark: &Remark) {
        match remark {
            Remark::DuplicateKey { path, key, span, first } => {
                let message = format!("key \"{key}\" already set in map");
                let mend = format!(
                    "`{key}` stands here and in line {}; kubectl takes the last one and does not tell. Keep one of them.",
                    first.line
                );
                self.add(Severity::Warning, Stage::Advice, *span, path, message).mend(mend);
            }
            Remark::KeyIsNotText { path, written, read, span } => {
                let message = format!("the key {written} is read as \"{read}\"");
                let mend = format!("In YAML 1.1 `{written}` is no text. Write \"{written}\" in quotes.");
                self.add(Severity::Warning, Stage::Advice, *span, path, message).mend(mend);
            }
        }
    }

    fn object(&mut self, value: Value, marks: Marks, depth: usize) {
        let text = |path: &[&str]| value.at(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut document = Document {
            api_version: text(&["apiVersion"]),
            kind: text(&["kind"]),
            name: text(&["metadata", "name"]),
            namespace: text(&["metadata", "namespace"]),
            line: marks.place().line,
            refusal: None,
            value: Value::Null,
            marks,
        };
        if document.kind.ends_with("List") && depth < 3 && value.get("items").is_some_and(|v| v.as_list().is_some()) {
            let inside = std::mem::take(&mut document.marks.inside);
            return self.items(value, inside, depth);
        }
        document.value = value;
        self.examine(&mut document);
        self.0.documents.push(document);
    }

    /// The members of a list are documents of their own.
    fn items(&mut self, mut value: Value, inside: Inside, depth: usize) {
        let Inside::Map(marks) = inside else { return };
        let places = match marks.into_iter().rfind(|(key, _)| key == "items").map(|(_, mark)| mark.inside) {
            Some(Inside::List(places)) => places,
            _ => Vec::new(),
        };
        if let Value::List(items) = std::mem::take(value.entry("items")) {
            for (item, marks) in items.into_iter().zip(places) {
                self.object(item, marks, depth + 1);
            }
        }
    }

    /// Everything kubectl and the server's decoder say about a document.
    fn examine(&mut self, document: &mut Document) {
        if self.without_gvk(document) {
            return;
        }
        let (version, kind) = (document.api_version.clone(), document.kind.clone());
        let Some(root) = schema::kind(&version, &kind) else {
            return self.unknown_kind(document);
        };
        let problems = schema::decode(&document.value, root);
        for problem in &problems {
            self.problem(document, problem);
        }
        let generation = self.generation(document);
        let in_metadata = |problem: &&Problem| {
            matches!(problem.what, Wrong::Type { .. }) && problem.path.strip_prefix("metadata").is_some()
        };
        let metadata: Vec<Problem> = problems.iter().filter(in_metadata).cloned().collect();
        document.refusal = match (schema::decoding_error(&metadata), schema::decoding_error(&problems)) {
            // kubectl decodes the metadata into a struct of its own.
            (Some(message), _) => {
                let own = message.replace(&format!("field {kind}.metadata"), "field metadataOnlyObject.metadata");
                Some((Stage::Metadata, own))
            }
            // Decoded, though with remarks, it is converted; that fails before the remarks are told.
            (None, message) => {
                let message = message.filter(|it| generation.is_none() || !it.starts_with("strict")).or(generation);
                message.map(|message| (Stage::Decoding, message))
            }
        };
    }

    /// The one annotation that the server reads as a field.
    fn generation(&mut self, document: &Document) -> Option<String> {
        let given = document.value.at(&["metadata", "annotations", TEMPLATE_GENERATION_ANNOTATION])?.as_str();
        let message = refused_generation(given.filter(|_| document.kind == "DaemonSet")?)?;
        let path = format!("metadata.annotations.{TEMPLATE_GENERATION_ANNOTATION}");
        let span = document.position(&path).unwrap_or_default();
        self.error(Stage::Decoding, span, &path, message.clone())
            .mend("The server keeps the number of the template's version here itself. Leave this annotation out.");
        Some(message)
    }

    /// kubectl's own checks before it asks the server.
    fn without_gvk(&mut self, document: &mut Document) -> bool {
        let Some(map) = document.value.as_map() else {
            let place = document.marks.place();
            let message = "invalid object to validate".to_owned();
            document.refusal = Some((Stage::Client, message.clone()));
            self.error(Stage::Client, place, "", message)
                .mend("A manifest is a map that begins with `apiVersion:` and `kind:`.");
            return true;
        };
        let trouble = |key: &str| match map.get(key) {
            Some(Value::Str(text)) if !text.is_empty() => None,
            None | Some(Value::Null | Value::Str(_)) => Some(format!("{key} not set")),
            Some(_) => Some(format!("{key} isn't string type")),
        };
        let missing = |key: &str| trouble(key).is_some();
        let texts: Vec<String> = ["apiVersion", "kind"].into_iter().filter_map(trouble).collect();
        let message = match texts.as_slice() {
            [] if document.api_version.matches('/').count() > 1 => {
                format!("unexpected GroupVersion string: {}", document.api_version)
            }
            [] => return false,
            [text] => text.clone(),
            _ => format!("[{}]", texts.join(", ")),
        };
        let wrong_case = map.keys().find(|key| {
            ["apiVersion", "kind"].iter().any(|right| missing(right) && key.eq_ignore_ascii_case(right) && key != right)
        });
        let right = |key: &String| {
            if key.eq_ignore_ascii_case("kind") { "kind" } else { "apiVersion" }
        };
        let found = wrong_case.map(|key| (document.key_position(key).unwrap_or_default(), right(key)));
        document.refusal = Some((Stage::Client, message.clone()));
        let (path, place) = match texts.as_slice() {
            [] => ("apiVersion", document.position("apiVersion").unwrap_or_default()),
            _ => ("", document.marks.place()),
        };
        let mend = match (found, document.kind.as_str()) {
            (Some((_, right)), _) => format!("Field names are case sensitive: write `{right}`."),
            (None, "" | "DaemonSet") => {
                "A DaemonSet begins with `apiVersion: apps/v1` and `kind: DaemonSet`.".to_owned()
            }
            (None, _) => "Every document needs `apiVersion` and `kind`.".to_owned(),
        };
        let finding = self.error(Stage::Client, found.map_or(place, |(span, _)| span), path, message).mend(mend);
        finding.fix = found.map(|(span, right)| Fix { span, replacement: right.to_owned() });
        true
    }

    fn unknown_kind(&mut self, document: &mut Document) {
        let (version, kind) = (document.api_version.as_str(), document.kind.as_str());
        let kind_place = document.position("kind").unwrap_or_default();
        let version_place = document.position("apiVersion").unwrap_or_default();
        let no_match = format!("no matches for kind \"{kind}\" in version \"{version}\"");
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let own = !group.contains('.') || group.ends_with(".k8s.io");
        // Others have their own Nodes; only a DaemonSet is never theirs.
        let known = SIMULATED.iter().find(|(known, _)| *known == kind).filter(|_| own || kind == "DaemonSet");
        if let Some((_, right)) = known {
            document.refusal = Some((Stage::Mapping, no_match.clone()));
            let removed = ["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"].contains(&version);
            let mend = if removed && kind == "DaemonSet" {
                format!(
                    "{version} was removed in Kubernetes 1.16. Write `apiVersion: apps/v1`; apps/v1 also needs \
                     `spec.selector`, which must match the labels in `spec.template.metadata.labels`."
                )
            } else {
                format!("{kind} is served as `apiVersion: {right}`.")
            };
            let finding = self.error(Stage::Mapping, version_place, "apiVersion", no_match).mend(mend);
            // A selector that is missing is the next finding, with a mend of its own.
            finding.fix = Some(Fix { span: version_place, replacement: (*right).to_owned() });
            return;
        }
        let names: Vec<&str> = SIMULATED.iter().map(|(name, _)| *name).collect();
        let alike = schema::closest(kind, &names).filter(|_| own && kind.len() > 3 && !OTHERS.contains(&kind));
        if let Some(right) = alike {
            // kubectl knows each kind by its own name and in small letters.
            let same_letters = kind == right.to_ascii_lowercase();
            let message = if same_letters {
                format!(
                    "no kind \"{kind}\" is registered for version \"{version}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
                )
            } else {
                no_match
            };
            document.refusal = Some((if same_letters { Stage::Decoding } else { Stage::Mapping }, message.clone()));
            let finding =
                self.error(Stage::Mapping, kind_place, "kind", message).mend(format!("Did you mean `kind: {right}`?"));
            finding.fix = Some(Fix { span: kind_place, replacement: right.to_owned() });
            return;
        }
        let builtin = ["", "apps", "batch"].contains(&group);
        if builtin && !OTHERS.contains(&kind) {
            document.refusal = Some((Stage::Mapping, no_match.clone()));
            self.error(Stage::Mapping, kind_place, "kind", no_match)
                .mend("Kubernetes has no such kind. For a DaemonSet write `kind: DaemonSet`.");
            return;
        }
        let message = format!("{kind} is not simulated here and is skipped");
        self.add(Severity::Note, Stage::Advice, kind_place, "kind", message);
    }

    fn problem(&mut self, document: &Document, problem: &Problem) {
        let path = problem.path.as_str();
        match &problem.what {
            Wrong::UnknownField { meant, misfit } => {
                let place = document.key_position(path).unwrap_or_default();
                let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
                let sibling = |right: &str| {
                    if parent.is_empty() { right.to_owned() } else { format!("{parent}.{right}") }
                };
                let taken = meant.is_some_and(|right| present(&document.value, &sibling(right)));
                let finding = self.error(Stage::Decoding, place, path, format!("unknown field \"{path}\""));
                match meant {
                    Some(right) if taken => {
                        finding.mend(format!(
                            "There is no field `{name}`, and `{right}` is already here. Remove this line."
                        ));
                    }
                    Some(right) => {
                        finding.mend(format!("Did you mean `{right}`?"));
                        let near = schema::edits(&name.to_ascii_lowercase(), &right.to_ascii_lowercase()) <= 1;
                        let certain = near && !*misfit;
                        finding.fix = certain.then(|| Fix { span: place, replacement: (*right).to_owned() });
                    }
                    None => {
                        finding.mend(elsewhere(name, parent));
                    }
                }
            }
            Wrong::Type { message, expected, .. } => {
                let place = document.position(path).unwrap_or_default();
                let value = lookup(&document.value, path);
                let (mend, replacement) = mend_type(expected, value);
                let finding = self.error(Stage::Decoding, place, path, message.clone());
                finding.mend = mend;
                finding.fix = replacement
                    .filter(|_| place.line == place.end_line && place.end_column > place.column)
                    .map(|replacement| Fix { span: place, replacement });
            }
        }
    }
}

/// The kinds that take part in the simulation, and where the server has them.
const SIMULATED: [(&str, &str); 8] = [
    ("DaemonSet", "apps/v1"),
    ("ControllerRevision", "apps/v1"),
    ("Pod", "v1"),
    ("Node", "v1"),
    ("Namespace", "v1"),
    ("ResourceQuota", "v1"),
    ("LimitRange", "v1"),
    ("PriorityClass", "scheduling.k8s.io/v1"),
];

/// Kinds of the core and of apps and batch that Kubernetes has and this program passes over.
const OTHERS: [&str; 18] = [
    "Binding",
    "ConfigMap",
    "CronJob",
    "Deployment",
    "Endpoints",
    "Event",
    "Job",
    "List",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "PodTemplate",
    "ReplicaSet",
    "ReplicationController",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
    "Template",
];

fn present(root: &Value, path: &str) -> bool {
    lookup(root, path).is_some()
}

/// The value at a path as findings write it.
pub fn lookup<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    let mut at = root;
    let mut rest = path;
    while !rest.is_empty() {
        let after;
        (at, after) = match at {
            Value::List(list) => {
                let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
                (list.get(index.parse::<usize>().ok()?)?, after)
            }
            Value::Map(map) => {
                let (name, after) = match rest.strip_prefix('[') {
                    Some(inner) => inner.split_once(']')?,
                    None => rest.split_at(longest_key(rest, map.keys().map(String::as_str))?.len()),
                };
                (map.get(name)?, after)
            }
            _ => return None,
        };
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    Some(at)
}

/// Where a field belongs that has no place here.
fn elsewhere(name: &str, parent: &str) -> String {
    let advice = match name {
        "strategy" => "A DaemonSet has `updateStrategy`, not `strategy` (that is a Deployment's field).",
        "replicas" => "A DaemonSet has no `replicas`: it runs one pod on each matching node.",
        "volumeClaimTemplates" | "serviceName" | "podManagementPolicy" => {
            "This is a StatefulSet's field; a DaemonSet has none like it."
        }
        "maxUnavailable" | "maxSurge" => "Put it under `spec.updateStrategy.rollingUpdate`.",
        "env" | "image" | "args" | "command" | "ports" | "volumeMounts" | "livenessProbe" | "readinessProbe"
        | "startupProbe" | "imagePullPolicy" | "privileged" => "Put it under the container it is for.",
        "containers" | "tolerations" | "nodeSelector" | "affinity" | "hostNetwork" | "volumes" | "initContainers"
        | "serviceAccountName" | "priorityClassName" | "hostPID" | "dnsPolicy" => {
            "It belongs to the pod: put it under `spec.template.spec`."
        }
        "template" | "selector" | "updateStrategy" => "It belongs under the DaemonSet's `spec`.",
        "labels" | "annotations" => "Put it under `metadata`.",
        _ if name.contains('\u{a0}') => {
            "Invisible no-break spaces stand here, as text copied from a web page has them. Put plain spaces there."
        }
        _ if name.contains(['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}']) => {
            "An invisible character stands in this name, as text copied from a web page has them. Type the name anew."
        }
        _ if parent.ends_with("selector") => "Put the labels under `matchLabels`.",
        _ => "Kubernetes knows no such field here. Remove it, or check its indentation.",
    };
    advice.to_owned()
}

/// What to write where a value has the wrong type, and the text itself where there can be no doubt.
fn mend_type(expected: &Type, value: Option<&Value>) -> (Option<String>, Option<String>) {
    let expected = match expected {
        Type::Pointer(inner) => inner,
        other => other,
    };
    match (expected, value) {
        (Type::Str | Type::Named(_) | Type::Uid, Some(value @ (Value::Int(_) | Value::Float(_) | Value::Bool(_)))) => {
            let written = value.to_json();
            let mend = match value {
                Value::Bool(_) => "This is read as true or false, but must be text. Put it in quotes.".to_owned(),
                _ => format!("This is read as the number {written}, but must be text. Put it in quotes."),
            };
            (Some(mend), Some(format!("\"{written}\"")))
        }
        (Type::Bool, Some(Value::Str(text))) if text == "true" || text == "false" => {
            (Some(format!("Write {text} without quotes.")), Some(text.clone()))
        }
        (Type::Bool, _) => (Some("Write true or false.".to_owned()), None),
        (Type::Int32 | Type::Int64, Some(Value::Str(text))) if text.parse::<i32>().is_ok() => {
            (Some(format!("Write {text} without quotes.")), Some(text.clone()))
        }
        (Type::Int32 | Type::Int64, Some(Value::Int(_))) => (Some("The number is too large.".to_owned()), None),
        (Type::Int32 | Type::Int64, _) => (Some("Write a whole number.".to_owned()), None),
        (Type::IntOrString, _) => (Some("Write a whole number, or a text such as \"10%\".".to_owned()), None),
        (Type::Quantity, _) => {
            let mend = "Write an amount such as 100m, 0.5, 64Mi or 1Gi, without a space before the unit.";
            (Some(mend.to_owned()), None)
        }
        (Type::Time, _) => (Some("Write a time such as \"2026-01-02T03:04:05Z\".".to_owned()), None),
        (Type::List(_), Some(Value::Map(_))) => {
            (Some("This must be a list: begin each of its items with `- `.".to_owned()), None)
        }
        (Type::List(_), _) => (Some("This must be a list: one item a line, each after `- `.".to_owned()), None),
        (Type::StringMap | Type::ResourceList, _) => {
            (Some("Write one `name: value` a line, indented below the field.".to_owned()), None)
        }
        (Type::Struct(line), value) => {
            let names = line.get().names();
            let dash = matches!(value, Some(Value::List(_)));
            let hint = if dash { "Leave out the `- `: this is no list. " } else { "" };
            let some = names.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            (Some(format!("{hint}This must be a map with fields such as {some}.")), None)
        }
        _ => (None, None),
    }
}
