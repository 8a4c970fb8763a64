//! Kubernetes objects as plain data, and the matching rules that belong to them. Uses no other room.

pub mod daemonset;
pub mod event;
pub mod float;
pub mod hash;
pub mod meta;
pub mod node;
pub mod patch;
pub mod pod;
pub mod quantity;
pub mod quota;
pub mod schema;
pub mod selector;
pub mod taint;
pub mod time;
pub mod typed;
pub mod value;

pub use daemonset::{ControllerRevision, DaemonSet, DaemonSetSpec, DaemonSetStatus, IntOrPercent, UpdateStrategy};
pub use event::{Event, Involved};
pub use meta::{Kind, Labels, Name, ObjectKey, ObjectMeta, OwnerReference, Uid, labels_to_value};
pub use node::{ConditionStatus, Namespace, Node, NodeCondition, PriorityClass, quantity_text};
pub use pod::{Container, Pod, PodCondition, PodPhase, PodSpec, PodStatus, PodTemplate, PodTemplateSpec};
pub use quantity::Quantity;
pub use selector::{LabelSelector, NodeSelector, NodeSelectorTerm, Requirement};
pub use taint::{Taint, Toleration};
pub use time::{SimDuration, SimTime};
pub use value::Value;
