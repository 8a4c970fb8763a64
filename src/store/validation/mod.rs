//! What the server refuses (`ValidateDaemonSet`, `ValidatePod`, `ValidateNode`), in its own words and order.

mod container;
mod env;
pub mod names;
mod pod;
mod volumes;
mod warnings;
mod windows;

use std::collections::BTreeSet;
use std::fmt;

use crate::api::schema::{self, Struct, Type};
use crate::api::value::{Map, Value};
pub use warnings::warnings_daemonset;

/// One invalid field (`field.Error`).
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    pub path: String,
    pub kind: ErrorKind,
    /// The value as the message shows it; empty for the kinds that show none.
    pub bad_value: String,
    pub detail: String,
}

/// What is wrong with a field (`field.ErrorType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    Required,
    Invalid,
    NotSupported,
    Forbidden,
    Duplicate,
    NotFound,
    TooLong,
    TooMany,
}

impl ErrorKind {
    /// The machine-readable reason of the cause in the server's answer.
    pub fn reason(self) -> &'static str {
        match self {
            ErrorKind::Required => "FieldValueRequired",
            ErrorKind::Invalid => "FieldValueInvalid",
            ErrorKind::NotSupported => "FieldValueNotSupported",
            ErrorKind::Forbidden => "FieldValueForbidden",
            ErrorKind::Duplicate => "FieldValueDuplicate",
            ErrorKind::NotFound => "FieldValueNotFound",
            ErrorKind::TooLong => "FieldValueTooLong",
            ErrorKind::TooMany => "FieldValueTooMany",
        }
    }
}

impl FieldError {
    /// The message without the path (`ErrorBody`).
    pub fn body(&self) -> String {
        let head = match self.kind {
            ErrorKind::Required => "Required value".to_owned(),
            ErrorKind::Forbidden => "Forbidden".to_owned(),
            ErrorKind::TooLong => "Too long".to_owned(),
            ErrorKind::TooMany => format!("Too many: {}", self.bad_value),
            ErrorKind::Invalid => format!("Invalid value: {}", self.bad_value),
            ErrorKind::NotSupported => format!("Unsupported value: {}", self.bad_value),
            ErrorKind::Duplicate => format!("Duplicate value: {}", self.bad_value),
            ErrorKind::NotFound => format!("Not found: {}", self.bad_value),
        };
        if self.detail.is_empty() { head } else { format!("{head}: {}", self.detail) }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.body())
    }
}

/// Validates a defaulted DaemonSet; with the stored one it is to replace, also what may not change
/// (`ValidateDaemonSet`, `ValidateDaemonSetUpdate`).
pub fn validate_daemonset(new: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut errors = Errors::default();
    errors.metadata(&new["metadata"], true, "metadata");
    if let Some(old) = old {
        errors.metadata_update(&new["metadata"], &old["metadata"]);
    }
    errors.daemonset_spec(&new["spec"]);
    if let Some(old) = old
        && new["spec"]["selector"] != old["spec"]["selector"]
    {
        let shown = typed_json(&new["spec"]["selector"], "LabelSelector", Names::Json);
        errors.invalid("spec.selector", shown, "field is immutable");
    }
    errors.list
}

/// Validates a defaulted pod (`ValidatePodCreate`).
pub fn validate_pod(pod: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    errors.metadata(&pod["metadata"], true, "metadata");
    let spec = &pod["spec"];
    errors.pod_annotations(&pod["metadata"]["annotations"], spec, "metadata.annotations");
    errors.pod_spec(spec, "spec", false);
    if text(&spec["serviceAccountName"]).is_empty() {
        for (volume, path) in each(&spec["volumes"], "spec.volumes") {
            for (source, path) in each(&volume["projected"]["sources"], &format!("{path}.projected.sources")) {
                if !source["serviceAccountToken"].is_null() {
                    let detail = "must not be specified when serviceAccountName is not set";
                    errors.forbidden(format!("{path}.serviceAccountToken"), detail);
                }
            }
        }
    }
    for kind in ["containers", "initContainers"] {
        for (container, path) in each(&spec[kind], &format!("spec.{kind}")) {
            let image = text(&container["image"]);
            if image.trim() != image {
                let detail = "must not have leading or trailing whitespace";
                errors.invalid(format!("{path}.image"), quote(image), detail);
            }
        }
    }
    if !list(&spec["ephemeralContainers"]).is_empty() {
        errors.forbidden("spec.ephemeralContainers", "cannot be set on create");
    }
    if !text(&spec["nodeName"]).is_empty() && !list(&spec["schedulingGates"]).is_empty() {
        errors.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared");
    }
    errors.list
}

