//! Texts and patches to requests: what kubectl's `apply`, `create`, `replace` and `patch` send, and how the API server
//! merges, decodes, defaults and validates it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::patch::{after_merge, json_merge, strategic_merge, three_way};
use crate::api::quota::{LimitRange, ResourceQuota};
use crate::api::schema::{self, Problem, Type, Wrong};
use crate::api::typed::typed;
use crate::api::value::Map;
use crate::api::{
    ControllerRevision, DaemonSet, Kind, Namespace, Node, ObjectKey, ObjectMeta, Pod, PodTemplateSpec, PriorityClass,
    Value,
};
use crate::manifest::{self, Document, Stage};
use crate::store::validation::{self, FieldError};
use crate::store::{Object, Request, World, defaulting, pod_security};

/// Annotation in which `kubectl apply` keeps what was applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is done with the objects of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileVerb {
    Apply,
    Create,
    Replace,
}

/// What becomes of fields that a type does not have (`--validate`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    #[default]
    Strict,
    Warn,
    Ignore,
}

/// How a patch is merged (`--type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    Strategic,
    Merge,
}

impl FileVerb {
    /// kubectl's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            FileVerb::Apply => "apply",
            FileVerb::Create => "create",
            FileVerb::Replace => "replace",
        }
    }
}

impl Validation {
    /// The value of `--validate`.
    pub fn as_str(self) -> &'static str {
        match self {
            Validation::Strict => "strict",
            Validation::Warn => "warn",
            Validation::Ignore => "ignore",
        }
    }
}

impl PatchType {
    /// The value of `--type`.
    pub fn as_str(self) -> &'static str {
        match self {
            PatchType::Strategic => "strategic",
            PatchType::Merge => "merge",
        }
    }
}

typed!(words FileVerb { Apply, Create, Replace });
typed!(words Validation { Strict, Warn, Ignore });
typed!(words PatchType { Strategic, Merge });

/// What a document or a patch comes to.
#[derive(Clone, Debug)]
pub struct Write {
    /// `None` if there is nothing to send.
    pub request: Option<Request>,
    /// The object as it would be stored.
    pub object: Object,
    /// kubectl's word for it: `configured`.
    pub done: &'static str,
    pub warnings: Vec<String>,
}

/// The documents of a text in their order, each with what it comes to or why it is refused, and what is wrong with the
/// text itself.
pub fn documents(text: &str, verb: FileVerb, namespace: Option<&str>) -> (Vec<Document>, Option<String>) {
    let reading = manifest::read(text);
    let syntax = reading.findings.iter().find(|finding| finding.stage == Stage::Syntax);
    let broken = syntax.map_or(usize::MAX, |finding| finding.span.line);
    let error = syntax.map(|finding| match finding.message.as_str() {
        message if message.starts_with("no objects") => format!("error: no objects passed to {}", verb.as_str()),
        message => format!("error: error parsing STDIN: {message}"),
    });
    let mut documents: Vec<Document> =
        reading.documents.into_iter().filter(|document| document.line < broken).collect();
    let mut elsewhere = None;
    if let Some(namespace) = namespace {
        documents.retain_mut(|document| {
            if kind_of(document).is_none_or(|kind| !kind.is_namespaced()) {
                return true;
            }
            if document.namespace.is_empty() {
                namespace.clone_into(&mut document.namespace);
            }
            let fits = document.namespace == namespace;
            if !fits {
                elsewhere.get_or_insert_with(|| wrong_namespace(&document.namespace, namespace));
            }
            fits
        });
    }
    (documents, error.or(elsewhere))
}

/// Models `RequireNamespace`.
fn wrong_namespace(named: &str, asked: &str) -> String {
    format!(
        "error: the namespace from the provided object \"{named}\" does not match the namespace \"{asked}\". You must \
         pass '--namespace={named}' to perform this operation."
    )
}

