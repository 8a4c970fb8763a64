//! What is said aloud to readers who do not see the map, and messages for all.

use yew::prelude::*;

use super::icon::{self, icon};
use super::session::Desk;
use super::state::{Action, Notice};

pub fn live(text: &str) -> Html {
    html! { <div class="unseen" data-testid="live" role="status" aria-live="polite">{text}</div> }
}

pub fn notices(desk: &Desk, notice: Option<&Notice>) -> Html {
    html! {
        <div class="notices" data-testid="notice" role="status">
            if let Some(notice) = notice {
                <div class={if notice.error { "notice error" } else { "notice" }}>
                    <p>{&notice.text}</p>
                    <button class="quiet square" aria-label="Dismiss the message" onclick={desk.on(Action::DismissNotice)}>{icon(icon::CLOSE)}</button>
                </div>
            }
        </div>
    }
}