/// Validates a node (`ValidateNode`).
pub fn validate_node(node: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    errors.metadata(&node["metadata"], false, "metadata");
    errors.taints(list(&node["spec"]["taints"]));
    errors.list
}

/// Validates the labels of an object (`ValidateLabels`).
pub fn validate_labels(labels: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    errors.labels(labels, "metadata.labels");
    errors.list
}

static NULL: Value = Value::Null;

/// A field, null if it is missing: validation asks for much that is not there.
impl std::ops::Index<&str> for Value {
    type Output = Value;
    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&NULL)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn int(value: &Value) -> i64 {
    value.as_int().unwrap_or_default()
}

fn truth(value: &Value) -> bool {
    value.as_bool() == Some(true)
}

fn list(value: &Value) -> &[Value] {
    value.as_list().unwrap_or_default()
}

/// The members of a list with the path of each.
fn each<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = (&'a Value, String)> + use<'a> {
    let path = path.to_owned();
    list(value).iter().enumerate().map(move |(index, item)| (item, format!("{path}[{index}]")))
}

/// All containers of a pod with the path of each, as the original walks over them (`VisitContainersWithPath`).
fn each_container<'a>(spec: &'a Value, path: &str) -> impl Iterator<Item = (&'a Value, String)> + use<'a> {
    let path = path.to_owned();
    ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .flat_map(move |list| each(&spec[list], &format!("{path}.{list}")))
}

/// The entries of a map; none if it is something else.
fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_map().into_iter().flatten()
}

/// A string as Go's %q prints it.
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let named = ['"', '\\', '\n', '\r', '\t', '\u{7}', '\u{8}', '\u{b}', '\u{c}'].iter().position(|it| *it == c);
        match (c as u32, named) {
            (_, Some(at)) => out.extend(['\\'].into_iter().chain("\"\\nrtabvf".chars().nth(at))),
            (0..=0x1f | 0x7f, _) => out.push_str(&format!("\\x{:02x}", c as u32)),
            (0x20..=0x7e, _) => out.push(c),
            // Rust's own quotes leave the same characters as they are: those that can be seen.
            (number, _) => match format!("{:?}", ['a', c].iter().collect::<String>()).contains('\\') {
                true if number > 0xffff => out.push_str(&format!("\\U{number:08x}")),
                true => out.push_str(&format!("\\u{number:04x}")),
                false => out.push(c),
            },
        }
    }
    out.push('"');
    out
}

/// Which names [`typed_json`] gives to fields.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    /// Those of the Go struct: the server's internal types have no others. Nothing is left out.
    Go,
    /// The JSON names; empty fields are left out.
    Json,
}

/// A struct as Go prints it in JSON: its fields in the order of declaration.
fn typed_json(value: &Value, name: &str, names: Names) -> String {
    match (schema::by_name(name), value) {
        (Some(of), Value::Map(map)) => struct_json(map, of, names),
        _ => value.to_json(),
    }
}