/// What a document comes to; nothing for a kind that is not simulated.
///
/// # Errors
/// kubectl's words.
pub fn write(
    world: &World,
    document: &Document,
    verb: FileVerb,
    validation: Validation,
    source: &str,
) -> Result<Option<Write>, String> {
    let mut warnings = Vec::new();
    let unknown_fields = |document: &Document| {
        let problems = schema::decode(&document.value, schema::kind(&document.api_version, &document.kind)?);
        problems.iter().all(|problem| matches!(problem.what, Wrong::UnknownField { .. })).then_some(problems)
    };
    let key = key_of(document);
    let kind = kind_of(document);
    let existing = kind.and_then(|kind| world.get(kind, &key));
    let patches = verb == FileVerb::Apply && existing.is_some();
    let generated = document.value.get("metadata").map_or("", |metadata| metadata.text("generateName"));
    // What kubectl applies it first asks the server for, by its name.
    if let (FileVerb::Apply, Some(kind), None | Some((Stage::Decoding, _)), "") =
        (verb, kind, &document.refusal, document.name.as_str())
        && document.simulated()
    {
        return Err(match generated {
            "" => without_name(kind, document, &key.namespace, source),
            _ => format!("error: from {generated}: cannot use generate name with apply"),
        });
    }
    match &document.refusal {
        Some((Stage::Decoding, _)) if patches && document.simulated() => {}
        Some((Stage::Decoding, _)) if validation == Validation::Ignore && unknown_fields(document).is_some() => {}
        Some((Stage::Decoding, _)) if validation == Validation::Warn && unknown_fields(document).is_some() => {
            warnings.extend(unknown_fields(document).into_iter().flatten().map(unknown_field));
        }
        Some(_) => return Err(super::check::refusal(document, source).unwrap_or_default()),
        None if !document.simulated() => return Ok(None),
        None => {}
    }
    let Some(kind) = kind else { return Ok(None) };
    if verb == FileVerb::Apply
        && let Some(existing) = &existing
    {
        return apply_over(existing, document, validation, &key)
            .map(|write| Write { warnings: warnings.into_iter().chain(write.warnings).collect(), ..write })
            .map(|write| Some(warned(world, write)));
    }
    let mut value = document.value.clone();
    set_namespace(&mut value, &key);
    if verb == FileVerb::Apply {
        let applied = last_applied(&value);
        annotate(&mut value, &applied);
    }
    if verb == FileVerb::Replace && existing.is_none() {
        let error = crate::store::ApiError::not_found(kind, &key.name);
        return Err(format!("Error from server (NotFound): error when replacing \"{source}\": {error}"));
    }
    let missing_namespace = kind.is_namespaced() && !world.namespaces.contains_key(&key.namespace);
    if missing_namespace {
        let error = crate::store::ApiError::not_found(Kind::Namespace, &key.namespace);
        let told = if source.is_empty() { String::new() } else { format!("error when creating \"{source}\": ") };
        return Err(format!("Error from server (NotFound): {told}{error}"));
    }
    let old = existing.as_ref().filter(|_| verb == FileVerb::Replace);
    // What the server remarks of fields it says even where it refuses the rest.
    let (object, more) = served(kind, value, old).map_err(|refusal| {
        warnings.iter().map(|warning| format!("{warning}\n")).chain([refusal]).collect::<String>()
    })?;
    warnings.extend(more);
    let (request, done) = match verb {
        FileVerb::Replace => (Request::Update(object.clone()), "replaced"),
        _ => (Request::Create(object.clone()), "created"),
    };
    Ok(Some(warned(world, Write { request: Some(request), object, done, warnings })))
}

/// kubectl's words about what it cannot ask the server for.
fn without_name(kind: Kind, document: &Document, namespace: &str, source: &str) -> String {
    let version = match document.api_version.as_str() {
        version if version.contains('/') => version.to_owned(),
        core => format!("/{core}"),
    };
    let plural = kind.resource().split('.').next().unwrap_or_default();
    format!(
        "error: error when retrieving current configuration of:\nResource: \"{version}, Resource={plural}\", \
         GroupVersionKind: \"{version}, Kind={kind}\"\nName: \"\", Namespace: \"{namespace}\"\nfrom server for: \
         \"{source}\": resource name may not be empty"
    )
}

