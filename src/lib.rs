//! Everynode: the Kubernetes DaemonSet controller, watched at work.
//!
//! One crate with two faces. The *core* knows Kubernetes: plain values and pure functions, the same natively as in the
//! browser, without a single web type. The *page* is a thin Yew application around it that knows no rule of Kubernetes.
//!
//! # The rooms, in the order of dependency
//!
//! | room | what lives there |
//! |---|---|
//! | [`api`] | Kubernetes objects as plain data, selectors, taints, quantities, the table of all fields, the template hash |
//! | [`manifest`] | text to objects and back, every finding with its line; the only room that uses serde_yaml |
//! | [`store`] | the API server: [`store::World`], requests, defaulting, validation, deltas, indices. The only owner of state |
//! | [`controllers`] | pure: a view of the world to a plan of decisions, each with its reason |
//! | [`scheduler`] | pure: a pending pod and the nodes to a binding, or the reasons why not |
//! | [`kubelet`] | pure: a pod on its node to its next status |
//! | [`engine`] | puts these into time: [`engine::Sim`], its agenda, work queues, seeded randomness, [`engine::History`] |
//! | [`lesson`] | lessons and the gallery of examples, read from files: what to do, and whether it is done |
//! | [`kubectl`] | a typed command line to the same commands as the buttons give, and kubectl's text out |
//! | [`view`] | what the page shows, in the reader's words: plain data |
//! | `ui` | Yew components; `ui::session` owns the [`engine::Sim`] and the frame budget |
//! | `platform` | the browser: frames, storage, clipboard, the editor |
//!
//! ```text
//! api <- manifest
//! api <- store <- { controllers, scheduler, kubelet } <- engine <- { kubectl, lesson, view } <- ui -> platform
//! ```
//!
//! "a <- b" reads "b uses a". `tests/map.rs` holds the arrows. What a room does *not* know is the point: controllers know
//! no clock, no queue and not each other; the store knows no controller; the engine no pixels; view no browser.
//!
//! # The way of one act
//!
//! 1. The editor's text goes to [`engine::check`]: objects *and* findings. [`engine::preview`] tells what would happen.
//! 2. Apply makes an [`engine::Command`]; [`engine::Sim::submit`] carries it out. Commands are all that a scenario holds.
//! 3. [`engine::Sim::step`] takes the earliest [`engine::Step`]; the store answers requests with [`store::Delta`]s.
//! 4. Deltas are delivered to the watchers a moment later: keys land in work queues as the informers' handlers put them.
//! 5. [`controllers::daemonset::sync`] compares and answers a plan, stage by stage; each decision carries its reason.
//! 6. Decisions become requests, at the pace of the original's clients, so deltas again; scheduler and kubelets follow.
//! 7. Every act is one [`engine::Record`] that names the record that caused it, back to the reader's own act.
//!
//! The core is deterministic: time is an argument, one seed, no wall clock, no hash order. The same scenario gives the
//! same log natively and in the browser, byte for byte.

pub mod api;
pub mod controllers;
pub mod engine;
pub mod kubectl;
pub mod kubelet;
pub mod lesson;
pub mod manifest;
#[cfg(target_arch = "wasm32")]
pub mod platform;
pub mod scheduler;
pub mod store;
#[cfg(target_arch = "wasm32")]
pub mod ui;
pub mod view;
