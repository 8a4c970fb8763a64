//! The manifest as the server would see it: read, defaulted and validated, every finding at its line.

use crate::api::hash::compute_hash;
use crate::api::value::Value;
use crate::manifest::{self, Document, Finding, Severity, Stage};
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
    /// With the server's defaults; as written if the document was refused before.
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

/// Reads a manifest, fills in the defaults and validates it. Called whenever the reader pauses typing.
pub fn check(text: &str) -> Check {
    let reading = manifest::read(text);
    let mut check = Check { documents: Vec::new(), findings: reading.findings };
    for document in reading.documents {
        let checked = check_document(document, &mut check.findings);
        check.documents.push(checked);
    }
    check.findings.sort_by_key(|finding| (finding.span.line, finding.span.column));
    check
}

fn check_document(document: Document, findings: &mut Vec<Finding>) -> CheckedDocument {
    let mut object = document.value.clone();
    let (mut hash, mut errors, mut warnings) = (None, Vec::new(), Vec::new());
    if !document.refused && document.simulated() {
        match document.kind.as_str() {
            "DaemonSet" => {
                defaulting::default_daemonset(&mut object);
                errors = validation::validate_daemonset(&object, None);
                warnings = validation::warnings_daemonset(&object);
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
    findings.extend(errors.iter().map(|error| field_finding(&document, error)));
    for (path, message) in &warnings {
        findings.push(Finding {
            severity: Severity::Warning,
            stage: Stage::Advice,
            span: document.position(path).unwrap_or_default(),
            path: path.clone(),
            message: message.clone(),
            mend: None,
            fix: None,
        });
    }
    let warnings = warnings.into_iter().map(|(_, message)| message).collect();
    CheckedDocument { document, object, hash, errors, warnings }
}

/// Places a validation error at its field, with a mend.
fn field_finding(document: &Document, error: &FieldError) -> Finding {
    Finding {
        severity: Severity::Error,
        stage: Stage::Validation,
        span: document.position(&error.path).unwrap_or_default(),
        path: error.path.clone(),
        message: error.to_string(),
        mend: mend(error),
        fix: None,
    }
}

/// What to write instead, in plain words.
fn mend(error: &FieldError) -> Option<String> {
    match error.kind {
        ErrorKind::Required => Some("This field must be given.".to_owned()),
        _ => None,
    }
}