/// Applies a document over the object that is there, as the client side's three-way merge does.
fn apply_over(
    existing: &Object,
    document: &Document,
    validation: Validation,
    key: &ObjectKey,
) -> Result<Write, String> {
    let kind = existing.kind();
    let mut warnings = Vec::new();
    let mut modified = document.value.clone();
    set_namespace(&mut modified, key);
    let applied = last_applied(&modified);
    annotate(&mut modified, &applied);
    let meta = existing.meta();
    let before = meta.annotations.get(LAST_APPLIED);
    let plural = kind.resource().split('.').next().unwrap_or_default();
    if before.is_none() {
        warnings.push(format!(
            "Warning: resource {plural}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. \
             kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or \
             kubectl apply. The missing annotation will be patched automatically.",
            meta.name
        ));
    }
    let original = before.and_then(|text| manifest::read_value(text)).unwrap_or(Value::Map(Map::new()));
    let patch = three_way(&original, &modified, &existing.to_value());
    if patch.as_map().is_none_or(Map::is_empty) {
        return Ok(Write { request: None, object: existing.clone(), done: "unchanged", warnings });
    }
    if meta.is_terminating() {
        warnings.push(format!("Warning: Detected changes to resource {} which is currently being deleted.", meta.name));
    }
    let write = patched(existing, &patch, PatchType::Strategic, validation)?;
    warnings.extend(write.warnings);
    Ok(Write { done: "configured", warnings, ..write })
}

/// With the warning of the admission plugin PodSecurity, if the namespace has any.
fn warned(world: &World, mut write: Write) -> Write {
    let spec = match &write.object {
        Object::DaemonSet(set) => &set.spec.template.spec,
        Object::Pod(pod) => &pod.spec.template,
        _ => return write,
    };
    let is_pod = write.object.kind() == Kind::Pod;
    let namespace = world.namespaces.get(&write.object.meta().namespace).filter(|_| write.request.is_some());
    if let Some(text) = namespace.and_then(|it| pod_security::warning(&it.meta.labels, &spec.value, is_pod)) {
        write.warnings.push(format!("Warning: {text}"));
    }
    write
}

/// What a patch makes of an object (`applyPatchToObject`).
///
/// # Errors
/// kubectl's words about the server's refusal.
pub fn patched(existing: &Object, patch: &Value, how: PatchType, validation: Validation) -> Result<Write, String> {
    let kind = existing.kind();
    let current = existing.to_value();
    let merged = match how {
        PatchType::Strategic => strategic_merge(&current, patch),
        PatchType::Merge => json_merge(&current, patch),
    };
    let mut warnings = Vec::new();
    let root = schema::kind(kind.api_version(), kind.as_str());
    let problems = root.map(|root| schema::decode(&merged, root)).unwrap_or_default();
    let wrong = problems.iter().find_map(|problem| conversion_error(&merged, problem));
    let unknown = problems.iter().filter(|problem| matches!(problem.what, Wrong::UnknownField { .. }));
    let unknown: Vec<Problem> = unknown.cloned().collect();
    let error = match wrong {
        Some(wrong) => Some(wrong),
        None if validation == Validation::Strict => schema::decoding_error(&unknown),
        None => None,
    };
    if let Some(error) = error {
        let shown = go_text(&after_merge(patch));
        return Err(format!("The request is invalid: patch: Invalid value: {shown:?}: {error}"));
    }
    if validation == Validation::Warn {
        warnings.extend(unknown.into_iter().map(unknown_field));
    }
    let (object, more) = served(kind, merged, Some(existing))?;
    warnings.extend(more);
    Ok(Write { request: Some(Request::Update(object.clone())), object, done: "patched", warnings })
}

fn unknown_field(problem: Problem) -> String {
    format!("Warning: unknown field \"{}\"", problem.path)
}

/// The object of a decoded value as the server would store it: defaulted and validated.
fn served(kind: Kind, mut value: Value, old: Option<&Object>) -> Result<(Object, Vec<String>), String> {
    let mut warnings = Vec::new();
    let old_value = old.map(Object::to_value);
    let errors = match kind {
        Kind::DaemonSet => {
            defaulting::default_daemonset(&mut value);
            warnings = validation::warnings_daemonset(&value).into_iter().map(|(_, message)| message).collect();
            validation::validate_daemonset(&value, old_value.as_ref())
        }
        Kind::Pod if old.is_none() => {
            defaulting::default_pod(&mut value);
            validation::validate_pod(&value)
        }
        Kind::Node => {
            defaulting::default_other(&mut value, "Node");
            validation::validate_node(&value)
        }
        _ => {
            if schema::by_name(kind.as_str()).is_some() {
                defaulting::default_other(&mut value, kind.as_str());
            }
            Vec::new()
        }
    };
    // Warnings are about what changes.
    if old_value.is_some_and(|old| old.get("spec") == value.get("spec")) {
        warnings.clear();
    }
    let name = value.at(&["metadata", "name"]).and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(refusal) = invalid(kind.as_str(), &name, &errors) {
        return Err(refusal);
    }
    let object = to_object(kind, &value, old).map_err(|field| format!("The {kind} {name:?} is invalid: {field}"))?;
    Ok((object, warnings.into_iter().map(|message| format!("Warning: {message}")).collect()))
}

