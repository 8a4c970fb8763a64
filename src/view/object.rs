//! What a reader can point at.

use std::rc::Rc;

/// A thing on the page that can be selected, and shown in the inspector.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectRef {
    Node(Rc<str>),
    Pod { namespace: Rc<str>, name: Rc<str> },
    DaemonSet { namespace: Rc<str>, name: Rc<str> },
    Revision { namespace: Rc<str>, name: Rc<str> },
}

impl ObjectRef {
    pub fn name(&self) -> &Rc<str> {
        match self {
            ObjectRef::Node(name) => name,
            ObjectRef::Pod { name, .. } | ObjectRef::DaemonSet { name, .. } | ObjectRef::Revision { name, .. } => name,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            ObjectRef::Node(_) => "Node",
            ObjectRef::Pod { .. } => "Pod",
            ObjectRef::DaemonSet { .. } => "DaemonSet",
            ObjectRef::Revision { .. } => "ControllerRevision",
        }
    }

    /// As one word, for saving; [`ObjectRef::parse`] reads it back.
    pub fn to_text(&self) -> String {
        match self {
            ObjectRef::Node(name) => ["Node//", name].concat(),
            ObjectRef::Pod { namespace, name }
            | ObjectRef::DaemonSet { namespace, name }
            | ObjectRef::Revision { namespace, name } => [self.kind(), "/", namespace, "/", name].concat(),
        }
    }

    pub fn parse(text: &str) -> Option<ObjectRef> {
        let mut parts = text.splitn(3, '/');
        let (kind, namespace, name) = (parts.next()?, parts.next()?, parts.next()?);
        ObjectRef::from_parts(kind, namespace, name)
    }

    /// The object of a kind and a name, for the kinds that the page shows.
    pub fn from_parts(kind: &str, namespace: &str, name: &str) -> Option<ObjectRef> {
        let (namespace, name): (Rc<str>, Rc<str>) = (namespace.into(), name.into());
        Some(match kind {
            "Node" => ObjectRef::Node(name),
            "Pod" => ObjectRef::Pod { namespace, name },
            "DaemonSet" => ObjectRef::DaemonSet { namespace, name },
            "ControllerRevision" => ObjectRef::Revision { namespace, name },
            _ => return None,
        })
    }
}