fn struct_json(map: &Map, of: &Struct, names: Names) -> String {
    let fields = of.fields.iter().filter_map(|field| {
        let value = map.get(field.json.as_ref());
        let shown = match (value, &field.ty) {
            (None | Some(Value::Null), _) if names == Names::Json => return None,
            (None | Some(Value::Null), Type::Str | Type::Named(_)) => "\"\"".to_owned(),
            (None | Some(Value::Null), Type::Bool) => "false".to_owned(),
            (None | Some(Value::Null), Type::Int32 | Type::Int64) => "0".to_owned(),
            (None | Some(Value::Null), _) => "null".to_owned(),
            (Some(value), ty) => type_json(value, ty, names),
        };
        Some(format!("\"{}\":{shown}", if names == Names::Go { field.go } else { &field.json }))
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

fn type_json(value: &Value, ty: &Type, names: Names) -> String {
    match (ty, value) {
        (Type::Pointer(inner), _) => type_json(value, inner, names),
        (Type::List(inner), Value::List(items)) => {
            format!("[{}]", items.iter().map(|item| type_json(item, inner, names)).collect::<Vec<_>>().join(","))
        }
        (Type::Struct(line), Value::Map(map)) => struct_json(map, line.get(), names),
        _ => value.to_json(),
    }
}

/// Errors as they are collected.
#[derive(Default)]
struct Errors {
    list: Vec<FieldError>,
}

impl Errors {
    fn add(&mut self, kind: ErrorKind, path: impl Into<String>, bad_value: String, detail: impl Into<String>) {
        self.list.push(FieldError { path: path.into(), kind, bad_value, detail: detail.into() });
    }

    fn required(&mut self, path: impl Into<String>, detail: &str) {
        self.add(ErrorKind::Required, path, String::new(), detail);
    }

    /// The value is given as the message shows it.
    fn invalid(&mut self, path: impl Into<String>, shown: String, detail: impl Into<String>) {
        self.add(ErrorKind::Invalid, path, shown, detail);
    }

    fn too_many(&mut self, path: impl Into<String>, items: &Value, most: usize) {
        let count = list(items).len();
        if count > most {
            self.add(ErrorKind::TooMany, path, count.to_string(), format!("must have at most {most} items"));
        }
    }

    fn forbidden(&mut self, path: impl Into<String>, detail: &str) {
        self.add(ErrorKind::Forbidden, path, String::new(), detail);
    }

    fn duplicate(&mut self, path: impl Into<String>, value: &str) {
        self.add(ErrorKind::Duplicate, path, quote(value), "");
    }

    fn not_found(&mut self, path: impl Into<String>, value: &str) {
        self.add(ErrorKind::NotFound, path, quote(value), "");
    }

    fn not_supported(&mut self, path: impl Into<String>, shown: String, supported: &[&str]) {
        let supported = supported.iter().map(|value| quote(value)).collect::<Vec<_>>().join(", ");
        self.add(ErrorKind::NotSupported, path, shown, format!("supported values: {supported}"));
    }

    /// One `Invalid` for each complaint.
    fn complaints(&mut self, path: &str, value: &str, complaints: Vec<String>) {
        for complaint in complaints {
            self.invalid(path, quote(value), complaint);
        }
    }

    fn not_negative(&mut self, parent: &Value, field: &str, path: &str) {
        let number = int(&parent[field]);
        if number < 0 {
            self.invalid(format!("{path}.{field}"), number.to_string(), "must be greater than or equal to 0");
        }
    }

    /// A word that must be one of a few, and may not be missing either.
    fn supported(&mut self, word: &str, path: String, supported: &[&str]) {
        if !supported.contains(&word) {
            self.not_supported(path, quote(word), supported);
        }
    }

    /// A field that must hold one of a few words.
    fn one_of(&mut self, value: &Value, path: String, supported: &[&str]) {
        match text(value) {
            "" => self.required(path, ""),
            word if supported.contains(&word) => {}
            word => self.not_supported(path, quote(word), supported),
        }
    }

    /// `ValidateLabels`
    fn labels(&mut self, labels: &Value, path: &str) {
        for (key, value) in entries(labels) {
            self.complaints(path, key, names::qualified_name(key));
            self.complaints(path, text(value), names::label_value(text(value)));
        }
    }

    /// `ValidateAnnotations`
    fn annotations(&mut self, annotations: &Value, path: &str) {
        for (key, _) in entries(annotations) {
            self.complaints(path, key, names::qualified_name(&key.to_ascii_lowercase()));
        }
        let size: usize = entries(annotations).map(|(key, value)| key.len() + text(value).len()).sum();
        if size > 262_144 {
            self.add(ErrorKind::TooLong, path, String::new(), "may not be more than 262144 bytes");
        }
    }

    /// `ValidateObjectMeta`
    fn metadata(&mut self, metadata: &Value, namespaced: bool, path: &str) {
        let (name, prefix) = (text(&metadata["name"]), text(&metadata["generateName"]));
        if !prefix.is_empty() {
            let base = prefix.strip_suffix('-').unwrap_or(prefix);
            self.complaints(&format!("{path}.generateName"), prefix, names::dns_subdomain(base));
        }
        if !name.is_empty() {
            self.complaints(&format!("{path}.name"), name, names::dns_subdomain(name));
        } else if prefix.is_empty() {
            self.required(format!("{path}.name"), "name or generateName is required");
        }
        let namespace = text(&metadata["namespace"]);
        if !namespaced && !namespace.is_empty() {
            self.forbidden(format!("{path}.namespace"), "not allowed on this type");
        } else if !namespace.is_empty() {
            self.complaints(&format!("{path}.namespace"), namespace, names::dns_label(namespace));
        }
        self.labels(&metadata["labels"], &format!("{path}.labels"));
        self.annotations(&metadata["annotations"], &format!("{path}.annotations"));
        self.owners(list(&metadata["ownerReferences"]), &format!("{path}.ownerReferences"));
        self.finalizers(&metadata["finalizers"], &format!("{path}.finalizers"));
    }

    /// `ValidateOwnerReferences`
    fn owners(&mut self, owners: &[Value], path: &str) {
        for owner in owners {
            let version = text(&owner["apiVersion"]);
            if version.is_empty() || version.ends_with('/') {
                self.invalid(format!("{path}.apiVersion"), quote(version), "version must not be empty");
            }
            for field in ["kind", "name", "uid"] {
                if text(&owner[field]).is_empty() {
                    self.invalid(format!("{path}.{field}"), quote(""), "must not be empty");
                }
            }
        }
        let controllers: Vec<&str> =
            owners.iter().filter(|owner| truth(&owner["controller"])).map(|owner| text(&owner["name"])).collect();
        if let [first, second, ..] = controllers.as_slice() {
            let shown: Vec<String> =
                owners.iter().map(|owner| typed_json(owner, "OwnerReference", Names::Json)).collect();
            let detail = format!(
                "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}"
            );
            self.invalid(path, format!("[{}]", shown.join(",")), detail);
        }
    }

    /// `ValidateFinalizers`
    fn finalizers(&mut self, finalizers: &Value, path: &str) {
        for (finalizer, path) in each(finalizers, path) {
            self.complaints(&path, text(finalizer), names::qualified_name(text(finalizer)));
        }
        let has = |name: &str| list(finalizers).iter().any(|finalizer| text(finalizer) == name);
        if has("orphan") && has("foregroundDeletion") {
            let detail = "finalizer orphan and foregroundDeletion cannot be both set";
            self.invalid(path, finalizers.to_json(), detail);
        }
        for (finalizer, path) in each(finalizers, path) {
            let name = text(finalizer);
            if !name.contains('/') && !["kubernetes", "orphan", "foregroundDeletion"].contains(&name) {
                let detail = "name is neither a standard finalizer name nor is it fully qualified";
                self.invalid(path, quote(name), detail);
            }
        }
    }

    /// `ValidateObjectMetaUpdate`
    fn metadata_update(&mut self, new: &Value, old: &Value) {
        let terminating = !old["deletionTimestamp"].is_null();
        let added: Vec<&Value> =
            list(&new["finalizers"]).iter().filter(|finalizer| !list(&old["finalizers"]).contains(finalizer)).collect();
        if terminating && !added.is_empty() {
            let names: Vec<String> = added.iter().map(|finalizer| quote(text(finalizer))).collect();
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                names.join(", ")
            );
            self.forbidden("metadata.finalizers", &detail);
        }
        for field in ["name", "namespace", "uid", "creationTimestamp"] {
            let given = &new[field];
            // What a request leaves out is filled in from the stored object.
            if !given.is_null() && given != &old[field] {
                self.invalid(format!("metadata.{field}"), given.to_json(), "field is immutable");
            }
        }
    }

    /// `ValidateDaemonSetSpec`
    fn daemonset_spec(&mut self, spec: &Value) {
        let selector = &spec["selector"];
        self.label_selector(selector, "spec.selector");
        let template = &spec["template"];
        let labels = &template["metadata"]["labels"];
        if selects(selector, labels) == Some(false) {
            let detail = "`selector` does not match template `labels`";
            self.invalid("spec.template.metadata.labels", labels.to_json(), detail);
        }
        let conditions = entries(&selector["matchLabels"]).count() + list(&selector["matchExpressions"]).len();
        if !selector.is_null() && conditions == 0 {
            self.invalid("spec.selector", "{}".to_owned(), "empty selector is invalid for daemonset");
        }
        self.labels(labels, "spec.template.labels");
        self.annotations(&template["metadata"]["annotations"], "spec.template.annotations");
        let pod = &template["spec"];
        self.pod_annotations(&template["metadata"]["annotations"], pod, "spec.template.annotations");
        self.pod_spec(pod, "spec.template.spec", true);
        if !list(&pod["ephemeralContainers"]).is_empty() {
            let detail = "ephemeral containers not allowed in pod template";
            self.forbidden("spec.template.spec.ephemeralContainers", detail);
        }
        for (volume, path) in each(&pod["volumes"], "spec.template.spec.volumes") {
            let disk = &volume["gcePersistentDisk"];
            if !disk.is_null() && !truth(&disk["readOnly"]) {
                let detail = "must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is \
                              read-only";
                self.invalid(format!("{path}.gcePersistentDisk.readOnly"), "false".to_owned(), detail);
            }
        }
        if text(&pod["restartPolicy"]) != "Always" {
            let shown = quote(text(&pod["restartPolicy"]));
            self.not_supported("spec.template.spec.restartPolicy", shown, &["Always"]);
        }
        if !pod["activeDeadlineSeconds"].is_null() {
            let detail = "activeDeadlineSeconds in DaemonSet is not Supported";
            self.forbidden("spec.template.spec.activeDeadlineSeconds", detail);
        }
        self.not_negative(spec, "minReadySeconds", "spec");
        self.update_strategy(&spec["updateStrategy"]);
        self.not_negative(spec, "revisionHistoryLimit", "spec");
    }

    /// `ValidateDaemonSetUpdateStrategy`
    fn update_strategy(&mut self, strategy: &Value) {
        match text(&strategy["type"]) {
            "OnDelete" => {}
            "RollingUpdate" => self.rolling_update(&strategy["rollingUpdate"]),
            _ => {
                let shown = typed_json(strategy, "DaemonSetUpdateStrategy", Names::Go);
                self.not_supported("spec.updateStrategy", shown, &["RollingUpdate", "OnDelete"]);
            }
        }
    }

    /// `ValidateRollingUpdateDaemonSet`
    fn rolling_update(&mut self, rolling: &Value) {
        let path = |field: &str| format!("spec.updateStrategy.rollingUpdate.{field}");
        for field in ["maxUnavailable", "maxSurge"] {
            match &rolling[field] {
                Value::Int(number) if *number < 0 => {
                    self.invalid(path(field), number.to_string(), "must be greater than or equal to 0");
                }
                Value::Str(text) if names::percent(text).is_none() => {
                    let detail = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or \
                                  '93%', regex used for validation is '[0-9]+%')";
                    self.invalid(path(field), quote(text), detail);
                }
                _ => {}
            }
        }
        for field in ["maxUnavailable", "maxSurge"] {
            if let Some(text) = rolling[field].as_str()
                && names::percent(text).is_some_and(|percent| percent > 100)
            {
                self.invalid(path(field), quote(text), "must not be greater than 100%");
            }
        }
        let amount = |field: &str| match &rolling[field] {
            Value::Str(text) => names::percent(text).or_else(|| text.parse().ok()).unwrap_or(0),
            other => int(other),
        };
        match (amount("maxUnavailable") != 0, amount("maxSurge") != 0) {
            (true, true) => {
                let detail = "may not be set when maxUnavailable is non-zero";
                self.invalid(path("maxSurge"), rolling["maxSurge"].to_json(), detail);
            }
            (false, false) => self.required(path("maxUnavailable"), "cannot be 0 when maxSurge is 0"),
            _ => {}
        }
    }

    /// `ValidateLabelSelector`
    fn label_selector(&mut self, selector: &Value, path: &str) {
        self.labels(&selector["matchLabels"], &format!("{path}.matchLabels"));
        for (requirement, path) in each(&selector["matchExpressions"], &format!("{path}.matchExpressions")) {
            self.operator_and_values(requirement, &path, false);
            let key = text(&requirement["key"]);
            self.complaints(&format!("{path}.key"), key, names::qualified_name(key));
            for (value, path) in each(&requirement["values"], &format!("{path}.values")) {
                self.complaints(&path, text(value), names::label_value(text(value)));
            }
        }
    }

    /// How many values an operator takes; selectors over nodes also compare numbers.
    fn operator_and_values(&mut self, requirement: &Value, path: &str, of_nodes: bool) {
        let count = list(&requirement["values"]).len();
        let values = format!("{path}.values");
        match text(&requirement["operator"]) {
            "In" | "NotIn" if count == 0 => {
                self.required(values, "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if count > 0 => {
                self.forbidden(values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
            }
            "Gt" | "Lt" if of_nodes && count != 1 => {
                self.required(values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            "Gt" | "Lt" if of_nodes => {}
            operator => {
                self.invalid(format!("{path}.operator"), quote(operator), "not a valid selector operator");
            }
        }
    }

    /// `validateNodeTaints`
    fn taints(&mut self, taints: &[Value]) {
        let mut seen = BTreeSet::new();
        for (index, taint) in taints.iter().enumerate() {
            let path = format!("metadata.taints[{index}]");
            let (key, value, effect) = (text(&taint["key"]), text(&taint["value"]), text(&taint["effect"]));
            self.complaints(&format!("{path}.key"), key, names::qualified_name(key));
            let complaints = names::label_value(value);
            if !complaints.is_empty() {
                self.invalid(format!("{path}.value"), quote(value), complaints.join(";"));
            }
            self.one_of(&taint["effect"], format!("{path}.effect"), &TAINT_EFFECTS);
            if !seen.insert((key, effect)) {
                let shown = typed_json(taint, "Taint", Names::Go);
                self.add(ErrorKind::Duplicate, path, shown, "taints must be unique by key and effect pair");
            }
        }
    }
}

const TAINT_EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Whether a label selector matches labels (`LabelSelectorAsSelector`); nothing if it is not well formed. A missing
/// selector matches nothing, an empty one everything.
fn selects(selector: &Value, labels: &Value) -> Option<bool> {
    if selector.is_null() {
        return Some(false);
    }
    let mut matches = true;
    for (key, value) in entries(&selector["matchLabels"]) {
        if !names::qualified_name(key).is_empty() || !names::label_value(text(value)).is_empty() {
            return None;
        }
        matches &= labels[key.as_str()].as_str() == Some(text(value));
    }
    for requirement in list(&selector["matchExpressions"]) {
        let (key, values) = (text(&requirement["key"]), list(&requirement["values"]));
        let label = labels.get(key);
        let listed = label.is_some_and(|label| values.contains(label));
        if !names::qualified_name(key).is_empty() || values.iter().any(|v| !names::label_value(text(v)).is_empty()) {
            return None;
        }
        matches &= match text(&requirement["operator"]) {
            "In" if !values.is_empty() => listed,
            "NotIn" if !values.is_empty() => !listed,
            "Exists" if values.is_empty() => label.is_some(),
            "DoesNotExist" if values.is_empty() => label.is_none(),
            _ => return None,
        };
    }
    Some(matches)
}
