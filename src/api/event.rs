//! Events: what controllers tell about objects.

use super::meta::{Kind, Name, ObjectMeta, Uid};
use super::time::SimTime;
use super::value::Value;

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub meta: ObjectMeta,
    pub involved: Involved,
    /// `Normal` or `Warning`.
    pub kind: &'static str,
    pub reason: &'static str,
    pub message: Name,
    /// How often it happened.
    pub count: u32,
    pub first_at: SimTime,
    pub last_at: SimTime,
    /// Who tells: `daemonset-controller`.
    pub component: &'static str,
}

/// The object that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Involved {
    pub kind: Kind,
    pub namespace: Name,
    pub name: Name,
    pub uid: Uid,
}

impl Involved {
    pub fn new(kind: Kind, meta: &ObjectMeta) -> Self {
        Involved { kind, namespace: meta.namespace.clone(), name: meta.name.clone(), uid: meta.uid }
    }
}

impl Event {
    pub fn to_value(&self) -> Value {
        let mut involved = Value::from([
            ("apiVersion", Value::from(self.involved.kind.api_version())),
            ("kind", self.involved.kind.as_str().into()),
            ("name", (&*self.involved.name).into()),
            ("uid", self.involved.uid.to_string().into()),
        ]);
        if !self.involved.namespace.is_empty() {
            involved.make_map().insert("namespace".to_owned(), (&*self.involved.namespace).into());
        }
        [
            ("apiVersion", Value::from("v1")),
            ("count", i64::from(self.count).into()),
            ("firstTimestamp", self.first_at.to_rfc3339().into()),
            ("involvedObject", involved),
            ("kind", "Event".into()),
            ("lastTimestamp", self.last_at.to_rfc3339().into()),
            ("message", (&*self.message).into()),
            ("metadata", self.meta.to_value()),
            ("reason", self.reason.into()),
            ("reportingComponent", self.component.into()),
            ("source", [("component", self.component.into())].into()),
            ("type", self.kind.into()),
        ]
        .into()
    }
}