/// What kubectl prints of the server's validation.
pub(super) fn invalid(kind: &str, name: &str, errors: &[FieldError]) -> Option<String> {
    // kubectl says the same only once.
    let mut seen = BTreeSet::new();
    let told = errors.iter().map(ToString::to_string).filter(|error| seen.insert(error.clone()));
    let told: Vec<String> = told.collect();
    let name = validation::quote(name);
    match told.as_slice() {
        [] => None,
        [error] => Some(format!("The {kind} {name} is invalid: {error}")),
        _ => Some(format!("The {kind} {name} is invalid: \n* {}", told.join("\n* "))),
    }
}

/// The typed object; an update keeps what the value cannot say.
fn to_object(kind: Kind, value: &Value, old: Option<&Object>) -> Result<Object, String> {
    let mut meta = ObjectMeta::from_value(value);
    if !kind.is_namespaced() {
        meta.namespace = "".into();
    }
    Ok(match (kind, old) {
        (Kind::DaemonSet, _) => Object::DaemonSet(Arc::new(DaemonSet { meta, ..DaemonSet::from_value(value) })),
        (Kind::Pod, None) => Object::Pod(Arc::new(Pod { meta, ..Pod::from_value(value) })),
        (Kind::Pod, Some(Object::Pod(old))) => Object::Pod(Arc::new(changed_pod(old, meta, value)?)),
        (Kind::Node, None) => Object::Node(Arc::new(Node::from_value(value))),
        (Kind::Node, Some(Object::Node(old))) => {
            // The status, and the addresses, are not for a manifest to change.
            let new = Node::from_value(value);
            Object::Node(Arc::new(Node {
                meta,
                taints: new.taints,
                unschedulable: new.unschedulable,
                ..(**old).clone()
            }))
        }
        (Kind::PriorityClass, old) => {
            let new = PriorityClass { meta, ..PriorityClass::from_value(value) };
            if let Some(Object::PriorityClass(old)) = old
                && old.value != new.value
            {
                return Err("value: Forbidden: may not be changed in an update.".to_owned());
            }
            Object::PriorityClass(Arc::new(new))
        }
        (Kind::LimitRange, _) => Object::LimitRange(Arc::new(LimitRange { meta, ..LimitRange::from_value(value) })),
        (Kind::ResourceQuota, _) => {
            Object::ResourceQuota(Arc::new(ResourceQuota { meta, ..ResourceQuota::from_value(value) }))
        }
        (Kind::ControllerRevision, old) => {
            let data = value.get("data").cloned().unwrap_or_default();
            if let Some(Object::ControllerRevision(old)) = old
                && *old.data != data
            {
                return Err("data: Invalid value: field is immutable".to_owned());
            }
            let revision = value.get("revision").and_then(Value::as_int).unwrap_or(0);
            let json = data.to_json().into();
            Object::ControllerRevision(Arc::new(ControllerRevision { meta, revision, data: Arc::new(data), json }))
        }
        (Kind::Namespace, _) => Object::Namespace(Arc::new(Namespace { meta })),
        (_, Some(old)) => {
            let mut new = old.clone();
            *new.meta_mut() = ObjectMeta { labels: meta.labels, annotations: meta.annotations, ..old.meta().clone() };
            new
        }
        (_, None) => return Err(format!("{kind} objects are made by the cluster itself here")),
    })
}

