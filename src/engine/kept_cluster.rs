//! An imported cluster as the browser keeps it over a reload: objects as JSON, one a line, without what the reader of dumps
//! leaves out or knows from a pod's siblings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::pod::PodSpec;
use crate::api::value::{Value, write_json_string};
use crate::api::{Pod, PodStatus, Uid};
use crate::manifest::DumpCursor;
use crate::store::Object;

use super::import::{Cluster, HASH_LABELS, Reader};

/// Writes the objects of a [`Cluster`], in their order, as the lines that a [`KeptCluster`] reads.
#[derive(Default)]
pub struct ClusterLines<'a> {
    /// For each group of pods the first one that was written, which the reader takes its template from.
    first: BTreeMap<(Uid, &'a str), &'a PodSpec>,
}

impl<'a> ClusterLines<'a> {
    /// Some more objects.
    pub fn write(&mut self, objects: &'a [Object]) -> String {
        let mut lines = String::new();
        for object in objects {
            match object {
                Object::Pod(pod) if self.is_told(pod) => write_own_part(pod, &mut lines),
                _ => object.to_value().write_json(&mut lines),
            }
            lines.push('\n');
        }
        lines
    }

    /// Whether the reader knows the pod's template by now.
    fn is_told(&mut self, pod: &'a Pod) -> bool {
        let hash = HASH_LABELS.iter().find_map(|label| pod.meta.label(label));
        let Some((owner, hash)) = pod.meta.controller().zip(hash) else { return false };
        let Some(first) = self.first.get(&(owner.uid, hash)) else {
            self.first.insert((owner.uid, hash), &pod.spec);
            return false;
        };
        let is_same = Arc::ptr_eq(&first.template, &pod.spec.template) && first.tolerations == pod.spec.tolerations;
        is_same && first.never_preempts == pod.spec.never_preempts
    }
}

/// A pod without what its template says. A dump may have tens of thousands: this is written without a tree of values.
fn write_own_part(pod: &Pod, out: &mut String) {
    out.push_str("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":");
    pod.meta.to_value().write_json(out);
    out.push_str(",\"spec\":{");
    if let Some(node) = &pod.spec.pinned_node {
        out.push_str(
            "\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":\
             [{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":[",
        );
        write_json_string(node, out);
        out.push_str("]}]}]}}},");
    }
    if let Some(node) = &pod.spec.node_name {
        write_field("nodeName", node, out);
    }
    out.push_str("\"priority\":");
    out.push_str(&pod.spec.priority.to_string());
    out.push_str("},\"status\":{");
    write_status(&pod.status, out);
    out.push_str("}}");
}

fn write_status(status: &PodStatus, out: &mut String) {
    let texts = [
        ("hostIP", &status.host_ip),
        ("message", &status.message),
        ("nominatedNodeName", &status.nominated_node),
        ("podIP", &status.pod_ip),
        ("reason", &status.reason),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            write_field(field, text, out);
        }
    }
    if let Some(at) = status.started_at {
        write_field("startTime", &at.to_rfc3339(), out);
    }
    if status.restarts > 0 || status.waiting.is_some() {
        out.push_str("\"containerStatuses\":[{\"restartCount\":");
        out.push_str(&status.restarts.to_string());
        if let Some(reason) = status.waiting {
            let state = Value::from([("waiting", Value::from([("reason", Value::from(reason))]))]);
            out.push_str(",\"state\":");
            state.write_json(out);
        }
        out.push_str("}],");
    }
    out.push_str("\"conditions\":[");
    for (index, condition) in status.conditions.iter().enumerate() {
        out.push_str(if index > 0 { ",{" } else { "{" });
        write_field("lastTransitionTime", &condition.changed_at.to_rfc3339(), out);
        for (field, text) in [("reason", &condition.reason), ("message", &condition.message)] {
            if !text.is_empty() {
                write_field(field, text, out);
            }
        }
        out.push_str(if condition.status { "\"status\":\"True\",\"type\":" } else { "\"status\":\"False\",\"type\":" });
        write_json_string(condition.kind, out);
        out.push('}');
    }
    out.push_str("],\"phase\":");
    write_json_string(status.phase.as_str(), out);
}

/// A field with a text, and the comma behind it.
fn write_field(field: &str, text: &str, out: &mut String) {
    write_json_string(field, out);
    out.push(':');
    write_json_string(text, out);
    out.push(',');
}

/// A [`Cluster`] that is put together again from its lines.
#[derive(Default)]
pub struct KeptCluster(Reader);

impl KeptCluster {
    /// Takes some more lines. Whether they are what [`ClusterLines::write`] gave.
    pub fn add(&mut self, lines: &str) -> bool {
        let mut cursor = DumpCursor::default();
        loop {
            match cursor.next(lines, &mut self.0) {
                Ok(Some(value)) => self.0.add(value),
                end => return end.is_ok(),
            }
        }
    }

    /// The cluster, if there is a node in it.
    pub fn finish(self) -> Option<Cluster> {
        self.0.finish_kept()
    }
}
