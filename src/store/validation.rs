//! What the server refuses (`ValidateDaemonSet`, `ValidatePod`, `ValidateNode`), in its own words.

use std::fmt;

use crate::api::value::Value;

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

/// Validates a defaulted DaemonSet; with the stored one it is to replace, also what may not change.
pub fn validate_daemonset(_new: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    Vec::new()
}

/// Validates a defaulted pod.
pub fn validate_pod(_pod: &Value) -> Vec<FieldError> {
    Vec::new()
}

/// Validates a node.
pub fn validate_node(_node: &Value) -> Vec<FieldError> {
    Vec::new()
}

/// What the server accepts with a warning (`GetWarningsForPodTemplate`), without the path's meaning being changed.
pub fn warnings_daemonset(_daemonset: &Value) -> Vec<(String, String)> {
    Vec::new()
}