/// A pod's metadata may change, and the images of its containers; the rest of its spec not (`ValidatePodUpdate`).
fn changed_pod(old: &Pod, meta: ObjectMeta, value: &Value) -> Result<Pod, String> {
    let mut new = Pod { meta, ..old.clone() };
    let wanted = value.get("spec").cloned().unwrap_or_default();
    let without_images = |spec: &Value| {
        let mut spec = spec.clone();
        for list in ["containers", "initContainers"] {
            if let Some(Value::List(containers)) = spec.make_map().get_mut(list) {
                for container in containers {
                    container.make_map().remove("image");
                }
            }
        }
        spec
    };
    let was = old.spec.to_value();
    if wanted == was {
        return Ok(new);
    }
    if without_images(&wanted) != without_images(&was) {
        return Err("spec: Forbidden: pod updates may not change fields other than \
                    `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
                    `spec.tolerations` (only additions to existing tolerations),\
                    `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
            .to_owned());
    }
    let mut spec = (*old.spec.template.value).clone();
    for list in ["containers", "initContainers"] {
        if let Some(containers) = wanted.get(list) {
            spec.make_map().insert(list.to_owned(), containers.clone());
        }
    }
    new.spec.template = Arc::new(PodTemplateSpec::from_value(&spec));
    Ok(new)
}

/// The kind of a document, if objects of it are kept.
pub fn kind_of(document: &Document) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == document.kind && document.simulated())
}

/// Where a document's object is found; the default namespace where it names none.
pub fn key_of(document: &Document) -> ObjectKey {
    let namespace = match kind_of(document) {
        Some(kind) if !kind.is_namespaced() => "",
        _ if document.namespace.is_empty() => "default",
        _ => &document.namespace,
    };
    ObjectKey::new(namespace, document.name.as_str())
}

fn set_namespace(value: &mut Value, key: &ObjectKey) {
    if !key.namespace.is_empty() {
        value.entry("metadata").make_map().insert("namespace".to_owned(), (&*key.namespace).into());
    }
}

/// The manifest as kubectl keeps it in the annotation (`GetModifiedConfiguration`).
fn last_applied(value: &Value) -> String {
    let mut value = value.clone();
    if let Some(annotations) = value.entry("metadata").make_map().get_mut("annotations")
        && annotations.is_null()
    {
        *annotations = Value::Map(Map::new());
    }
    value.entry("metadata").entry("annotations").make_map().remove(LAST_APPLIED);
    format!("{}\n", value.to_json())
}

fn annotate(value: &mut Value, applied: &str) {
    value.entry("metadata").entry("annotations").make_map().insert(LAST_APPLIED.to_owned(), applied.into());
}

/// What the converter of maps to structs says of a value of a wrong type (`fromUnstructured`).
fn conversion_error(root: &Value, problem: &Problem) -> Option<String> {
    let Wrong::Type { message, ends, expected } = &problem.what else { return None };
    let value = manifest::lookup(root, &problem.path);
    let word = match value {
        Some(Value::Bool(_)) => "bool",
        Some(Value::Int(_)) => "int64",
        Some(Value::Float(_)) => "float64",
        Some(Value::List(_)) => "slice",
        Some(Value::Map(_)) => "map",
        _ => "string",
    };
    let mut expected = expected;
    while let Type::Pointer(inner) = expected {
        expected = inner;
    }
    Some(match expected {
        _ if *ends => message.clone(),
        Type::Str | Type::Named(_) | Type::Uid if word == "int64" => {
            format!("cannot convert int64 to {}", expected.go())
        }
        Type::Str | Type::Named(_) | Type::Uid => "unrecognized type: string".to_owned(),
        Type::Bool => "unrecognized type: bool".to_owned(),
        Type::Int32 => "unrecognized type: int32".to_owned(),
        Type::Int64 => "unrecognized type: int64".to_owned(),
        Type::StringMap | Type::ResourceList => format!("cannot restore map from {word}"),
        Type::List(_) => format!("cannot restore slice from {word}"),
        Type::Struct(_) => format!("cannot restore struct from: {word}"),
        _ => message.clone(),
    })
}

/// A value as Go's `%+v` prints a map.
fn go_text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.clone(),
        Value::Null => "<nil>".to_owned(),
        Value::List(list) => format!("[{}]", list.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Value::Map(map) => {
            let fields: Vec<String> = map.iter().map(|(key, value)| format!("{key}:{}", go_text(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
        other => other.to_json(),
    }
}
