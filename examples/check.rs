//! `kubectl create --dry-run=server --validate=strict -f -` as this program sees it: reads a manifest from standard input
//! and prints, as JSON, whether it is accepted, what kubectl would say, and the first object as the server would keep it.

use std::io::Read;

use everynode::api::daemonset::{DaemonSet, TEMPLATE_GENERATION_ANNOTATION};
use everynode::api::value::{Map, Value};
use everynode::engine::{Check, CheckedDocument, check};
use everynode::manifest::{Finding, Stage};
use everynode::store::defaulting::default_daemonset;
use everynode::store::validation::{FieldError, validate_daemonset};

#[allow(dead_code, reason = "tests/conformance.rs takes this file as a module")]
fn main() {
    let mut bytes = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut bytes) {
        eprintln!("{error}");
        std::process::exit(1);
    }
    let check = check(&String::from_utf8_lossy(&bytes));
    println!("{}", answer(&check).to_json());
}

pub fn answer(check: &Check) -> Value {
    let mut stderr = String::new();
    let mut accepted = true;
    let syntax = check.findings.iter().find(|finding| finding.stage == Stage::Syntax);
    let broken = syntax.map_or(usize::MAX, |finding| finding.span.line);
    for document in check.documents.iter().filter(|document| document.document.line < broken) {
        for warning in &document.warnings {
            stderr.push_str(&format!("Warning: {warning}\n"));
        }
        if let Some(text) = refusal(document) {
            stderr.push_str(&text);
            accepted = false;
        }
    }
    if let Some(finding) = syntax {
        stderr.push_str(&syntax_error(finding));
        accepted = false;
    }
    let first = check.documents.first();
    let errors = first.map_or_else(nothing, |first| first.errors.clone());
    let causes = errors.iter().map(cause).collect();
    let mut answer = Map::new();
    answer.insert("accepted".into(), accepted.into());
    answer.insert("stderr".into(), stderr.into());
    answer.insert("causes".into(), Value::List(causes));
    if let Some(first) = first {
        answer.insert("warnings".into(), first.warnings.clone().into());
        answer.insert("object".into(), as_created(first));
        answer.insert("hash".into(), first.hash.clone().map_or(Value::Null, Value::from));
    }
    Value::Map(answer)
}

/// What the server says to a document without content.
fn nothing() -> Vec<FieldError> {
    let mut empty = Value::Map(Map::new());
    default_daemonset(&mut empty);
    validate_daemonset(&empty, None)
}

fn syntax_error(finding: &Finding) -> String {
    match finding.message.as_str() {
        message if message.starts_with("no objects") => format!("error: {message}\n"),
        message => format!("error: error parsing STDIN: {message}\n"),
    }
}

fn cause(error: &FieldError) -> Value {
    [("reason", error.kind.reason().into()), ("message", error.body().into()), ("field", error.path.as_str().into())]
        .into()
}

/// What kubectl prints if it or the server refuses the document.
fn refusal(checked: &CheckedDocument) -> Option<String> {
    let namespace = checked.document.namespace.as_str();
    let known = ["", "default", "kube-system", "kube-public", "kube-node-lease"].contains(&namespace);
    // The server looks for the namespace after decoding and before validation.
    if !known && checked.document.refusal.is_none() {
        return Some(format!(
            "Error from server (NotFound): error when creating \"STDIN\": namespaces \"{namespace}\" not found\n"
        ));
    }
    checked.refusal("STDIN")
}

/// The object as the server answers a dry run (`PrepareForCreate`): with what it sets itself, without what it ignores.
fn as_created(checked: &CheckedDocument) -> Value {
    let mut object = checked.object.clone();
    if checked.document.kind != "DaemonSet" {
        return object;
    }
    let first_generation = DaemonSet::from_value(&object).first_generation();
    let metadata = object.entry("metadata");
    for ignored in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink"]
        .into_iter()
        .chain(["deletionTimestamp", "deletionGracePeriodSeconds"])
    {
        metadata.make_map().remove(ignored);
    }
    *metadata.entry("generation") = Value::Int(1);
    if checked.document.namespace.is_empty() {
        *metadata.entry("namespace") = "default".into();
    }
    let annotations = metadata.entry("annotations").make_map();
    annotations.insert(TEMPLATE_GENERATION_ANNOTATION.into(), first_generation.to_string().into());
    let zeros = ["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"];
    let status: Map = zeros.into_iter().map(|name| (name.to_owned(), Value::Int(0))).collect();
    *object.entry("status") = Value::Map(status);
    object
}
