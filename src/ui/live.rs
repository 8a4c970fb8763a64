//! What is said aloud to readers who do not see the map, and messages for all.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::{self, icon};
use super::session::Desk;
use super::shared::Shared;
use super::state::{Action, Notice};

#[derive(Properties, PartialEq)]
pub struct LiveProps {
    pub text: Rc<str>,
}

#[component]
pub fn Live(props: &LiveProps) -> Html {
    html! { <div class="unseen" data-testid="live" role="status" aria-live="polite">{&*props.text}</div> }
}

#[derive(Properties, PartialEq)]
pub struct NoticeProps {
    pub desk: Desk,
    pub notice: Option<Shared<Notice>>,
}

#[component]
pub fn NoticeView(props: &NoticeProps) -> Html {
    html! {
        <div class="notices" data-testid="notice" role="status">
            if let Some(notice) = &props.notice {
                <div class={if notice.error { "notice error" } else { "notice" }}>
                    <p>{&notice.text}</p>
                    <button class="quiet square" aria-label="Dismiss the message" onclick={props.desk.on(Action::DismissNotice)}>{icon(icon::CLOSE)}</button>
                </div>
            }
        </div>
    }
}
