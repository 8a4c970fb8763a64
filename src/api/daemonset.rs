//! DaemonSets and their revisions.

use std::sync::Arc;

use super::meta::{Name, ObjectMeta};
use super::pod::PodTemplate;
use super::selector::LabelSelector;
use super::value::{Map, Value};

/// Annotation that carries the template generation (the internal field `templateGeneration`).
pub const TEMPLATE_GENERATION_ANNOTATION: &str = "deprecated.daemonset.template.generation";

#[derive(Clone, Debug, PartialEq)]
pub struct DaemonSet {
    pub meta: ObjectMeta,
    pub spec: Arc<DaemonSetSpec>,
    pub status: DaemonSetStatus,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DaemonSetSpec {
    pub selector: LabelSelector,
    pub template: PodTemplate,
    pub update_strategy: UpdateStrategy,
    pub min_ready_seconds: i64,
    pub revision_history_limit: i64,
    /// The whole spec as stored, defaulted.
    pub value: Arc<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateStrategy {
    OnDelete,
    RollingUpdate { max_unavailable: IntOrPercent, max_surge: IntOrPercent },
}

/// `intstr.IntOrString`, as far as validation lets it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntOrPercent {
    Int(i64),
    Percent(i64),
}

impl IntOrPercent {
    fn from_value(value: Option<&Value>) -> Option<Self> {
        match value? {
            Value::Int(number) => Some(IntOrPercent::Int(*number)),
            Value::Str(text) => text.strip_suffix('%')?.parse().ok().map(IntOrPercent::Percent),
            _ => None,
        }
    }

    /// A share of `total`, percentages rounded up (`GetScaledValueFromIntOrPercent` with roundUp).
    pub fn scaled(self, total: i64) -> i64 {
        match self {
            IntOrPercent::Int(number) => number,
            IntOrPercent::Percent(percent) => (percent.saturating_mul(total) + 99).div_euclid(100),
        }
    }
}

impl std::fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            IntOrPercent::Int(number) => write!(f, "{number}"),
            IntOrPercent::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl UpdateStrategy {
    /// Models `AllowsSurge`: whether any surge is possible at all.
    pub fn allows_surge(self) -> bool {
        matches!(self, UpdateStrategy::RollingUpdate { max_surge, .. } if max_surge.scaled(1) > 0)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaemonSetStatus {
    pub desired_number_scheduled: i64,
    pub current_number_scheduled: i64,
    pub number_misscheduled: i64,
    pub number_ready: i64,
    pub updated_number_scheduled: i64,
    pub number_available: i64,
    pub number_unavailable: i64,
    pub observed_generation: i64,
    /// Unset until the first name collision of a revision; unset and 0 hash differently.
    pub collision_count: Option<i32>,
}

impl DaemonSetSpec {
    /// Reads a spec that has passed defaulting and validation.
    pub fn from_value(value: &Value) -> Self {
        let rolling = |key: &str| IntOrPercent::from_value(value.at(&["updateStrategy", "rollingUpdate", key]));
        let update_strategy = match value.at(&["updateStrategy", "type"]).and_then(Value::as_str) {
            Some("OnDelete") => UpdateStrategy::OnDelete,
            _ => UpdateStrategy::RollingUpdate {
                max_unavailable: rolling("maxUnavailable").unwrap_or(IntOrPercent::Int(1)),
                max_surge: rolling("maxSurge").unwrap_or(IntOrPercent::Int(0)),
            },
        };
        DaemonSetSpec {
            selector: value.get("selector").map(LabelSelector::from_value).unwrap_or_default(),
            template: PodTemplate::from_value(value.get("template").unwrap_or(&Value::Null)),
            update_strategy,
            min_ready_seconds: value.int("minReadySeconds").unwrap_or(0),
            revision_history_limit: value.int("revisionHistoryLimit").unwrap_or(10),
            value: Arc::new(value.clone()),
        }
    }
}

/// What the server's conversion to its own type says of a template generation that is no number
/// (`Convert_v1_DaemonSet_To_apps_DaemonSet`).
pub fn refused_generation(text: &str) -> Option<String> {
    text.parse::<i64>().err()?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let what = if number { "value out of range" } else { "invalid syntax" };
    Some(format!("strconv.ParseInt: parsing {text:?}: {what}"))
}

impl DaemonSet {
    /// From a manifest that has passed defaulting and validation.
    pub fn from_value(value: &Value) -> Self {
        DaemonSet {
            meta: ObjectMeta::from_value(value),
            spec: Arc::new(DaemonSetSpec::from_value(value.get("spec").unwrap_or(&Value::Null))),
            status: DaemonSetStatus::default(),
        }
    }

    /// The template generation as the controller reads it: `None` if the annotation is no number.
    pub fn template_generation(&self) -> Option<i64> {
        self.meta.annotations.get(TEMPLATE_GENERATION_ANNOTATION)?.parse().ok()
    }

    /// The template generation that a new DaemonSet begins with: its maker's if that is at least 1 (`PrepareForCreate`).
    pub fn first_generation(&self) -> i64 {
        self.template_generation().unwrap_or(1).max(1)
    }

    pub fn to_value(&self) -> Value {
        [
            ("apiVersion", Value::from("apps/v1")),
            ("kind", "DaemonSet".into()),
            ("metadata", self.meta.to_value()),
            ("spec", (*self.spec.value).clone()),
            ("status", self.status.to_value()),
        ]
        .into()
    }
}

impl DaemonSetStatus {
    /// Zero counts that Go omits (`omitempty`) are left out here too.
    pub fn to_value(&self) -> Value {
        let mut map = Map::from([
            ("currentNumberScheduled".to_owned(), Value::Int(self.current_number_scheduled)),
            ("desiredNumberScheduled".to_owned(), Value::Int(self.desired_number_scheduled)),
            ("numberMisscheduled".to_owned(), Value::Int(self.number_misscheduled)),
            ("numberReady".to_owned(), Value::Int(self.number_ready)),
        ]);
        for (key, number) in [
            ("updatedNumberScheduled", self.updated_number_scheduled),
            ("numberAvailable", self.number_available),
            ("numberUnavailable", self.number_unavailable),
            ("observedGeneration", self.observed_generation),
        ] {
            if number != 0 {
                map.insert(key.to_owned(), number.into());
            }
        }
        if let Some(count) = self.collision_count {
            map.insert("collisionCount".to_owned(), i64::from(count).into());
        }
        Value::Map(map)
    }
}

/// A snapshot of a template: what a rollback goes back to.
#[derive(Clone, Debug, PartialEq)]
pub struct ControllerRevision {
    pub meta: ObjectMeta,
    pub revision: i64,
    /// The patch `{"spec":{"template":{"$patch":"replace",...}}}`.
    pub data: Arc<Value>,
    /// The same as JSON: revisions are compared byte for byte.
    pub json: Name,
}

impl ControllerRevision {
    pub fn hash(&self) -> Option<&str> {
        self.meta.label(super::pod::HASH_LABEL)
    }

    pub fn to_value(&self) -> Value {
        [
            ("apiVersion", Value::from("apps/v1")),
            ("data", (*self.data).clone()),
            ("kind", "ControllerRevision".into()),
            ("metadata", self.meta.to_value()),
            ("revision", self.revision.into()),
        ]
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_round_up() {
        for (percent, total, expected) in
            [(30, 5, 2), (50, 5, 3), (10, 5, 1), (50, 2, 1), (50, 3, 2), (100, 7, 7), (0, 7, 0)]
        {
            assert_eq!(IntOrPercent::Percent(percent).scaled(total), expected, "{percent}% of {total}");
        }
    }
}
