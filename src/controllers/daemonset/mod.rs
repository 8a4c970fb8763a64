//! The DaemonSet controller (pkg/controller/daemon). [`sync`] tells the story.

pub mod history;
mod manage;
mod memory;
mod outlook;
pub mod placement;
mod pods;
mod reason;
mod rolling_update;
pub mod saw;
pub mod status;
mod sync;
mod tally;
pub mod watch;

pub use memory::{Backoff, Expectations, Memory};
pub use outlook::{Foreseen, outlook};
pub use pods::{Current, NodePods, PodMaker, new_pod, pods_by_node};
pub use reason::Reason;
pub use rolling_update::{RolloutNumbers, rollout, rollout_numbers};
pub use saw::{Rollout, Saw};
pub use sync::{Act, Decision, Plan, Stage, View, sync};
pub use tally::{Tallies, Tally};

/// Most creates, and most deletes, of one sync (`BurstReplicas`).
pub const BURST_REPLICAS: usize = 250;
/// Size of the first batch of creates; each following one is twice as large (`SlowStartInitialBatchSize`).
pub const SLOW_START_INITIAL_BATCH_SIZE: usize = 1;
/// DaemonSets that are worked on at the same time (`ConcurrentDaemonSetSyncs`).
pub const CONCURRENT_SYNCS: usize = 2;
