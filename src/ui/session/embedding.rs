//! The page as a figure in another one: what that one says, and what it hears.

use super::super::state::{Action, Speed, Theme};
use super::{Desk, Session};
use crate::api::value::Value;
use crate::engine::Command;
use crate::platform::host::Host;
use crate::platform::page;
use crate::view::embed::{self, Request};

/// The conversation with the embedding page.
pub(super) struct Talk {
    host: Host,
    /// Records that it has heard of.
    told: usize,
    settled: bool,
    /// The request that waits for its run to be brought back.
    loading: Option<Value>,
}

impl Talk {
    /// With the page around this one, if the address names its origin.
    pub(super) fn asked() -> Option<Talk> {
        let host = Host::of_origin(&page::parameter("host")?)?;
        Some(Talk { host, told: 0, settled: true, loading: None })
    }

    fn send(&self, message: &Value) {
        self.host.send(&message.to_json());
    }
}

impl Desk {
    /// From now on the embedding page is listened to.
    pub(super) fn listen_to_host(&self) {
        let Ok(session) = self.0.session.try_borrow() else { return };
        let Some(talk) = &session.talk else { return };
        let desk = self.clone();
        talk.host.listen(move |json| {
            if let Some((id, request)) = embed::read(json) {
                desk.send(Action::Hear(id, request));
            }
        });
        talk.send(&embed::ready());
    }
}

impl Session {
    /// Does what the embedding page wants, and says what became of it.
    pub(super) fn hear(&mut self, id: Value, request: Result<Request, String>) {
        let outcome = match request {
            Ok(Request::Load(run)) => {
                if let Some(talk) = &mut self.talk {
                    talk.loading = Some(id);
                }
                return self.open_run(&run);
            }
            Ok(request) => self.carry_out(request),
            Err(reason) => Err(reason),
        };
        if let Some(talk) = &self.talk {
            talk.send(&embed::answer(id, outcome));
        }
    }

    fn carry_out(&mut self, request: Request) -> Result<(), String> {
        match request {
            // The host has decided: in the past this makes another future without a question.
            Request::Apply(text) => {
                self.load(text.clone());
                let outcome = self.submit(Command::Apply { text });
                return if outcome.errors.is_empty() { Ok(()) } else { Err(outcome.errors.join("\n")) };
            }
            Request::Play if !self.state.time.playing || self.state.time.back => self.play(false),
            Request::Pause if self.state.time.playing => self.play(self.state.time.back),
            Request::Seek(at) => self.seek(at.micros()),
            Request::Speed(word) => {
                let speed = Speed::parse(&word).ok_or("there is no such speed")?;
                self.act(Action::SetSpeed(speed));
            }
            Request::Theme(word) => {
                self.state.theme = Theme::parse(&word);
                self.show_theme();
            }
            // There is nothing to do, or it was done above.
            Request::Play | Request::Pause | Request::Load(_) => {}
        }
        Ok(())
    }

    /// A run has been brought back: the acts in it are no news.
    pub(super) fn tell_host_loaded(&mut self) {
        let records = self.sim.history().records().len();
        if let Some(talk) = &mut self.talk {
            talk.told = records;
            talk.settled = false;
            if let Some(id) = talk.loading.take() {
                talk.send(&embed::answer(id, Ok(())));
            }
        }
    }

    /// Tells the embedding page what has happened since the last time.
    pub(super) fn tell_host(&mut self) {
        let Some(talk) = &mut self.talk else { return };
        let records = self.sim.history().records();
        // Another run, or a branch of this one.
        talk.told = talk.told.min(records.len());
        if let Some(news) = embed::acts(records.get(talk.told..).unwrap_or_default().iter()) {
            talk.send(&news);
            talk.settled = false;
        }
        talk.told = records.len();
        let settled = self.sim.is_quiet() && self.opening.is_none();
        if settled && !talk.settled {
            talk.send(&embed::settled(self.sim.now(), records.len()));
        }
        talk.settled = settled;
    }
}
