//! Puts the pure parts into time: what happens next, when, and because of what. Knows no pixels.

mod apply;
mod check;
mod collecting;
mod command;
mod dry_run;
mod events;
mod evictions;
pub mod file;
mod history;
pub mod import;
pub mod kept_cluster;
mod kubelets;
mod manager;
mod namespaces;
mod nodes;
mod pace;
mod pod_collecting;
mod preview;
mod record;
mod replay;
pub mod rollout;
mod saw;
mod scheduling;
mod sim;
mod step;
mod submit;
mod take_over;
mod upcoming;

pub use apply::{
    FileVerb, LAST_APPLIED, PatchType, Validation, Write, documents, key_of as document_key, write as write_document,
};
pub use check::{Check, CheckedDocument, check, refusal as document_refusal};
pub use command::{Command, NodeTemplate, Outcome, RefusedRequests, Scenario, Settings, SubmittedCommand};
pub use dry_run::{DryRun, Forecast, NodeForecast, NodeFuture, Range};
pub use history::{History, Limits, LogHash};
pub use manager::{LoopStage, LoopState};
pub use preview::{NodeChange, NodePreview, Preview, preview};
pub use record::{Actor, ObjectRef, Reason, Record, Verb};
pub use replay::Replay;
pub use rollout::{Numbers, Tally};
pub use sim::{Sim, WakeReason};
pub use step::Step;
pub use submit::managed_by_apply;
pub use take_over::IMPORT_COMMAND;
pub use upcoming::{About, Upcoming};
