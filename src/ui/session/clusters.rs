//! The clusters that readers brought, kept over a reload. They are large and never change, so each is kept once, in the
//! browser's database; the runs that begin with it are kept as all runs are, and name it.

use std::sync::Arc;

use wasm_bindgen_futures::spawn_local;

use super::super::state::{Action, Notice, OpeningStage};
use super::{Desk, Session};
use crate::engine::Scenario;
use crate::engine::file::SavedRun;
use crate::engine::import::Cluster;
use crate::engine::kept_cluster::{ClusterLines, KeptCluster};
use crate::platform::{page, storage, transfer};

/// The name of a run's cluster, among the texts of its view.
const CLUSTER: &str = "cluster";
/// Objects that are written, or read, in one go.
const PIECE: usize = 200;
/// As many as there are ways back, and the one that is shown.
const KNOWN_MAX: usize = super::opening::KEPT_MAX + 1;

/// The clusters that are at hand, the newest first.
#[derive(Default)]
pub(super) struct Clusters {
    known: Vec<Known>,
    /// The run that waits for its cluster.
    pub awaited: Option<Awaited>,
}

struct Known {
    name: String,
    cluster: Arc<Cluster>,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    OnItsWay,
    Kept,
    Refused,
}

pub(super) struct Awaited {
    name: String,
    run: SavedRun,
    branches: String,
    /// It is being fetched.
    asked: bool,
}

impl Clusters {
    /// The name of a cluster, which is new if it has none yet.
    fn name_of(&mut self, cluster: &Arc<Cluster>) -> String {
        if let Some(known) = self.known.iter().find(|known| Arc::ptr_eq(&known.cluster, cluster)) {
            return known.name.clone();
        }
        let taken = |name: &String| self.known.iter().any(|known| known.name == *name);
        // Digits enough for some centuries, so that the order of names is that of time.
        let mut names = (0..).map(|more: u64| format!("{:014}", page::unix_ms() as u64 + more));
        let name = names.find(|name| !taken(name)).unwrap_or_default();
        self.add(name.clone(), cluster.clone(), State::New);
        name
    }

    fn add(&mut self, name: String, cluster: Arc<Cluster>, state: State) {
        self.known.insert(0, Known { name, cluster, state });
        self.known.truncate(KNOWN_MAX);
    }

    fn get(&self, name: &str) -> Option<Arc<Cluster>> {
        self.known.iter().find(|known| known.name == name).map(|known| known.cluster.clone())
    }

    /// Whether the browser keeps the cluster that a scenario begins with; no if it only may do so yet.
    pub fn keeps(&self, scenario: &Scenario) -> Option<bool> {
        let Some(cluster) = &scenario.cluster else { return Some(true) };
        match self.known.iter().find(|known| Arc::ptr_eq(&known.cluster, cluster))?.state {
            State::Kept => Some(true),
            State::Refused => Some(false),
            State::New | State::OnItsWay => None,
        }
    }

    /// In the place of the cluster its name.
    pub fn take_out(&mut self, run: &mut SavedRun) {
        if let Some(cluster) = run.scenario.cluster.take() {
            run.view.insert(CLUSTER.to_owned(), self.name_of(&cluster));
        }
    }
}

impl Desk {
    /// Keeps what is new, and fetches what is awaited.
    pub(super) fn look_after_clusters(&self, clusters: &mut Clusters) {
        if storage::is_off() {
            return;
        }
        for known in clusters.known.iter_mut().filter(|known| known.state == State::New) {
            known.state = State::OnItsWay;
            let (desk, name, cluster) = (self.clone(), known.name.clone(), known.cluster.clone());
            spawn_local(async move {
                let mut lines = ClusterLines::default();
                let mut pieces = cluster.objects.chunks(PIECE).map(|objects| lines.write(objects));
                let kept = transfer::keep(&name, || pieces.next()).await.is_ok();
                desk.send(Action::ClusterKept(name, kept));
            });
        }
        if let Some(awaited) = clusters.awaited.as_mut().filter(|awaited| !awaited.asked) {
            awaited.asked = true;
            let (desk, name) = (self.clone(), awaited.name.clone());
            spawn_local(async move {
                let cluster = desk.fetch_cluster(&name).await;
                desk.send(Action::ClusterFetched(name, cluster));
            });
        }
    }

    async fn fetch_cluster(&self, name: &str) -> Result<Arc<Cluster>, String> {
        let mut cluster = KeptCluster::default();
        let mut whole = true;
        let take = |lines: String, done: f64| {
            whole &= cluster.add(&lines);
            self.send(Action::ClusterComes((done * 100.0) as u32));
        };
        transfer::kept(name, take).await?;
        match cluster.finish().filter(|_| whole) {
            Some(cluster) => Ok(Arc::new(cluster)),
            None => Err("It is damaged.".to_owned()),
        }
    }
}

impl Session {
    /// Brings back a run of the reader's own with its branches, as soon as its cluster is there.
    pub(super) fn bring_back_mine(&mut self, mut run: SavedRun, branches: String) {
        if let Some(name) = run.view.remove(CLUSTER) {
            let Some(cluster) = self.clusters.get(&name) else {
                self.state.opening = Some(OpeningStage::Fetched(0));
                self.clusters.awaited = Some(Awaited { name, run, branches, asked: false });
                return;
            };
            run.scenario.cluster = Some(cluster);
        }
        self.bring_back_branches(&branches, run.scenario.cluster.as_ref());
        self.bring_back(run, false);
    }

    pub(super) fn cluster_kept(&mut self, name: &str, kept: bool) {
        if let Some(known) = self.clusters.known.iter_mut().find(|known| known.name == name) {
            known.state = if kept { State::Kept } else { State::Refused };
        }
        self.save();
    }

    pub(super) fn cluster_fetched(&mut self, name: String, cluster: Result<Arc<Cluster>, String>) {
        let Some(Awaited { run, branches, .. }) = self.clusters.awaited.take_if(|awaited| awaited.name == name) else {
            return;
        };
        self.state.opening = None;
        match cluster {
            Ok(cluster) => {
                self.clusters.add(name.clone(), cluster, State::Kept);
                let view = run.view.into_iter().chain([(CLUSTER.to_owned(), name)]).collect();
                self.bring_back_mine(SavedRun { view, ..run }, branches);
            }
            Err(reason) => {
                let text = ["The cluster that you had brought cannot be shown again. ", &reason].concat();
                self.say(Notice { error: true, text });
            }
        }
    }

    /// The reader does not want to wait; the way to it stays.
    pub(super) fn wait_no_longer(&mut self) {
        let Some(Awaited { name, mut run, branches, .. }) = self.clusters.awaited.take() else { return };
        self.state.opening = None;
        run.view.insert(CLUSTER.to_owned(), name);
        self.keep("your cluster".to_owned(), run, Some(branches).filter(|branches| !branches.is_empty()));
    }
}
