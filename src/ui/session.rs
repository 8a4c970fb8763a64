//! The imperative shell: owns the simulation, runs it within the frame's budget, and hands out what the page shows.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use yew::Callback;

use super::mock::{self, Command};
use super::shared::Shared;
use super::state::*;
use crate::platform::{crash, page, storage};
use crate::view::Tone;

/// What the components hold: where actions go. All of them are the same, so properties with it compare equal.
#[derive(Clone)]
pub struct Desk(Rc<Inner>);

impl PartialEq for Desk {
    fn eq(&self, other: &Desk) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

struct Inner {
    session: RefCell<Session>,
    waiting: RefCell<VecDeque<Action>>,
    render: RefCell<Option<Box<dyn Fn(AppState)>>>,
}

struct Session {
    state: AppState,
}

impl Desk {
    pub fn start() -> Desk {
        let mut state = AppState::default();
        state.scene = Shared(Rc::new(mock::scene()));
        state.log = mock::log();
        state.inspection = Shared(Rc::new(mock::inspection()));
        state.stages = Shared::from(Stages { queued: 1, live: 3, act: "delete 1 old pod".into(), key: "".into() });
        state.time.micros = 41_250_000;
        state.editor.loads = 1;
        state.editor.text = Shared::from(TUTORIAL.to_owned());
        state.editor.preview = "Would update 6 pods, at most 1 unavailable".into();
        state.editor.can_apply = true;
        state.editor.findings = Shared::from(vec![FindingRow {
            error: true,
            path: "spec.template.spec.tolerations[0].effect".to_owned(),
            message: "unsupported value \"NoRun\"".to_owned(),
            mend: "Supported values: NoSchedule, PreferNoSchedule, NoExecute".to_owned(),
            line: 15,
            column: 1,
            end_line: 15,
            end_column: 8,
            fixable: true,
        }]);
        let tones = [Tone::You, Tone::Create, Tone::Create, Tone::Update, Tone::Delete, Tone::Plain];
        let marks = (0..40u64).map(|i| (i * 1_030_000, tones[(i * 7 % 6) as usize])).collect();
        state.track = Shared::from(Track { end: 41_250_000, at: 41_250_000, marks });
        state.theme = Theme::parse(&storage::get("everynode.theme").unwrap_or_default());
        page::set_root_attribute("data-theme", state.theme.word());
        Desk(Rc::new(Inner {
            session: RefCell::new(Session { state }),
            waiting: RefCell::default(),
            render: RefCell::new(None),
        }))
    }

    pub fn state(&self) -> AppState {
        self.0.session.borrow().state.clone()
    }

    pub fn connect(&self, render: impl Fn(AppState) + 'static) {
        self.0.render.replace(Some(Box::new(render)));
    }

    pub fn on<E>(&self, action: Action) -> Callback<E> {
        let desk = self.clone();
        Callback::from(move |_| desk.send(action.clone()))
    }

    pub fn send(&self, action: Action) {
        self.0.waiting.borrow_mut().push_back(action);
        let Ok(mut session) = self.0.session.try_borrow_mut() else { return };
        loop {
            let Some(action) = self.0.waiting.borrow_mut().pop_front() else { break };
            session.act(action);
        }
        let state = session.state.clone();
        drop(session);
        if let Some(render) = &*self.0.render.borrow() {
            render(state);
        }
    }

    pub fn run(&self, _command: Command) -> Result<(), Vec<String>> {
        Err(vec!["Not yet.".to_owned()])
    }

    pub fn next_node_name(&self) -> String {
        "worker-5".to_owned()
    }

    pub fn taints_of(&self, _node: &str) -> Vec<String> {
        vec!["dedicated=gpu:NoSchedule".to_owned()]
    }

    pub fn labels_of(&self, _node: &str) -> Vec<String> {
        vec!["kubernetes.io/os=linux".to_owned()]
    }

    pub fn refresh_marks(&self) {}
}

impl Session {
    fn act(&mut self, action: Action) {
        let state = &mut self.state;
        match action {
            Action::Select(object) => state.selection = Some(object),
            Action::SelectRecord(seq) => state.record = Some(seq),
            Action::ShowTab(tab) => state.tab = tab,
            Action::ShowInspector(tab) => state.inspector_tab = tab,
            Action::Open(dialog) => state.dialog = Some(dialog),
            Action::CloseDialog => state.dialog = None,
            Action::CloseMenu => state.menu = None,
            Action::PlayPause => state.time.playing = !state.time.playing,
            Action::SetSpeed(speed) => state.time.speed = speed,
            Action::GoTo(_) => state.editor.jump = (state.editor.jump.0 + 1, 15, 3),
            Action::OpenMenu(_, anchor) => {
                let item = |label: &str, danger| MenuItem { label: label.to_owned(), action: Action::Step, danger };
                state.menu = Some(Shared::from(Menu {
                    label: "Node".to_owned(),
                    items: vec![item("Cordon", false), item("Taints…", false), item("Remove", true)],
                    anchor,
                }));
            }
            Action::NextTheme => {
                state.theme = match (state.theme, page::media_matches("(prefers-color-scheme: dark)")) {
                    (Theme::System, true) => Theme::Light,
                    (Theme::System, false) => Theme::Dark,
                    (Theme::Light, true) | (Theme::Dark, false) => if state.theme == Theme::Light { Theme::Dark } else { Theme::Light },
                    _ => Theme::System,
                };
                storage::set("everynode.theme", state.theme.word());
                page::set_root_attribute("data-theme", state.theme.word());
            }
            _ => {}
        }
    }
}

/// The tutorial's manifest.
const TUTORIAL: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: nginx-daemon-set
spec:
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: nginx
        image: nginx:1.16
";

pub fn install_panic_dialog() {
    crash::install(|| storage::get("everynode.text").unwrap_or_default(), || storage::remove("everynode.scenario"));
}
